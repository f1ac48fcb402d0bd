//! What people say, and what it must mean: `tests/corpus/<language>.tsv` has a sentence
//! and its best reading a line, `-` where there must be none.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fmt::Write as _;

use common::{matcher, show};
use hark_core::Language;

/// How many sentences a corpus must have, with a reading and without.
fn check(language: &Language, file: &str, understood: usize, negative: usize) {
    let matcher = matcher(language);
    let mut wrong = String::new();
    let (mut yes, mut no) = (0, 0);
    for line in file
        .lines()
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
    {
        let (say, expect) = line
            .split_once('\t')
            .expect("a sentence, a tab, its reading");
        let readings = matcher.readings(say);
        let got = readings.first().map_or("-".to_owned(), show);
        if expect == "-" {
            no += 1;
        } else {
            yes += 1;
        }
        if got != expect {
            writeln!(wrong, "{say}\n  expected {expect}\n  got      {got}").unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "{} lines:\n{wrong}",
        wrong.lines().count() / 3
    );
    assert!(
        yes >= understood && no >= negative,
        "only {yes} and {no} sentences"
    );
}

#[test]
fn german() {
    check(&Language::german(), include_str!("corpus/de.tsv"), 150, 40);
}

#[test]
fn german_as_people_say_it() {
    let file = include_str!("corpus/wide-de.tsv");
    check(&Language::german(), file, 100, 20);
}

#[test]
fn english_as_people_say_it() {
    let file = include_str!("corpus/wide-en.tsv");
    check(&Language::english(), file, 65, 15);
}

#[test]
fn english() {
    check(&Language::english(), include_str!("corpus/en.tsv"), 120, 30);
}
