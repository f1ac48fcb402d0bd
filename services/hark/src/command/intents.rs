//! `hark intents`: judges corpora, checks folders of sentences, and shows what can be said.
//! Needs no Hark that runs.

use std::path::Path;

use anyhow::Context as _;
use hark_core::Language;
use hark_home::Description;
use hark_intents::{Lexicon, Matcher, Sampler, Sentences};
use serde::Serialize;

use crate::cli;
use crate::exit::Verdict;
use crate::show;

mod test;

/// Does it.
///
/// # Errors
/// What is wrong with the files, with their lines.
pub fn run(args: &cli::Intents) -> anyhow::Result<Verdict> {
    match &args.what {
        cli::IntentsCommand::Test(args) => test::run(args),
        cli::IntentsCommand::Check(args) => check(args),
        cli::IntentsCommand::List(args) => list(args),
        cli::IntentsCommand::Sample(args) => sample(args),
    }
}

/// The sentences of a folder, or those that come with Hark.
pub(super) fn sentences(folder: Option<&Path>, language: &Language) -> anyhow::Result<Sentences> {
    Ok(match folder {
        Some(folder) => Sentences::load_for(folder, language)?,
        None => Sentences::builtin(language)?,
    })
}

/// The home of a file, or the built-in one.
pub(super) fn home(file: Option<&Path>) -> anyhow::Result<Description> {
    Ok(match file {
        Some(file) => Description::load(file)?,
        None => Description::builtin(),
    })
}

fn check(args: &cli::CheckIntents) -> anyhow::Result<Verdict> {
    let home = home(args.home.as_deref())?;
    let languages = languages(&args.folder)?;
    let mut verdict = Verdict::Done;
    for language in languages {
        let compiled = Sentences::load_for(&args.folder, &language).and_then(|sentences| {
            let lexicon = Lexicon::of_home(home.home(), &language);
            Matcher::compile(&sentences, &lexicon).map(|_| sentences)
        });
        match compiled {
            Ok(sentences) => {
                let (templates, intents) = (sentences.len(), sentences.intents().len());
                show::lines(&format!(
                    "{language}: {templates} templates, {intents} intents"
                ))?;
            }
            Err(error) => {
                show::lines(&format!("{language}: {error}"))?;
                verdict = Verdict::Failed;
            }
        }
    }
    Ok(verdict)
}

/// The languages that a folder has sentences in.
fn languages(folder: &Path) -> anyhow::Result<Vec<Language>> {
    let nested = folder.join("sentences");
    let root = if nested.is_dir() {
        nested
    } else {
        folder.to_owned()
    };
    let read = || format!("cannot read {}", root.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&root).with_context(read)? {
        let path = entry.with_context(read)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let language = stem.and_then(|stem| Language::parse(stem).ok());
        found.extend(language.filter(|language| Sentences::are_in(folder, language)));
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        // One language without a folder of its own.
        found.push(Sentences::load(folder)?.language().clone());
    }
    Ok(found)
}

/// An intent, as JSON.
#[derive(Serialize)]
struct IntentJson {
    intent: String,
    slots: Vec<String>,
    templates: usize,
    example: Option<String>,
}

fn list(args: &cli::ListIntents) -> anyhow::Result<Verdict> {
    let sentences = sentences(args.sentences.as_deref(), &args.language)?;
    let home = Description::builtin();
    let lexicon = Lexicon::of_home(home.home(), sentences.language());
    for info in sentences.intents() {
        let mut sampler = Sampler::new(&sentences, &lexicon, 1);
        let example = sampler.draw(Some(&info.name)).map(|sample| sample.text);
        let intent = IntentJson {
            intent: info.name,
            slots: info.slots.into_iter().collect(),
            templates: info.templates,
            example,
        };
        if args.json {
            show::json_line(&intent)?;
            continue;
        }
        let slots = intent.slots.join(" ");
        let example = intent.example.unwrap_or_default();
        let (name, count) = (intent.intent, intent.templates);
        show::lines(&format!(
            "{name} ({count} templates): {slots}\n    {example}"
        ))?;
    }
    Ok(Verdict::Done)
}

/// A sentence, as JSON.
#[derive(Serialize)]
struct SampleJson {
    say: String,
    intent: String,
}

fn sample(args: &cli::SampleIntents) -> anyhow::Result<Verdict> {
    let sentences = sentences(args.sentences.as_deref(), &args.language)?;
    let home = home(args.home.as_deref())?;
    let lexicon = Lexicon::of_home(home.home(), sentences.language());
    let mut sampler = Sampler::new(&sentences, &lexicon, args.seed);
    for _ in 0..args.count {
        let sample = sampler.draw(args.intent.as_deref());
        let sample = sample.with_context(|| {
            let intent = args.intent.as_deref().unwrap_or("any intent");
            format!("there is no sentence for {intent}: `hark intents list` has the intents")
        })?;
        match args.json {
            true => show::json_line(&SampleJson {
                say: sample.text,
                intent: sample.intent,
            })?,
            false => show::lines(&sample.text)?,
        }
    }
    Ok(Verdict::Done)
}
