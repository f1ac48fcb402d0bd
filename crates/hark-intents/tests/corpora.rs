//! The project's corpora, judged as `hark intents test` does; how many must be right is
//! written down here, and only ever raised.

use std::collections::BTreeMap;
use std::path::Path;

use hark_core::Language;
use hark_intents::Sentences;
use hark_intents::corpus::{self, CorpusHome, Expect, Judge};

/// By language: the share of sentences that must be understood rightly, and the share of
/// those that mean nothing which may be taken for something.
const RATES: [(&str, f64, f64); 2] = [("de", 0.985, 0.002), ("en", 0.985, 0.002)];

#[test]
fn corpora_are_understood_at_least_as_well_as_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../intents/corpus");
    for (language, least, most_wrong) in RATES {
        let language = Language::parse(language).unwrap();
        let sentences = Sentences::builtin(&language).unwrap();
        let mut judges: BTreeMap<_, Judge> = BTreeMap::new();
        let (mut right, mut all, mut matched, mut nothing) = (0_u32, 0_u32, 0_u32, 0_u32);
        let mut wrong = Vec::new();
        for corpus in corpus::load(&[folder.join(language.as_str())]).unwrap() {
            let judge = judges.entry(corpus.home.clone()).or_insert_with(|| {
                let home = CorpusHome::load(&corpus.home).unwrap();
                Judge::new(&sentences, home, true).unwrap()
            });
            for case in &corpus.cases {
                let judgement = judge.judge(case);
                let negative = case.expect == Expect::Nothing;
                if negative {
                    nothing += 1;
                    matched += u32::from(!judgement.right);
                } else {
                    all += 1;
                    right += u32::from(judgement.right);
                }
                if !judgement.right {
                    let got = judgement.lines().join(" + ");
                    wrong.push(format!("{}: {}: {got}", case.line, case.say));
                }
            }
        }
        let share = |part: u32, of: u32| f64::from(part) / f64::from(of.max(1));
        let (rate, false_rate) = (share(right, all), share(matched, nothing));
        println!(
            "{language}: {right} of {all} right ({rate:.3}); {matched} of {nothing} negatives matched ({false_rate:.3})"
        );
        assert!(
            rate >= least && false_rate <= most_wrong,
            "{language}: {rate:.3} right, {false_rate:.3} of the negatives matched\n{}",
            wrong.join("\n")
        );
    }
}
