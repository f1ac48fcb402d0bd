//! What came of an utterance, and what to tell the person.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::device::DeviceState;
use crate::ids::DeviceId;
use crate::intent::Intent;
use crate::language::Language;

/// What came of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was understood and done, or answered.
    Done,
    /// It is nothing that this home understands.
    NotUnderstood,
    /// Something is missing or ambiguous; the reply asks.
    Question,
    /// It was understood, and policy says no.
    Refused,
    /// It was understood, but could not be done.
    Error,
    /// It may or may not have been done, and repeating it is not safe.
    Unknown,
}

impl Outcome {
    /// Its name in JSON, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotUnderstood => "not_understood",
            Self::Question => "question",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::Unknown => "unknown",
        }
    }
}

/// What to tell the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// A stable, machine-readable reason, like `light_on` or `unknown_area`.
    pub code: String,
    /// What the text is filled with.
    pub arguments: BTreeMap<String, String>,
    /// The language of `text`.
    pub language: Language,
    /// The sentence to say or show.
    pub text: String,
}

/// What became of one device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceChange {
    /// The device.
    pub device: DeviceId,
    /// Its name in the language of the utterance.
    pub name: String,
    /// The name of its area in the language of the utterance.
    pub area: String,
    /// Before.
    pub before: DeviceState,
    /// After.
    pub after: DeviceState,
}

/// What an utterance meant and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct UtteranceOutcome {
    /// What came of it.
    pub outcome: Outcome,
    /// What it asked for, where it was understood.
    pub intent: Option<Intent>,
    /// The devices that it was about.
    pub devices: Vec<DeviceChange>,
    /// What to tell the person.
    pub reply: Reply,
    /// True where this is the recorded outcome of an utterance handled before.
    pub replayed: bool,
}

/// How long each part of an utterance took. What is `None` did not happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    /// Length of the speech itself.
    pub speech: Option<Duration>,
    /// Silence waited for after the speech until it was taken to have ended.
    pub endpoint: Option<Duration>,
    /// Waiting for a worker.
    pub queue: Option<Duration>,
    /// Features and encoder.
    pub encode: Option<Duration>,
    /// Decoder.
    pub decode: Option<Duration>,
    /// Understanding the words.
    pub intent: Option<Duration>,
    /// Acting on devices, the ledger's commit included.
    pub action: Option<Duration>,
    /// From the decision that the speech ended (for a whole clip: from its arrival)
    /// until the reply was ready.
    pub total: Option<Duration>,
}
