//! Endpointing: where an utterance begins and ends, from speech probabilities alone.
//!
//! A pure policy over 16 ms frames: it is fed one speech probability a frame and says
//! when speech begins and ends. It holds no audio and reads no clock; every position is
//! a sample of the stream at [`SAMPLE_RATE_HZ`], counted from 0.
//!
//! Guarantees: begins and ends alternate, utterances do not overlap, none is longer than
//! [`Config::max_utterance`], and what lies before [`Endpointer::needed_from`] is in no
//! utterance that is still to come.
//!
//! [`SAMPLE_RATE_HZ`]: crate::audio::SAMPLE_RATE_HZ

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::audio::{MAX_UTTERANCE, duration_to_samples, samples_to_duration};

/// Samples of a frame: 16 ms.
pub const FRAME_SAMPLES: u64 = 256;

/// When an utterance begins and ends.
///
/// The thresholds were chosen on 63 clips of people and on espeak-ng's voices: speech
/// has frames near 0.95, pauses between words stay over 0.3, a fan or hum rarely passes
/// 0.5 and never for three frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// A frame at or over this probability is speech.
    pub on: f32,
    /// Once there is speech, a frame under this probability is silence.
    pub off: f32,
    /// How much speech makes an utterance; less is a click or a cough.
    pub min_speech: Duration,
    /// Silence after which an utterance has ended.
    pub end_silence: Duration,
    /// Audio before the first speech that belongs to an utterance: quiet beginnings.
    pub pre_roll: Duration,
    /// Audio after the last speech that belongs to an utterance: quiet endings. At most
    /// [`Config::end_silence`].
    pub post_roll: Duration,
    /// After so long without speech, nothing was said; `None`: it waits.
    pub start_timeout: Option<Duration>,
    /// The longest utterance.
    pub max_utterance: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            on: 0.5,
            off: 0.35,
            min_speech: Duration::from_millis(48),
            end_silence: Duration::from_millis(500),
            pre_roll: Duration::from_millis(300),
            post_roll: Duration::from_millis(240),
            start_timeout: None,
            max_utterance: MAX_UTTERANCE,
        }
    }
}

/// A setting is out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {given:?}; it must be {least:?} to {most:?}")]
pub struct Error {
    /// Which.
    pub field: &'static str,
    /// What it is.
    pub given: Duration,
    /// The least it may be.
    pub least: Duration,
    /// The most it may be.
    pub most: Duration,
}

impl Config {
    /// What a speaker may ask for as [`Config::end_silence`].
    pub const END_SILENCE: RangeInclusive<Duration> = ms(200)..=ms(3_000);
    /// What a speaker may ask for as [`Config::start_timeout`].
    pub const START_TIMEOUT: RangeInclusive<Duration> = ms(1_000)..=ms(60_000);
    /// What a speaker may ask for as [`Config::max_utterance`].
    pub const MAX_UTTERANCE: RangeInclusive<Duration> = ms(1_000)..=MAX_UTTERANCE;

    /// This, with what a speaker asked for in place of the home's.
    ///
    /// # Errors
    /// [`Error`] if something is out of range.
    pub fn with(self, asked: Asked) -> Result<Self, Error> {
        let end_silence = asked.end_silence.unwrap_or(self.end_silence);
        let max_utterance = asked.max_utterance.unwrap_or(self.max_utterance);
        let start_timeout = asked.start_timeout.or(self.start_timeout);
        in_range("end_silence", end_silence, Self::END_SILENCE)?;
        in_range("max_utterance", max_utterance, Self::MAX_UTTERANCE)?;
        if let Some(timeout) = start_timeout {
            in_range("start_timeout", timeout, Self::START_TIMEOUT)?;
        }
        Ok(Self {
            end_silence,
            max_utterance,
            start_timeout,
            post_roll: self.post_roll.min(end_silence),
            ..self
        })
    }
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn in_range(
    field: &'static str,
    given: Duration,
    range: RangeInclusive<Duration>,
) -> Result<(), Error> {
    if range.contains(&given) {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    Err(Error {
        field,
        given,
        least,
        most,
    })
}

/// What a speaker asks for; `None`: as the home has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// [`Config::end_silence`].
    pub end_silence: Option<Duration>,
    /// [`Config::start_timeout`].
    pub start_timeout: Option<Duration>,
    /// [`Config::max_utterance`].
    pub max_utterance: Option<Duration>,
}

/// Something that a frame decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An utterance began.
    Begin {
        /// Its first sample, pre-roll included.
        at: u64,
    },
    /// It ended.
    End(End),
    /// Nobody spoke within the start time-out, or at all until the stream was over.
    NothingSaid {
        /// Where that was decided.
        at: u64,
    },
}

/// The end of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    /// The sample after its last, post-roll included.
    pub at: u64,
    /// Why it ended.
    pub reason: EndReason,
    /// From the first speech to the last.
    pub speech: Duration,
    /// From the last speech until the end was decided.
    pub silence: Duration,
}

/// Why an utterance ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// There was silence.
    Silence,
    /// It reached [`Config::max_utterance`].
    TooLong,
    /// The stream was over.
    StreamEnd,
}

impl EndReason {
    /// Its name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::TooLong => "too_long",
            Self::StreamEnd => "stream_end",
        }
    }
}

/// Decides where utterances begin and end.
#[derive(Debug, Clone)]
pub struct Endpointer {
    limits: Limits,
    /// The sample after the last frame.
    now: u64,
    /// Where the last utterance ended; nothing before it is used again.
    last_end: u64,
    phase: Phase,
    /// Whether there was any utterance.
    heard: bool,
    timed_out: bool,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// Nobody speaks.
    Quiet,
    /// It may be speech: from `since`, with so many samples of it.
    Perhaps { since: u64, speech: u64 },
    /// An utterance from `begin`; speech from `first` to `last`.
    Speaking { begin: u64, first: u64, last: u64 },
}

/// [`Config`] in samples.
#[derive(Debug, Clone, Copy)]
struct Limits {
    on: f32,
    off: f32,
    min_speech: u64,
    end_silence: u64,
    pre_roll: u64,
    post_roll: u64,
    start_timeout: Option<u64>,
    max_utterance: u64,
}

impl Endpointer {
    /// One that has heard nothing yet.
    pub fn new(config: &Config) -> Self {
        let end_silence = duration_to_samples(config.end_silence);
        let limits = Limits {
            on: config.on,
            off: config.off,
            min_speech: duration_to_samples(config.min_speech),
            end_silence,
            pre_roll: duration_to_samples(config.pre_roll),
            post_roll: duration_to_samples(config.post_roll).min(end_silence),
            start_timeout: config.start_timeout.map(duration_to_samples),
            max_utterance: duration_to_samples(config.max_utterance).max(FRAME_SAMPLES),
        };
        Self {
            limits,
            now: 0,
            last_end: 0,
            phase: Phase::Quiet,
            heard: false,
            timed_out: false,
        }
    }

    /// Takes the speech probability of the next frame.
    pub fn push(&mut self, probability: f32) -> Option<Event> {
        let start = self.now;
        self.now += FRAME_SAMPLES;
        match self.phase {
            Phase::Quiet | Phase::Perhaps { .. } => self.listen(start, probability),
            Phase::Speaking { begin, first, last } => {
                let last = if probability >= self.limits.off {
                    self.now
                } else {
                    last
                };
                self.phase = Phase::Speaking { begin, first, last };
                self.check_end(begin, first, last)
            }
        }
    }

    /// The stream is over, after `total` samples.
    pub fn finish(&mut self, total: u64) -> Option<Event> {
        match self.phase {
            Phase::Speaking { begin, first, last } => {
                let last = last.min(total);
                let at = total.min(begin + self.limits.max_utterance).max(begin);
                Some(self.end(at, EndReason::StreamEnd, first, last, total))
            }
            _ if !self.heard && !self.timed_out => {
                self.timed_out = true;
                Some(Event::NothingSaid { at: total })
            }
            _ => None,
        }
    }

    /// The first sample that an utterance that is open or still to come may have.
    pub fn needed_from(&self) -> u64 {
        match self.phase {
            Phase::Quiet => self.before(self.now),
            Phase::Perhaps { since, .. } => self.before(since),
            Phase::Speaking { begin, .. } => begin,
        }
    }

    /// Whether an utterance is open.
    pub fn is_speaking(&self) -> bool {
        matches!(self.phase, Phase::Speaking { .. })
    }

    fn listen(&mut self, start: u64, probability: f32) -> Option<Event> {
        let is_speech = probability >= self.limits.on;
        let (since, speech) = match self.phase {
            Phase::Perhaps { since, speech } if probability >= self.limits.off => (since, speech),
            _ if is_speech => (start, 0),
            _ => {
                self.phase = Phase::Quiet;
                return self.check_timeout();
            }
        };
        let speech = speech + if is_speech { FRAME_SAMPLES } else { 0 };
        if speech < self.limits.min_speech {
            self.phase = Phase::Perhaps { since, speech };
            return None;
        }
        let begin = self.before(since);
        self.heard = true;
        self.phase = Phase::Speaking {
            begin,
            first: since,
            last: self.now,
        };
        Some(Event::Begin { at: begin })
    }

    /// Where an utterance begins whose speech begins at `speech`.
    fn before(&self, speech: u64) -> u64 {
        speech
            .saturating_sub(self.limits.pre_roll)
            .max(self.last_end)
    }

    fn check_timeout(&mut self) -> Option<Event> {
        let timeout = self.limits.start_timeout?;
        if self.timed_out || self.now - self.last_end < timeout {
            return None;
        }
        self.timed_out = true;
        Some(Event::NothingSaid { at: self.now })
    }

    fn check_end(&mut self, begin: u64, first: u64, last: u64) -> Option<Event> {
        let longest = begin + self.limits.max_utterance;
        if self.now >= longest {
            return Some(self.end(longest, EndReason::TooLong, first, last, self.now));
        }
        if self.now - last >= self.limits.end_silence.max(FRAME_SAMPLES) {
            let at = last + self.limits.post_roll;
            return Some(self.end(at, EndReason::Silence, first, last, self.now));
        }
        None
    }

    fn end(&mut self, at: u64, reason: EndReason, first: u64, last: u64, decided: u64) -> Event {
        self.phase = Phase::Quiet;
        self.last_end = at;
        Event::End(End {
            at,
            reason,
            speech: samples_to_duration(last.saturating_sub(first)),
            silence: samples_to_duration(decided.saturating_sub(last)),
        })
    }
}

#[cfg(test)]
mod tests;
