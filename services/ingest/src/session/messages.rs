//! What goes in and out of a session.

use bytes::Bytes;
use hark_audio::Format;
use hark_core::outcome::{Timings, UtteranceOutcome};
use hark_core::utterance::ResumePoint;
use hark_core::{Language, Ordinal, Principal, SessionId, endpointing};

use crate::answer::{Answer, OnBehalf};

/// A message from a speaker.
#[derive(Debug)]
pub(crate) enum Inbound {
    /// The first message.
    Config(Box<Settings>),
    /// Every later one.
    Audio(Chunk),
}

/// What a speaker says about a session, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub on_behalf: OnBehalf,
    pub format: Format,
    /// Empty: the home's.
    pub languages: Vec<Language>,
    pub single_utterance: bool,
    pub transcribe_only: bool,
    pub endpointing: endpointing::Config,
    pub resume: ResumePoint,
}

/// A piece of audio.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Counts the messages of audio from 0.
    pub sequence: u64,
    /// The first sample's place in the session.
    pub offset_samples: u64,
    /// The encoded samples.
    pub data: Bytes,
}

/// A message to a speaker.
#[derive(Debug)]
pub(crate) enum Outbound {
    /// The session is accepted.
    Started {
        session: SessionId,
        principal: Principal,
        languages: Vec<Language>,
        next_ordinal: Ordinal,
    },
    /// Something about the speech that is not words.
    Event {
        event: Event,
        ordinal: Ordinal,
        /// Where in the session.
        offset: u64,
    },
    /// Words, for good.
    Result {
        ordinal: Ordinal,
        /// Where the utterance ends in the session.
        end_offset: u64,
        answer: Box<Answer>,
    },
    /// What the words meant.
    Outcome {
        ordinal: Ordinal,
        outcome: Box<UtteranceOutcome>,
        timings: Timings,
    },
    /// Audio before this need not be kept.
    Acknowledged(ResumePoint),
}

/// What happened to the speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Begin,
    End,
    NothingSaid,
    Draining,
}
