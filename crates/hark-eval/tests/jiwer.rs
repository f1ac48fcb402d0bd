//! The counts are jiwer's: `data/make-jiwer.py` says how they were computed.

use hark_core::Language;
use hark_eval::align::Edits;
use hark_eval::score::score;

#[test]
fn errors_are_those_that_jiwer_counts() {
    let table = include_str!("data/jiwer.tsv");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|l| l.split('\t').collect())
        .collect();
    let (all, pairs) = rows.split_last().unwrap();
    let (mut words, mut letters, mut wrong) = (Edits::default(), 0, 0);
    for row in pairs {
        // No German, English or number rule touches these words.
        let score = score(row[0], row[1], &Language::parse("fr").unwrap());
        let number = |at: usize| row[at].parse::<usize>().unwrap();
        assert_eq!(score.words.errors(), number(2), "{row:?}");
        assert_eq!(score.words.reference(), number(3), "{row:?}");
        assert_eq!(
            (score.chars, score.char_errors),
            (number(4), number(5)),
            "{row:?}"
        );
        words.add(&score.words);
        letters += score.chars;
        wrong += score.char_errors;
    }
    let rate = |at: usize| all[at].parse::<f64>().unwrap();
    let wer = words.errors() as f64 / words.reference() as f64;
    assert!(pairs.len() == 60 && (wer - rate(2)).abs() < 1e-12, "{wer}");
    let cer = wrong as f64 / letters as f64;
    assert!((cer - rate(5)).abs() < 1e-12, "{cer}");
}
