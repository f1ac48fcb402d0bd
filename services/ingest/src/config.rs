//! What can be set about hearing speakers, and what follows from it.

use std::time::Duration;

use hark_core::endpointing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// How speakers are heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Streams of speech that may be open at once; more are answered
    /// `RESOURCE_EXHAUSTED`.
    pub max_streams: usize,
    /// Whole clips and typed sentences that may be worked on at once.
    pub max_recognitions: usize,
    /// Speakers that may be attached at once.
    pub max_attached: usize,
    /// Utterances of one stream that may wait for their words; until one is done, no more
    /// of its audio is read.
    pub max_waiting_utterances: usize,
    /// After so long without a message a stream fails, in milliseconds.
    pub idle_gap_ms: u64,
    /// How long one transcription may take, in milliseconds.
    pub transcribe_timeout_ms: u64,
    /// How long understanding and acting may take, in milliseconds.
    pub handle_timeout_ms: u64,
    /// How fast audio may come.
    pub pace: Pace,
    /// Where utterances begin and end.
    pub endpointing: Endpointing,
}

/// How fast a stream may bring audio. What comes faster waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Pace {
    /// Audio that may come at once, in milliseconds.
    pub burst_ms: u64,
    /// Then, how many times as fast as it was spoken.
    pub factor: u32,
}

/// Where utterances begin and end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Endpointing {
    /// Silence after which an utterance has ended, in milliseconds: 200 to 3000.
    pub end_silence_ms: u64,
    /// Audio before the first speech that belongs to an utterance, in milliseconds.
    pub pre_roll_ms: u64,
    /// After so long without speech, nothing was said, in milliseconds: 1000 to 60000.
    /// Absent: it waits.
    pub start_timeout_ms: Option<u64>,
    /// The longest utterance, in milliseconds: 1000 to 30000.
    pub max_utterance_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_streams: 64,
            max_recognitions: 16,
            max_attached: 256,
            max_waiting_utterances: 2,
            idle_gap_ms: 5_000,
            transcribe_timeout_ms: 15_000,
            handle_timeout_ms: 5_000,
            pace: Pace::default(),
            endpointing: Endpointing::default(),
        }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            burst_ms: 60_000,
            factor: 4,
        }
    }
}

impl Default for Endpointing {
    fn default() -> Self {
        Self {
            end_silence_ms: 500,
            pre_roll_ms: 300,
            start_timeout_ms: None,
            max_utterance_ms: 30_000,
        }
    }
}

impl Config {
    /// Checks it and turns it into what the parts need.
    pub(crate) fn limits(&self) -> Result<Limits, Error> {
        for (key, value) in [
            ("max_streams", self.max_streams as u64),
            ("max_recognitions", self.max_recognitions as u64),
            ("max_attached", self.max_attached as u64),
            ("max_waiting_utterances", self.max_waiting_utterances as u64),
            ("idle_gap_ms", self.idle_gap_ms),
            ("transcribe_timeout_ms", self.transcribe_timeout_ms),
            ("handle_timeout_ms", self.handle_timeout_ms),
            ("pace.factor", u64::from(self.pace.factor)),
        ] {
            if value == 0 {
                return Err(Error::config(key, "must not be 0"));
            }
        }
        Ok(Limits {
            max_streams: self.max_streams,
            max_recognitions: self.max_recognitions,
            max_attached: self.max_attached,
            max_waiting: self.max_waiting_utterances,
            idle_gap: Duration::from_millis(self.idle_gap_ms),
            transcribe_timeout: Duration::from_millis(self.transcribe_timeout_ms),
            handle_timeout: Duration::from_millis(self.handle_timeout_ms),
            burst: Duration::from_millis(self.pace.burst_ms),
            factor: self.pace.factor,
            endpointing: self.endpointing.check()?,
        })
    }
}

impl Endpointing {
    fn check(&self) -> Result<endpointing::Config, Error> {
        let base = endpointing::Config {
            pre_roll: Duration::from_millis(self.pre_roll_ms.min(3_000)),
            ..endpointing::Config::default()
        };
        let asked = endpointing::Asked {
            end_silence: Some(Duration::from_millis(self.end_silence_ms)),
            start_timeout: self.start_timeout_ms.map(Duration::from_millis),
            max_utterance: Some(Duration::from_millis(self.max_utterance_ms)),
        };
        base.with(asked)
            .map_err(|e| Error::config(&format!("endpointing.{}_ms", e.field), e))
    }
}

/// A checked [`Config`].
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub max_streams: usize,
    pub max_recognitions: usize,
    pub max_attached: usize,
    pub max_waiting: usize,
    pub idle_gap: Duration,
    pub transcribe_timeout: Duration,
    pub handle_timeout: Duration,
    pub burst: Duration,
    pub factor: u32,
    pub endpointing: endpointing::Config,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range() {
        let limits = Config::default().limits().unwrap();
        let expect = endpointing::Config::default();
        assert_eq!(limits.endpointing, expect);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let mut config = Config::default();
        config.endpointing.end_silence_ms = 10;
        let error = config.limits().unwrap_err().to_string();
        assert!(error.contains("endpointing.end_silence_ms"), "{error}");
        let config = Config {
            max_streams: 0,
            ..Config::default()
        };
        let error = config.limits().unwrap_err().to_string();
        assert!(error.contains("max_streams"), "{error}");
    }
}
