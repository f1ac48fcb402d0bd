//! The engine port on candle: what is asked of a model for one utterance.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Instant;

use hark_core::Language;
use hark_core::audio::SAMPLE_RATE_HZ;
use hark_core::engine::{
    self, Cancel, Description, Engine, Job, Timings, Token, Transcription, check_audio,
};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;
use crate::decoding::{self, Decoded, End, ModelInference, NO_SPEECH, Options};
use crate::model::Model;

/// No sample above this (−70 dBFS): nothing was said, whatever a model makes of it.
const QUIET: f32 = 3.2e-4;
/// Below this mean log-probability a text is not believed where there may have been
/// no speech (`logprob_threshold` in openai-whisper).
const UNLIKELY: f32 = -1.0;

/// How an engine computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Threads that compute at most; none: as many as there are physical cores.
    pub threads: Option<NonZeroUsize>,
}

/// Runs a [`Model`] on the CPU.
///
/// Its threads start with the first utterance and inherit the priority of the thread
/// that asks for it.
#[derive(Debug)]
pub struct CandleEngine {
    model: Model,
    threads: usize,
    pool: OnceLock<ThreadPool>,
}

impl CandleEngine {
    /// With a model.
    pub fn new(model: Model, settings: Settings) -> Self {
        let cores = candle_core::utils::get_num_threads();
        Self {
            model,
            threads: settings.threads.map_or(cores, NonZeroUsize::get),
            pool: OnceLock::new(),
        }
    }

    fn pool(&self) -> Result<&ThreadPool, Error> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .thread_name(|i| format!("hark-compute-{i}"))
            .build()?;
        Ok(self.pool.get_or_init(|| pool))
    }
}

impl Engine for CandleEngine {
    fn describe(&self) -> Description {
        let card = self.model.card();
        Description {
            model: card.name.clone(),
            engine: "candle",
            languages: card.languages.clone(),
        }
    }

    fn prepare(&mut self) -> Result<(), engine::Error> {
        let prepare = || self.model.prepare(&Cancel::default());
        Ok(self.pool()?.install(prepare)?)
    }

    fn transcribe(&mut self, job: &Job, cancel: &Cancel) -> Result<Transcription, engine::Error> {
        check_audio(&job.audio)?;
        let candidates = candidates(&self.model, &job.languages)?;
        let samples = job.audio.samples();
        if samples.iter().all(|s| s.abs() < QUIET) {
            return Ok(nothing(candidates[0].language.clone()));
        }
        let listening = Listening {
            model: &self.model,
            samples,
            candidates: &candidates,
            cancel,
        };
        Ok(self.pool()?.install(|| listening.transcribe())?)
    }
}

/// A language that may be spoken.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    language: Language,
    /// None in an English-only model.
    token: Option<u32>,
}

/// The languages to choose from: at least one.
fn candidates(model: &Model, wanted: &[Language]) -> Result<Vec<Candidate>, engine::Error> {
    let known = known(model);
    let found: Vec<_> = if wanted.is_empty() {
        known.clone()
    } else {
        let of = |language: &Language| {
            let code = crate::languages::code(language);
            let candidate = known
                .iter()
                .find(|k| crate::languages::code(&k.language) == code)?;
            Some(Candidate {
                language: language.clone(),
                token: candidate.token,
            })
        };
        wanted.iter().filter_map(of).collect()
    };
    if found.is_empty() {
        let names = |list: &mut dyn Iterator<Item = &Language>| {
            list.map(Language::as_str).collect::<Vec<_>>().join(", ")
        };
        return Err(engine::Error::UnknownLanguage {
            model: model.card().name.clone(),
            language: names(&mut wanted.iter()),
            known: names(&mut known.iter().map(|k| &k.language)),
        });
    }
    Ok(found)
}

/// The languages that a model knows: its card's, else all of its vocabulary's.
fn known(model: &Model) -> Vec<Candidate> {
    let vocabulary = model.vocabulary();
    if vocabulary.special().languages == 0 {
        return vec![Candidate {
            language: Language::english(),
            token: None,
        }];
    }
    let claimed = &model.card().languages;
    let all = vocabulary.language_tokens().filter_map(|token| {
        let language = vocabulary.language_of(token)?;
        Some(Candidate {
            language,
            token: Some(token),
        })
    });
    all.filter(|k| claimed.is_empty() || k.language.best_of(claimed).is_some())
        .collect()
}

/// The answer to silence.
fn nothing(language: Language) -> Transcription {
    Transcription {
        text: String::new(),
        language,
        tokens: Vec::new(),
        avg_logprob: 0.0,
        no_speech_probability: 1.0,
        timings: Timings::default(),
    }
}

/// One utterance on its way.
struct Listening<'a> {
    model: &'a Model,
    samples: &'a [f32],
    candidates: &'a [Candidate],
    cancel: &'a Cancel,
}

impl Listening<'_> {
    /// Listens with as short a context as the model bears; if it loses itself there,
    /// once more with all of it.
    fn transcribe(&self) -> Result<Transcription, Error> {
        let mut timings = Timings::default();
        let context = self.model.context_for(self.samples.len());
        let mut decoded = self.attempt(context, &mut timings)?;
        let full = self.model.full_context();
        if decoded.end != End::Text && context < full {
            decoded = self.attempt(full, &mut timings)?;
        }
        Ok(self.report(decoded, timings))
    }

    fn attempt(&self, context: usize, timings: &mut Timings) -> Result<Decoded, Error> {
        let start = Instant::now();
        let mel = self.model.mel(self.samples, context);
        let encoded = self.model.encode(&mel, self.cancel)?;
        let encode = start.elapsed();
        timings.encode += encode;
        let short = context < self.model.full_context();
        // As openai-whisper has it, a full context is not bound by the audio's length.
        let seconds = if short {
            self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ)
        } else {
            30.0
        };
        let max_tokens = decoding::max_tokens(seconds);
        let options = Options {
            languages: self.candidates.iter().filter_map(|c| c.token).collect(),
            max_tokens: max_tokens.min(self.model.dimensions().n_text_ctx / 2),
        };
        let mut inference = ModelInference {
            model: self.model,
            cache: self
                .model
                .begin(&encoded, decoding::room(options.max_tokens))?,
        };
        let vocabulary = self.model.vocabulary();
        let decoded = decoding::decode(&mut inference, vocabulary, &options, self.cancel)?;
        timings.decode += start.elapsed() - encode;
        Ok(decoded)
    }

    fn report(&self, mut decoded: Decoded, timings: Timings) -> Transcription {
        let vocabulary = self.model.vocabulary();
        if decoded.no_speech_probability > NO_SPEECH && decoded.avg_logprob < UNLIKELY {
            decoded.tokens.clear();
        }
        let heard = self.candidates.iter().find(|c| c.token == decoded.language);
        let token = |choice: &decoding::Choice| Token {
            id: choice.token,
            bytes: vocabulary.bytes(choice.token).to_vec(),
            logprob: choice.logprob,
        };
        Transcription {
            text: vocabulary
                .text(decoded.tokens.iter().map(|c| c.token))
                .trim()
                .to_owned(),
            language: heard.unwrap_or(&self.candidates[0]).language.clone(),
            tokens: decoded.tokens.iter().map(token).collect(),
            avg_logprob: decoded.avg_logprob,
            no_speech_probability: decoded.no_speech_probability,
            timings,
        }
    }
}
