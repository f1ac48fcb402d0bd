//! How well models hear: the clips of a manifest, each heard by each of them, so that
//! what was measured before an end is comparable, too.

mod input;
mod model;
mod sound;
mod subject;
mod threshold;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::Cancel;
use hark_eval::expect::{self, Expected};
use hark_eval::manifest::{Clip, Said};
use hark_eval::report::{Record, Summary};
use hark_eval::score::score;
use hark_eval::understand::{House, Judgement};
use hark_eval::{home_table, normalize};
use hark_home::Description;

pub use model::Weights;
pub use subject::{Heard, Named, Subject};
pub use threshold::Threshold;

use crate::cli;
use input::Source;
use sound::Condition;

/// What is measured.
pub struct Plan {
    clips: Vec<Clip>,
    folder: PathBuf,
    /// Minutes of silence and noise.
    silence: Vec<sound::Silence>,
    conditions: Vec<Condition>,
    languages: Vec<Language>,
    expected: Option<BTreeMap<String, Expected>>,
    house: Option<House>,
    seed: u64,
    detects: bool,
    /// What else a reader should know.
    pub remarks: Vec<String>,
}

/// What was measured.
pub struct Measured {
    /// What heard, with what it heard.
    pub subjects: Vec<(Subject, Vec<Record>)>,
    /// Clips that could not be read or heard: which, by whom, and why.
    pub failed: Vec<Failed>,
    /// Whether it was ended before all clips were heard.
    pub interrupted: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// A clip that could not be read or heard.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Failed {
    /// The clip.
    pub file: String,
    /// What could not hear it; none where it could not be read.
    pub subject: Option<String>,
    /// Why.
    pub why: String,
}

impl Plan {
    /// Reads everything but the recordings.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn new(args: &cli::Eval) -> anyhow::Result<Self> {
        let source = match &args.input {
            Some(path) => Source::read(path, &args.clips)?,
            None => Source::default(),
        };
        let mut remarks = Vec::new();
        let house = house(&args.intents, &mut remarks)?;
        let expected = args.intents.expect.as_ref().map(|path| {
            let found = expect::parse(&input::text(path)?, &path.display().to_string())?;
            anyhow::Ok(found)
        });
        let languages = match (source.languages(), &args.clips.language[..]) {
            (found, []) if found.is_empty() => vec![Language::german(), Language::english()],
            (_, wanted) if !wanted.is_empty() => wanted.to_vec(),
            (found, _) => found,
        };
        let minutes = args.clips.silence_minutes;
        Ok(Self {
            silence: minutes.map_or_else(Vec::new, |m| sound::Silence::minutes(m, &languages)),
            conditions: Condition::all(&args.clips)?,
            clips: source.clips,
            folder: source.folder,
            expected: expected.transpose()?,
            seed: args.seed,
            detects: args.detect_language,
            languages,
            house,
            remarks,
        })
    }

    /// How often something is heard.
    pub fn steps(&self, subjects: &[Subject]) -> usize {
        let heard = subjects.iter().map(|subject| match subject.hears() {
            true => self.clips.len() * self.conditions.len() + self.silence.len(),
            false => self.clips.len(),
        });
        heard.sum()
    }

    /// Has each clip heard by each of `subjects`.
    pub fn measure(
        &self,
        subjects: Vec<Subject>,
        told: &dyn Fn(&str),
        cancel: &Cancel,
    ) -> Measured {
        let began = Instant::now();
        let records = subjects.into_iter().map(|s| (s, Vec::new()));
        let mut run = Run {
            plan: self,
            subjects: records.collect(),
            failed: Vec::new(),
            told,
            cancel,
        };
        for clip in self.clips.iter().take_while(|_| !cancel.is_cancelled()) {
            run.clip(clip);
        }
        for silence in self.silence.iter().take_while(|_| !cancel.is_cancelled()) {
            run.silence(silence);
        }
        Measured {
            subjects: run.subjects,
            failed: run.failed,
            interrupted: cancel.is_cancelled(),
            seconds: began.elapsed().as_secs_f64(),
        }
    }
}

impl Measured {
    /// The rates of each subject.
    pub fn summaries(&self, seed: u64) -> Vec<Summary> {
        let records = self.subjects.iter().map(|(_, records)| records);
        records.map(|r| Summary::of(r, seed)).collect()
    }
}

fn house(args: &cli::eval::Intents, remarks: &mut Vec<String>) -> anyhow::Result<Option<House>> {
    if !args.intents && args.expect.is_none() && args.home.is_none() {
        return Ok(None);
    }
    let description = match &args.home {
        None => Description::builtin(),
        Some(path) if path.extension().is_some_and(|e| e == "tsv") => {
            let read = home_table::parse(&input::text(path)?, &path.display().to_string())?;
            if !read.left_out.is_empty() {
                let ids = read.left_out.join(", ");
                remarks.push(format!("not in the home, of kinds that Hark lacks: {ids}"));
            }
            read.description
        }
        Some(path) => Description::load(path)?,
    };
    let area = home_table::area(description.home(), &args.area).context("--area")?;
    Ok(Some(House::new(&description, Some(area))?))
}

/// An evaluation on its way.
struct Run<'a> {
    plan: &'a Plan,
    subjects: Vec<(Subject, Vec<Record>)>,
    failed: Vec<Failed>,
    told: &'a dyn Fn(&str),
    cancel: &'a Cancel,
}

/// What is heard.
struct Sound<'a> {
    clip: &'a Clip,
    /// None where there is only what others heard of it.
    audio: Option<Pcm>,
    noise: String,
}

impl Run<'_> {
    fn clip(&mut self, clip: &Clip) {
        let needs_audio = self.subjects.iter().any(|(s, _)| s.hears());
        let audio = match needs_audio.then(|| input::audio(&self.plan.folder, &clip.file)) {
            None => None,
            Some(Ok(audio)) => Some(audio),
            Some(Err(error)) => {
                self.failed.push(Failed {
                    file: clip.file.clone(),
                    subject: None,
                    why: format!("{error:#}"),
                });
                return;
            }
        };
        for condition in &self.plan.conditions {
            if clip.said == Said::Nothing && !condition.is_clean() {
                continue;
            }
            let audio = audio.as_ref();
            let sound = Sound {
                clip,
                audio: audio.map(|pcm| condition.apply(pcm, &clip.file, self.plan.seed)),
                noise: condition.label(&clip.noise),
            };
            self.hear(&sound, condition.is_clean());
        }
    }

    fn silence(&mut self, silence: &sound::Silence) {
        let clip = silence.clip();
        let sound = Sound {
            noise: clip.noise.clone(),
            audio: Some(silence.samples(self.plan.seed)),
            clip: &clip,
        };
        self.hear(&sound, false);
    }

    /// Has a sound heard by each subject; others' transcripts are of clean clips.
    fn hear(&mut self, sound: &Sound<'_>, clean: bool) {
        for at in 0..self.subjects.len() {
            let (subject, _) = &mut self.subjects[at];
            if self.cancel.is_cancelled() || (!subject.hears() && !clean) {
                continue;
            }
            (self.told)(&sound.clip.file);
            let languages = match &sound.clip.language {
                Some(language) => std::slice::from_ref(language),
                None => &self.plan.languages[..],
            };
            let audio = sound.audio.as_ref();
            let heard = subject.hear(&sound.clip.file, audio, languages, self.cancel);
            let heard = heard.and_then(|heard| {
                let detects = self.plan.detects && sound.clip.language.is_some();
                let detected = match (detects, audio) {
                    (true, Some(audio)) => subject.detect(audio, self.cancel)?,
                    _ => None,
                };
                anyhow::Ok((heard, detected))
            });
            match heard {
                Ok((heard, detected)) => {
                    let record = self.plan.record(sound, heard, detected);
                    self.subjects[at].1.push(record);
                }
                Err(_) if self.cancel.is_cancelled() => {}
                Err(error) => self.failed.push(Failed {
                    file: sound.clip.file.clone(),
                    subject: Some(self.subjects[at].0.name.clone()),
                    why: format!("{error:#}"),
                }),
            }
        }
    }
}

impl Plan {
    fn record(&self, sound: &Sound<'_>, heard: Heard, detected: Option<Language>) -> Record {
        let clip = sound.clip;
        let language = clip.language.as_ref().unwrap_or(&heard.language);
        let audio = sound.audio.as_ref();
        let right = |found: &Language| found.primary() == language.primary();
        Record {
            file: clip.file.clone(),
            language: clip.language.as_ref().map_or("", |l| l.as_str()).to_owned(),
            voice: clip.voice.clone(),
            noise: sound.noise.clone(),
            seconds: audio.map_or(0.0, |pcm| pcm.duration().as_secs_f64()),
            took: heard.took.as_secs_f64(),
            said: clip.said.clone(),
            heard_words: normalize::words(&heard.text, language).len(),
            score: match &clip.said {
                Said::Words(said) => Some(score(said, &heard.text, language)),
                _ => None,
            },
            judgement: self.judgement(clip, &heard.text, language),
            detected: detected.map(|found| (found.to_string(), right(&found))),
            heard: heard.text,
        }
    }

    fn judgement(&self, clip: &Clip, heard: &str, language: &Language) -> Option<Judgement> {
        let house = self.house.as_ref()?;
        match &self.expected {
            Some(expected) => {
                let expected = expected.get(&clip.file)?;
                Some(house.judge(expected, heard, language))
            }
            None => match &clip.said {
                Said::Words(said) => Some(house.compare(said, heard, language)),
                Said::Nothing => Some(house.judge(&Expected::Nothing, heard, language)),
                Said::Unknown => None,
            },
        }
    }
}
