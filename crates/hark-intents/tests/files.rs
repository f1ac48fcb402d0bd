//! Sentence files: what makes a collection, and what is said about one that is wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{lexicon, sentences};
use hark_core::Language;
use hark_intents::{Error, Lexicon, Matcher, Sentences};

#[test]
fn what_does_not_compile_says_where_and_why() {
    let compile = |rest: &str| {
        let yaml = format!(
            "language: en\nintents:\n  T:\n    data:\n      - sentences:\n          - {rest}"
        );
        let lexicon = lexicon(&Language::english());
        let error = Matcher::compile(&sentences(&yaml).unwrap(), &lexicon).unwrap_err();
        let text = error.to_string();
        text[text.find("test.yaml").unwrap()..].to_owned()
    };
    for (rest, expect) in [
        (
            "'a {nope}'",
            "test.yaml:6: in `a {nope}`: there is no list `nope`",
        ),
        (
            "'a <nope>'",
            "test.yaml:6: in `a <nope>`: there is no rule `nope`",
        ),
        (
            "'<a>'\nexpansion_rules: {a: '<b>', b: 'x <a>'}",
            "test.yaml:7: `x <a>` with its rules nests rules and lists more than 16 deep, or in a circle",
        ),
        (
            "'{l}'\nlists: {l: {values: [{in: '{l}'}]}}",
            "test.yaml:7: `{l}` with its rules has a list in it, which a list's value can't have",
        ),
    ] {
        assert_eq!(compile(rest), expect);
    }
}

#[test]
fn rules_that_use_rules_are_shared_not_copied() {
    let twice = |n: usize| format!("  r{}: '<r{n}> <r{n}>'\n", n + 1);
    let rules: String = (0..14).map(twice).collect();
    let yaml = format!(
        "language: en\nintents: {{T: {{data: [{{sentences: ['<r14>']}}]}}}}\nexpansion_rules:\n  r0: 'a|b'\n{rules}"
    );
    let lexicon = lexicon(&Language::english());
    let matcher = Matcher::compile(&sentences(&yaml).unwrap(), &lexicon).unwrap();
    assert!(matcher.readings(&"a b ".repeat(100)).is_empty());
}

#[test]
fn what_is_no_sentence_file_says_where_and_why() {
    let error = |yaml: &str| {
        let text = sentences(yaml).unwrap_err().to_string();
        text[text.find("test.yaml").unwrap_or(0)..].to_owned()
    };
    for (yaml, expect) in [
        (
            "language: en\nintents:\n  T:\n    data:\n      - sentences:\n          - 'a'\n          - 'b ('\n",
            "test.yaml:7: in `b (`: column 3: this bracket is never closed",
        ),
        (
            "language: en\nexpansion_rules:\n  a: '['\n",
            "test.yaml:3: in `[`: column 1: this bracket is never closed",
        ),
        (
            "language: en\nlists: {n: {range: {from: 5, to: 1}}}\n",
            "test.yaml:2: list `n`: a range needs from ≤ to and a step above 0, all finite",
        ),
        (
            "language: en\nlists: {n: {range: {from: 0, to: .nan}}}\n",
            "test.yaml:2: list `n`: a range needs from ≤ to and a step above 0, all finite",
        ),
    ] {
        assert_eq!(error(yaml), expect);
    }
    for (yaml, line) in [
        ("language: en\nsentences: []\n", "test.yaml:"),
        ("language: en\nintents: 5\n", "test.yaml:2"),
        ("intents: {}\n", "test.yaml:"),
        ("language: '!'\n", "test.yaml: `!` is not a language"),
        ("language: [", "test.yaml:"),
        (
            "language: en\nintents: {T: {data: [{sentences: [a], slotz: {}}]}}\n",
            "test.yaml: unknown field `slotz`",
        ),
    ] {
        assert!(error(yaml).starts_with(line), "{}", error(yaml));
    }
    let large = format!("language: en\nskip_words: ['{}']\n", "x".repeat(1 << 20));
    assert!(error(&large).contains("larger than 1 MiB"));
}

#[test]
fn folders_are_one_collection_in_one_language() {
    let load = |files: &[(&str, &str)]| {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Sentences::load(folder.path())
    };
    let rules = ("a.yaml", "language: de\nexpansion_rules: {r: x}\n");
    let uses = (
        "b.yaml",
        "language: de\nintents: {T: {data: [{sentences: ['<r>', y]}]}}\n",
    );
    let both = load(&[rules, uses, ("notes.txt", "?")]).unwrap();
    assert_eq!((both.len(), both.language().as_str()), (2, "de"));
    let lexicon = Lexicon {
        language: Language::german(),
        lists: BTreeMap::new(),
    };
    assert_eq!(
        Matcher::compile(&both, &lexicon)
            .unwrap()
            .readings("x")
            .len(),
        1
    );

    let mixed = load(&[rules, ("c.yaml", "language: en\n")]).unwrap_err();
    assert!(matches!(mixed, Error::MixedLanguages { .. }), "{mixed}");
    let twice = load(&[rules, ("c.yaml", rules.1)]).unwrap_err().to_string();
    assert!(
        twice.ends_with("c.yaml:2: rule `r` is defined twice"),
        "{twice}"
    );
    let none = load(&[("notes.txt", "?")]).unwrap_err();
    assert!(matches!(none, Error::FileCount { found: 0, .. }), "{none}");
    let missing = Sentences::load("/nowhere/at/all".as_ref()).unwrap_err();
    assert!(
        missing
            .to_string()
            .starts_with("can't read /nowhere/at/all"),
        "{missing}"
    );
    let unknown = Sentences::builtin(&Language::parse("fr").unwrap()).unwrap_err();
    assert!(unknown.to_string().contains("`fr`"), "{unknown}");
}

#[test]
fn the_folder_and_the_program_have_the_same_sentences() {
    for language in [Language::german(), Language::english()] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../intents/");
        let loaded = Sentences::load(format!("{folder}{language}").as_ref()).unwrap();
        let builtin = Sentences::builtin(&language).unwrap();
        assert!(!builtin.is_empty());
        assert_eq!(loaded.len(), builtin.len(), "{language}");
    }
    let austrian = Sentences::builtin(&Language::parse("de-AT").unwrap()).unwrap();
    assert_eq!(austrian.language(), &Language::german());
}
