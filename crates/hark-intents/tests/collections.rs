//! Home Assistant's collections of sentences load as they are, in each of their layouts.
//! They are shared test data outside the tree, found by `HARK_SHARED`.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;

use common::{lexicon, show};
use hark_core::Language;
use hark_intents::{Matcher, Sentences};

/// Where the collections are; says so where they are not.
fn collections() -> Option<PathBuf> {
    let shared = std::env::var_os("HARK_SHARED").map(PathBuf::from);
    let found = shared.map(|s| s.join("ha-intents")).filter(|p| p.is_dir());
    if found.is_none() {
        assert!(
            std::env::var_os("HARK_REQUIRE_SHARED").is_none(),
            "no sentence collections below HARK_SHARED"
        );
        println!("not run: Home Assistant's collections (no shared test data; set HARK_SHARED)");
    }
    found
}

fn load(layout: &str, language: &Language, templates: usize) -> Option<Sentences> {
    let sentences = Sentences::load_for(&collections()?.join(layout), language).unwrap();
    assert!(
        sentences.len() > templates,
        "{layout} {language}: {}",
        sentences.len()
    );
    Some(sentences)
}

fn understands(layout: &str, language: &Language, templates: usize, cases: &[(&str, &str)]) {
    let Some(sentences) = load(layout, language, templates) else {
        return;
    };
    let matcher = Matcher::compile(&sentences, &lexicon(language)).unwrap();
    for (text, expect) in cases {
        let readings = matcher.readings(text);
        let got = readings.first().map_or("-".to_owned(), show);
        assert_eq!(got, *expect, "{layout} {language}: {text}");
    }
}

#[test]
fn the_current_layout_in_german() {
    understands(
        "current",
        &Language::german(),
        1500,
        &[
            (
                "schalte das Licht in der Küche an",
                "HassTurnOn area=Küche domain=light",
            ),
            ("schalte die Stehlampe ein", "HassTurnOn name=Stehlampe"),
            ("öffne das Garagentor", "HassTurnOn name=Garagentor"),
            ("erzähl mir eine Geschichte", "-"),
        ],
    );
}

#[test]
fn the_current_layout_in_english() {
    understands(
        "current",
        &Language::english(),
        800,
        &[
            (
                "turn on the lights in the kitchen",
                "HassTurnOn area=kitchen domain=light",
            ),
            ("set a timer for five minutes", "HassStartTimer minutes=5"),
            ("tell me a story", "-"),
        ],
    );
}

#[test]
fn the_flat_layout() {
    understands(
        "flat",
        &Language::german(),
        700,
        &[(
            "schalte das Licht in der Küche an",
            "HassTurnOn area=Küche domain=light",
        )],
    );
    // The English half of it uses rules that it does not have.
    let english = load("flat", &Language::english(), 500);
    let english = english.map(|s| Matcher::compile(&s, &lexicon(&Language::english())));
    if let Some(compiled) = english {
        let error = compiled.unwrap_err().to_string();
        assert!(error.contains("there is no rule"), "{error}");
    }
}

#[test]
fn the_merged_layout() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hassil");
    for (language, templates) in [(Language::german(), 1700), (Language::english(), 850)] {
        let sentences = Sentences::load_for(folder.as_ref(), &language).unwrap();
        assert!(
            sentences.len() > templates,
            "{language}: {}",
            sentences.len()
        );
    }
}
