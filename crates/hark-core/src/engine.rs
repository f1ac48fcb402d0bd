//! The engine port: audio to words.
//!
//! An engine is synchronous and belongs to one thread; queueing, deadlines and
//! concurrency are its owner's business.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::audio::Pcm;
use crate::language::Language;

/// What turns audio into words.
pub trait Engine: Send {
    /// What this engine runs.
    fn describe(&self) -> Description;

    /// Does once what the first utterance would otherwise have to wait for.
    ///
    /// # Errors
    /// As [`Self::transcribe`].
    fn prepare(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Transcribes one utterance.
    ///
    /// The result depends on the job alone: never on what was transcribed before.
    /// An engine looks at `cancel` at least once per decoded token.
    ///
    /// # Errors
    /// [`Error`]; after any of them but [`Error::Broken`] the engine can go on.
    fn transcribe(&mut self, job: &Job, cancel: &Cancel) -> Result<Transcription, Error>;
}

/// What an engine runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The model's name.
    pub model: String,
    /// The engine's name; `fake` says that nothing is really heard.
    pub engine: &'static str,
    /// Languages that the model was made for; empty where it is for all of Whisper's.
    pub languages: Vec<Language>,
}

/// One utterance to transcribe.
#[derive(Debug, Clone)]
pub struct Job {
    /// What was said; at most [`crate::audio::MAX_UTTERANCE`].
    pub audio: Pcm,
    /// Languages that may be spoken, most likely first. Exactly one: it is taken as
    /// given. None: any.
    pub languages: Vec<Language>,
}

/// What was heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcription {
    /// The text, trimmed; empty where nothing was said.
    pub text: String,
    /// The language that was taken or heard.
    pub language: Language,
    /// Text tokens in order.
    pub tokens: Vec<Token>,
    /// Mean log-probability of the tokens, end of text included; 0 where nothing was
    /// decoded.
    pub avg_logprob: f32,
    /// Probability that this was no speech, 0 to 1.
    pub no_speech_probability: f32,
    /// How long each part took.
    pub timings: Timings,
}

/// A decoded token.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its id in the model's vocabulary.
    pub id: u32,
    /// Its bytes; not always whole characters.
    pub bytes: Vec<u8>,
    /// Its log-probability.
    pub logprob: f32,
}

/// How long each part of a transcription took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Features and encoder.
    pub encode: Duration,
    /// Decoder.
    pub decode: Duration,
}

/// Why an utterance could not be transcribed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// Whoever asked does not want it any more.
    #[error("cancelled")]
    Cancelled,
    /// There is nothing to hear.
    #[error("the audio has no samples")]
    NoAudio,
    /// There is more than an engine takes.
    #[error("the audio lasts {seconds:.1} s; an utterance is at most 30 s")]
    TooLong {
        /// How long it lasts.
        seconds: f64,
    },
    /// A sample is not a number.
    #[error("sample {index} of the audio is not a finite number")]
    NotFinite {
        /// Which.
        index: usize,
    },
    /// The model does not know any of the languages.
    #[error("the model {model} does not know the language {language}; it knows {known}")]
    UnknownLanguage {
        /// The model.
        model: String,
        /// What was asked for.
        language: String,
        /// What it knows, in words.
        known: String,
    },
    /// The engine can't go on.
    #[error("the engine broke: {0}")]
    Broken(String),
}

/// Says that a result is not wanted any more. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Nobody wants the result any more.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether that was said.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Checks what every engine asks of a job's audio.
///
/// # Errors
/// [`Error::NoAudio`], [`Error::TooLong`] or [`Error::NotFinite`].
pub fn check_audio(audio: &Pcm) -> Result<(), Error> {
    if audio.samples().is_empty() {
        return Err(Error::NoAudio);
    }
    if audio.duration() > crate::audio::MAX_UTTERANCE {
        return Err(Error::TooLong {
            seconds: audio.duration().as_secs_f64(),
        });
    }
    match audio.samples().iter().position(|s| !s.is_finite()) {
        Some(index) => Err(Error::NotFinite { index }),
        None => Ok(()),
    }
}
