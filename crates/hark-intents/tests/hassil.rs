//! The same sentences as Home Assistant's own matcher: `tests/hassil/<language>.tsv` has
//! what it understood of sentences sampled from its templates and changed as people and
//! recognisers do (written by `tests/reference/hassil_answers.py`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use hark_core::Language;
use hark_core::intent::Reading;
use hark_intents::{Entry, Lexicon, Matcher, Sentences};

/// The fewest sentences, in thousandths, that have to be understood alike.
const ALIKE: usize = 995;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hassil"))
}

/// The names of the home that the sentences were sampled for.
fn lexicon(language: &Language) -> Lexicon {
    let column = 1 + usize::from(language.primary() == "en");
    let mut lists: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for line in include_str!("hassil/home.tsv")
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let cells: Vec<&str> = line.split('\t').collect();
        let spoken: Vec<String> = cells[column].split('|').map(str::to_owned).collect();
        let keys = ["domain", "device_class"].iter().zip(cells.iter().skip(3));
        let context = keys.map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        lists.entry(cells[0].to_owned()).or_default().push(Entry {
            value: spoken[0].clone(),
            spoken,
            context: context.collect(),
        });
    }
    Lexicon {
        language: language.clone(),
        lists,
    }
}

/// Without what neither matcher looks at.
fn fold(text: &str) -> String {
    let text = text.to_lowercase();
    let pairs = [
        ("ä", "ae"),
        ("ö", "oe"),
        ("ü", "ue"),
        ("ß", "ss"),
        ("'", ""),
        ("’", ""),
    ];
    let text = pairs
        .iter()
        .fold(text, |text, (from, to)| text.replace(from, to));
    let words = text.split(|c: char| !c.is_alphanumeric() && !"|=_.".contains(c));
    let words: Vec<&str> = words.filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

fn show(reading: Option<&Reading>) -> String {
    let Some(reading) = reading else {
        return "-".to_owned();
    };
    let slots = reading.intent.slots.iter();
    let slots = slots.map(|(name, slot)| format!("|{name}={}", slot.value));
    fold(&(reading.intent.name.clone() + &slots.collect::<String>()))
}

fn check(tag: &str) {
    let language = Language::parse(tag).unwrap();
    let sentences = Sentences::load_for(folder(), &language).unwrap();
    let matcher = Matcher::compile(&sentences, &lexicon(&language)).unwrap();
    let stored = std::fs::read_to_string(folder().join(format!("{tag}.tsv"))).unwrap();
    let (mut all, mut wrong) = (0, String::new());
    for line in stored.lines() {
        let [text, area, expect] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("a sentence, an area and what was understood: {line}");
        };
        let context = Some(("area".to_owned(), area.to_owned())).filter(|_| !area.is_empty());
        let got = show(
            matcher
                .strict(text, &context.into_iter().collect())
                .as_ref(),
        );
        let expect = if expect == "-" {
            "-".to_owned()
        } else {
            fold(expect)
        };
        all += 1;
        if got != expect {
            writeln!(
                wrong,
                "{text} ({area})\n  expected {expect}\n  got      {got}"
            )
            .unwrap();
        }
    }
    let count = wrong.lines().count() / 3;
    println!("{tag}: {count} of {all} differ\n{wrong}");
    assert!(
        all >= 2000 && (all - count) * 1000 >= all * ALIKE,
        "{count} of {all}:\n{wrong}"
    );
}

#[test]
fn german() {
    check("de");
}

#[test]
fn english() {
    check("en");
}
