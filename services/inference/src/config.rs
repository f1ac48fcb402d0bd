//! What a worker is told.

use std::path::PathBuf;

use hark_whisper::{Context, SilenceTail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Library};

/// The model that says: the best that is there and that the machine bears.
pub const AUTO: &str = "auto";
/// The longest queue that can be asked for.
pub const MAX_QUEUE_CAPACITY: usize = 4096;
/// The most threads that can be asked for.
pub const MAX_THREADS: usize = 256;

/// Which engine and model turn audio into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The model: `auto`, the best that is there and that the machine bears; the name of
    /// one that is there, like `nano`; or a directory or file, with a slash in it.
    pub model: String,
    /// The folder with the house's own models, each in a folder of its name; those that
    /// come with Hark are looked for after them. Absent: `models` in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub models_dir: Option<PathBuf>,
    /// What the model listens to.
    pub context: Listens,
    /// The engine that runs it.
    pub engine: EngineKind,
    /// What the engine computes on.
    pub device: Device,
    /// Threads for arithmetic; 0: one for each core, with `whisper-cpp` one less.
    pub threads: usize,
    /// Utterances that may wait, 1 to 4096; more are refused at once.
    pub queue_capacity: usize,
    /// How good the model is beside those of the house's other workers: the highest tier
    /// whose expected wait fits is asked.
    pub tier: u32,
    /// What the fake engine hears, whatever is said. Only for `engine = "fake"`.
    pub fake_transcript: String,
}

/// An engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// Whisper on candle-core.
    Candle,
    /// Whisper on whisper.cpp, in a process of its own.
    WhisperCpp,
    /// Hears nothing and says what it is told to; for tests of everything else.
    Fake,
}

/// What a model listens to. Its card knows; this is for a model that has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Listens {
    /// What its card says; without a card, all of 30 s.
    #[default]
    Card,
    /// All of 30 s, whatever is said.
    Full,
    /// The audio, then silence that was computed before: for OpenAI's weights, and faster.
    SilenceTail,
}

impl Listens {
    /// The context; none: the card's.
    pub fn of(self) -> Option<Context> {
        match self {
            Self::Card => None,
            Self::Full => Some(Context::Full),
            Self::SilenceTail => Some(Context::SilenceTail(SilenceTail::default())),
        }
    }
}

/// What an engine computes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Device {
    /// The processor.
    Cpu,
    /// An NVIDIA GPU. No build has it yet.
    Cuda,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            model: AUTO.to_owned(),
            models_dir: None,
            context: Listens::Card,
            engine: EngineKind::Candle,
            device: Device::Cpu,
            threads: 0,
            queue_capacity: 32,
            tier: 1,
            fake_transcript: String::new(),
        }
    }
}

impl Config {
    /// The models that are there.
    pub fn library(&self) -> Library {
        match &self.models_dir {
            Some(own) => Library::new(Some(own)),
            None => Library::standard(),
        }
    }

    /// Checks what types can't.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting and what it may be.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |setting, message: String| Err(Error::Setting { setting, message });
        if self.device == Device::Cuda {
            return wrong(
                "inference.device",
                "asks for CUDA, which this build of Hark lacks; use \"cpu\"".to_owned(),
            );
        }
        if !(1..=MAX_QUEUE_CAPACITY).contains(&self.queue_capacity) {
            let message = format!("is {}; it may be 1 to 4096", self.queue_capacity);
            return wrong("inference.queue_capacity", message);
        }
        if self.threads > MAX_THREADS {
            return wrong(
                "inference.threads",
                format!("is {}; it may be 0 to 256", self.threads),
            );
        }
        if self.engine == EngineKind::Fake && self.context != Listens::Card {
            let message = "is set, but the engine is \"fake\" and listens to nothing; leave it out";
            return wrong("inference.context", message.to_owned());
        }
        if self.engine == EngineKind::WhisperCpp && self.context == Listens::SilenceTail {
            let message = "asks for a silence tail, of which the engine \"whisper-cpp\" knows \
                           nothing; leave it out, or use the engine \"candle\"";
            return wrong("inference.context", message.to_owned());
        }
        if self.engine != EngineKind::Fake && !self.fake_transcript.is_empty() {
            return wrong(
                "inference.fake_transcript",
                "is set, but the engine is not \"fake\"".to_owned(),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_build_lacks_or_makes_no_sense_is_refused() {
        let base = Config::default;
        assert!(base().check().is_ok());
        for (config, expect) in [
            (
                Config {
                    device: Device::Cuda,
                    ..base()
                },
                "inference.device",
            ),
            (
                Config {
                    queue_capacity: 0,
                    ..base()
                },
                "inference.queue_capacity",
            ),
            (
                Config {
                    threads: 1000,
                    ..base()
                },
                "inference.threads",
            ),
            (
                Config {
                    engine: EngineKind::Fake,
                    context: Listens::SilenceTail,
                    ..base()
                },
                "inference.context",
            ),
            (
                Config {
                    engine: EngineKind::WhisperCpp,
                    context: Listens::SilenceTail,
                    ..base()
                },
                "inference.context",
            ),
            (
                Config {
                    fake_transcript: "x".into(),
                    ..base()
                },
                "inference.fake_transcript",
            ),
        ] {
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
    }
}
