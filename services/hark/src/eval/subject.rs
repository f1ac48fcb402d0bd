//! What hears: an engine with a model, or what another recogniser heard before.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{Cancel, Engine, Job};
use hark_eval::manifest;
use hark_whisper::{CandleEngine, Context, Model, Settings};

use super::input;
use super::model::Weights;
use crate::cli;

/// A file, and what a report calls what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// What a report calls it: what was given, else the file's name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

impl FromStr for Named {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = text.split_once('=').filter(|(name, _)| !name.contains('/'));
        let (name, path) = match named {
            Some((name, path)) => (Some(name.to_owned()), path),
            None => (None, text),
        };
        let path = PathBuf::from(path);
        let stem = || path.file_stem().unwrap_or_default().to_string_lossy();
        Ok(Self {
            name: name.unwrap_or_else(|| stem().into_owned()),
            path,
        })
    }
}

/// What hears.
pub struct Subject {
    /// What a report calls it; no two have the same name.
    pub name: String,
    /// Its weights; none of another recogniser.
    pub weights: Option<Weights>,
    /// How it computes, in words.
    pub settings: String,
    ear: Ear,
}

enum Ear {
    Engine(Box<dyn Engine>),
    Transcripts(HashMap<String, String>),
}

/// What was heard.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The text.
    pub text: String,
    /// The language that was taken or heard.
    pub language: Language,
    /// How long it took.
    pub took: Duration,
}

impl Subject {
    /// All that are asked for; the bundled model where none is.
    ///
    /// # Errors
    /// What is wrong with which model or file.
    pub fn all(args: &cli::Eval, told: &dyn Fn(&str)) -> anyhow::Result<Vec<Self>> {
        let bundled = [hark_inference::BUNDLED.to_owned()];
        let models = match args.model.is_empty() && args.from.is_empty() {
            true => &bundled[..],
            false => &args.model,
        };
        let mut subjects = Vec::new();
        for model in models {
            told(model);
            let path = hark_inference::resolve(model)?;
            subjects.push(Self::load(&path, args).with_context(|| model.clone())?);
        }
        for named in &args.from {
            subjects.push(Self::of_transcripts(named)?);
        }
        name_apart(&mut subjects);
        Ok(subjects)
    }

    fn load(path: &Path, args: &cli::Eval) -> anyhow::Result<Self> {
        let model = listening(&Model::load(path)?, args.context)?;
        let card = model.card();
        let threads = match args.threads {
            Some(threads) => format!("threads: {threads}"),
            None => "threads: one for each core".to_owned(),
        };
        Ok(Self {
            name: card.name.clone(),
            weights: Some(Weights::of(path)?),
            settings: format!("candle, {threads}, {}", in_words(model.context())),
            ear: Ear::Engine(Box::new(CandleEngine::new(
                model,
                Settings {
                    threads: args.threads,
                },
            ))),
        })
    }

    fn of_transcripts(named: &Named) -> anyhow::Result<Self> {
        let file = named.path.display().to_string();
        let heard = manifest::transcripts(&input::text(&named.path)?, &file)?;
        Ok(Self {
            name: named.name.clone(),
            weights: None,
            settings: format!("transcripts from {file}"),
            ear: Ear::Transcripts(heard.into_iter().collect()),
        })
    }

    /// Whether it hears audio; else it only knows what was heard before.
    pub fn hears(&self) -> bool {
        matches!(self.ear, Ear::Engine(_))
    }

    /// Hears a clip in one of these languages.
    ///
    /// # Errors
    /// As the engine says; or there is no transcript of the clip.
    pub fn hear(
        &mut self,
        file: &str,
        audio: Option<&Pcm>,
        languages: &[Language],
        cancel: &Cancel,
    ) -> anyhow::Result<Heard> {
        match (&mut self.ear, audio) {
            (Ear::Transcripts(known), _) => {
                let base = Path::new(file).file_name().and_then(|n| n.to_str());
                let text = known.get(file).or_else(|| known.get(base?));
                let text = text.context("there is no transcript of it")?;
                let language = languages.first().cloned();
                Ok(Heard {
                    text: text.clone(),
                    language: language.unwrap_or_else(Language::english),
                    took: Duration::ZERO,
                })
            }
            (Ear::Engine(engine), audio) => {
                let audio = audio.context("there is no audio")?.clone();
                let began = Instant::now();
                let languages = languages.to_vec();
                let heard = engine.transcribe(&Job { audio, languages }, cancel)?;
                Ok(Heard {
                    text: heard.text,
                    language: heard.language,
                    took: began.elapsed(),
                })
            }
        }
    }

    /// The language that a clip is in, of all that the model knows.
    ///
    /// # Errors
    /// As the engine says.
    pub fn detect(&mut self, audio: &Pcm, cancel: &Cancel) -> anyhow::Result<Option<Language>> {
        let Ear::Engine(engine) = &mut self.ear else {
            return Ok(None);
        };
        let job = Job {
            audio: audio.clone(),
            languages: Vec::new(),
        };
        Ok(Some(engine.transcribe(&job, cancel)?.language))
    }
}

fn listening(model: &Model, wanted: cli::eval::Context) -> Result<Model, hark_whisper::Error> {
    let tail = model.card().silence_tail.unwrap_or_default();
    model.with_context(match wanted {
        cli::eval::Context::Card => model.context(),
        cli::eval::Context::Full => Context::Full,
        cli::eval::Context::Audio => Context::AsLong,
        cli::eval::Context::SilenceTail => Context::SilenceTail(tail),
    })
}

fn in_words(context: Context) -> String {
    match context {
        Context::Full => "all of 30 s".to_owned(),
        Context::AsLong => "as long as the audio".to_owned(),
        Context::SilenceTail(tail) => {
            let (every, slack) = (tail.every, tail.slack);
            format!("silence tail of every {every}th frame after {slack} of slack")
        }
    }
}

/// Numbers those that have a name which was there before.
fn name_apart(subjects: &mut [Subject]) {
    for at in 1..subjects.len() {
        let (before, rest) = subjects.split_at_mut(at);
        let subject = &mut rest[0];
        let plain = subject.name.clone();
        let mut number = 2;
        while before.iter().any(|b| b.name == subject.name) {
            subject.name = format!("{plain} ({number})");
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transcripts_may_be_named() {
        let of = |text: &str| text.parse::<Named>().unwrap();
        let named = of("openai=out/heard.tsv");
        assert_eq!(
            (&*named.name, named.path),
            ("openai", "out/heard.tsv".into())
        );
        let plain = of("out/a=b/heard.tsv");
        assert_eq!(
            (&*plain.name, plain.path),
            ("heard", "out/a=b/heard.tsv".into())
        );
    }

    #[test]
    fn no_two_have_the_same_name() {
        let subject = |name: &str| Subject {
            name: name.to_owned(),
            weights: None,
            settings: String::new(),
            ear: Ear::Transcripts(HashMap::new()),
        };
        let mut subjects = ["a", "b", "a", "a"].map(subject);
        name_apart(&mut subjects);
        let names = subjects.map(|s| s.name);
        assert_eq!(names, ["a", "b", "a (2)", "a (3)"]);
    }
}
