//! `hark intents test`: how well corpora are understood.

use std::collections::BTreeMap;
use std::path::PathBuf;

use hark_intents::corpus::{self, Case, Corpus, CorpusHome, Expect, Judge, Judgement};
use serde::Serialize;

use super::sentences;
use crate::cli;
use crate::exit::Verdict;
use crate::show;

/// What came of one file.
#[derive(Serialize)]
struct FileJson {
    file: PathBuf,
    language: String,
    cases: usize,
    right: usize,
    rate: f64,
    negatives: usize,
    negatives_matched: usize,
    wrong: Vec<WrongJson>,
}

/// A case that was not understood as expected.
#[derive(Serialize)]
struct WrongJson {
    line: u64,
    say: String,
    expected: String,
    got: Vec<String>,
    reply: &'static str,
}

/// Judges every case.
///
/// # Errors
/// What is wrong with a file, with its line.
pub fn run(args: &cli::TestIntents) -> anyhow::Result<Verdict> {
    let mut judges: BTreeMap<(String, PathBuf), Judge> = BTreeMap::new();
    let mut all = Vec::new();
    for corpus in corpus::load(&args.paths)? {
        let key = (corpus.language.to_string(), corpus.home.clone());
        if !judges.contains_key(&key) {
            let sentences = sentences(args.sentences.as_deref(), &corpus.language)?;
            let home = CorpusHome::load(&corpus.home)?;
            let judge = Judge::new(&sentences, home, !args.exact)?;
            judges.insert(key.clone(), judge);
        }
        let judged = judges.get(&key).map(|judge| judged(judge, &corpus));
        all.extend(judged);
    }
    for file in &all {
        match args.json {
            true => show::json_line(file)?,
            false => print(file)?,
        }
    }
    let (cases, right) = all.iter().fold((0, 0), |(cases, right), file| {
        (cases + file.cases, right + file.right)
    });
    if !args.json {
        let rate = share(right, cases) * 100.0;
        show::lines(&format!("{right} of {cases} right: {rate:.1} %"))?;
    }
    Ok(match right == cases {
        true => Verdict::Done,
        false => Verdict::NotUnderstood,
    })
}

fn judged(judge: &Judge, corpus: &Corpus) -> FileJson {
    let judgements = corpus.cases.iter().map(|case| (case, judge.judge(case)));
    let (right, wrong): (Vec<_>, Vec<_>) = judgements.partition(|(_, j)| j.right);
    let negative = |case: &Case| case.expect == Expect::Nothing;
    let matched = wrong.iter().filter(|(case, _)| negative(case)).count();
    FileJson {
        file: corpus.file.clone(),
        language: corpus.language.to_string(),
        cases: corpus.cases.len(),
        right: right.len(),
        rate: share(right.len(), corpus.cases.len()),
        negatives: corpus.cases.iter().filter(|case| negative(case)).count(),
        negatives_matched: matched,
        wrong: wrong.iter().map(|(case, j)| wrong_json(case, j)).collect(),
    }
}

fn wrong_json(case: &Case, judgement: &Judgement) -> WrongJson {
    WrongJson {
        line: case.line,
        say: case.say.clone(),
        expected: expected(&case.expect),
        got: judgement.lines(),
        reply: judgement.decision.say.code,
    }
}

fn expected(expect: &Expect) -> String {
    match expect {
        Expect::Nothing => "-".to_owned(),
        Expect::Question(code) => format!("the question {code}"),
        Expect::Commands(commands) => {
            let each = commands.iter().map(|command| {
                let slots = command.slots.iter().map(|(k, v)| format!(" {k}={v}"));
                command.intent.clone() + &slots.collect::<String>()
            });
            each.collect::<Vec<_>>().join(" + ")
        }
    }
}

fn print(file: &FileJson) -> anyhow::Result<()> {
    let name = file.file.display();
    for wrong in &file.wrong {
        let got = wrong.got.join(" + ");
        show::lines(&format!(
            "{name}:{}: {}\n  expected {}\n  got      {got} ({})",
            wrong.line, wrong.say, wrong.expected, wrong.reply
        ))?;
    }
    let rate = file.rate * 100.0;
    show::lines(&format!(
        "{name}: {} of {} right, {rate:.1} %",
        file.right, file.cases
    ))
}

fn share(part: usize, of: usize) -> f64 {
    let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
    match of {
        0 => 1.0,
        of => count(part) / count(of),
    }
}
