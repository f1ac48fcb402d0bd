//! How an utterance is listened to, whatever computes the model: which languages it may be
//! in, how long a context it gets, and when it is listened to once more.

use std::time::Instant;

use hark_core::Language;
use hark_core::audio::SAMPLE_RATE_HZ;
use hark_core::engine::{self, Cancel, Job, Timings, Token, Transcription, check_audio};

use crate::Error;
use crate::card::Card;
use crate::context::Context;
use crate::decoding::{self, Decoded, End, Inference, NO_SPEECH, Options};
use crate::dimensions::Dimensions;
use crate::vocabulary::Vocabulary;

/// No sample above this (−70 dBFS): nothing was said, whatever a model makes of it.
const QUIET: f32 = 3.2e-4;
/// Below this mean log-probability a text is not believed where there may have been
/// no speech (`logprob_threshold` in openai-whisper).
const UNLIKELY: f32 = -1.0;

/// What computes a Whisper.
pub trait Backend {
    /// An utterance that was encoded and can be decoded.
    type Utterance<'a>: Inference
    where
        Self: 'a;

    /// What is known of the model besides its weights.
    fn card(&self) -> &Card;

    /// The model's sizes.
    fn dimensions(&self) -> &Dimensions;

    /// The model's vocabulary.
    fn vocabulary(&self) -> &Vocabulary;

    /// What it listens to.
    fn context(&self) -> Context;

    /// Encodes 16 kHz mono samples into so many frames (of 20 ms): they are cut, or filled
    /// up with silence. The decoder needs room for so many tokens.
    ///
    /// # Errors
    /// [`Error::Cancelled`], and what keeps it from computing.
    fn encode(
        &self,
        samples: &[f32],
        frames: usize,
        room: usize,
        cancel: &Cancel,
    ) -> Result<Self::Utterance<'_>, Error>;

    /// Whether to believe what was heard in a short context; else the utterance is
    /// listened to once more, with all of it.
    fn believes(&self, heard: &Decoded) -> bool {
        heard.end == End::Text
    }
}

impl Decoded {
    /// Whether something speaks against the text: it is unlikely, or was written where no
    /// speech was heard. A text is thrown away only where both do.
    pub fn is_doubtful(&self) -> bool {
        let is_speech = self.no_speech_probability <= NO_SPEECH || self.tokens.is_empty();
        self.avg_logprob < UNLIKELY || !is_speech
    }
}

/// Transcribes one utterance, as [`engine::Engine::transcribe`] is to.
///
/// # Errors
/// [`engine::Error`].
pub fn listen(
    backend: &impl Backend,
    job: &Job,
    cancel: &Cancel,
) -> Result<Transcription, engine::Error> {
    check_audio(&job.audio)?;
    let candidates = candidates(backend, &job.languages)?;
    let samples = job.audio.samples();
    if samples.iter().all(|s| s.abs() < QUIET) {
        return Ok(nothing(candidates[0].language.clone()));
    }
    let listening = Listening {
        backend,
        samples,
        candidates: &candidates,
        cancel,
    };
    Ok(listening.transcribe()?)
}

/// A language that may be spoken.
#[derive(Debug, Clone, PartialEq)]
struct Candidate {
    language: Language,
    /// None in an English-only model.
    token: Option<u32>,
}

/// The languages to choose from: at least one.
fn candidates(model: &impl Backend, wanted: &[Language]) -> Result<Vec<Candidate>, engine::Error> {
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
fn known(model: &impl Backend) -> Vec<Candidate> {
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
struct Listening<'a, B> {
    backend: &'a B,
    samples: &'a [f32],
    candidates: &'a [Candidate],
    cancel: &'a Cancel,
}

impl<B: Backend> Listening<'_, B> {
    /// Listens with as short a context as the model bears; if it loses itself there,
    /// once more with all of it.
    fn transcribe(&self) -> Result<Transcription, Error> {
        let mut timings = Timings::default();
        let full = self.backend.dimensions().n_audio_ctx;
        let context = self.backend.context().frames(self.samples.len(), full);
        let mut decoded = self.attempt(context, &mut timings)?;
        if context < full && !self.backend.believes(&decoded) {
            decoded = self.attempt(full, &mut timings)?;
        }
        Ok(self.report(decoded, timings))
    }

    fn attempt(&self, context: usize, timings: &mut Timings) -> Result<Decoded, Error> {
        let options = self.options(context);
        let room = decoding::room(options.max_tokens);
        let start = Instant::now();
        let encoded = self
            .backend
            .encode(self.samples, context, room, self.cancel);
        let mut inference = encoded?;
        let encode = start.elapsed();
        timings.encode += encode;
        let decoded = decoding::decode(
            &mut inference,
            self.backend.vocabulary(),
            &options,
            self.cancel,
        )?;
        timings.decode += start.elapsed() - encode;
        Ok(decoded)
    }

    fn options(&self, context: usize) -> Options {
        let dimensions = self.backend.dimensions();
        // As openai-whisper has it, a full context is not bound by the audio's length.
        let seconds = match context < dimensions.n_audio_ctx {
            true => self.samples.len() as f64 / f64::from(SAMPLE_RATE_HZ),
            false => 30.0,
        };
        let max_tokens = decoding::max_tokens(seconds);
        Options {
            languages: self.candidates.iter().filter_map(|c| c.token).collect(),
            max_tokens: max_tokens.min(dimensions.n_text_ctx / 2),
        }
    }

    fn report(&self, mut decoded: Decoded, timings: Timings) -> Transcription {
        let vocabulary = self.backend.vocabulary();
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
