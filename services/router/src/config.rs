//! What a router is told.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// How words become actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long a router that is gone counts as alive, in milliseconds: 5000 to 60000.
    pub lease_ttl_ms: u64,
    /// How long it is remembered what was done about an utterance, in hours: 1 to 168.
    /// An utterance that is older is refused.
    pub ledger_retention_hours: u64,
    /// How long a device may take to do what it is told, in milliseconds: 100 to 30000.
    pub device_timeout_ms: u64,
    /// Watches of devices and timers that may be open: 1 to 10000; more are answered
    /// `RESOURCE_EXHAUSTED`.
    pub max_watches: usize,
    /// Sentences that may be worked on at once: 1 to 10000; more are answered
    /// `RESOURCE_EXHAUSTED`.
    pub max_sentences: usize,
    /// A folder of sentences to understand instead of those that come with Hark, in the
    /// languages that it has: Home Assistant's collections as they are, or folders named
    /// by language. It is looked at every two seconds; a set with a mistake is logged and
    /// the one before stays.
    pub sentences: Option<PathBuf>,
    /// Whether one sentence may act on everything in the home at once ("turn off all the
    /// lights in the house"). Where not, it is refused.
    pub whole_home: bool,
    /// Whether words that were misheard or mistyped are taken for what sounds or looks
    /// most like them ("Licht im Fluhr"), where no sentence has the words as they are.
    pub fuzzy: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lease_ttl_ms: 10_000,
            ledger_retention_hours: 24,
            device_timeout_ms: 3_000,
            max_watches: 64,
            max_sentences: 64,
            sentences: None,
            whole_home: true,
            fuzzy: true,
        }
    }
}

impl Config {
    /// Checks it and turns it into what the parts need.
    ///
    /// # Errors
    /// [`Error::Setting`] names the setting and its range.
    pub(crate) fn limits(&self) -> Result<Limits, Error> {
        for (key, value, range) in [
            ("lease_ttl_ms", self.lease_ttl_ms, 5_000..=60_000),
            (
                "ledger_retention_hours",
                self.ledger_retention_hours,
                1..=168,
            ),
            ("device_timeout_ms", self.device_timeout_ms, 100..=30_000),
            ("max_watches", self.max_watches as u64, 1..=10_000),
            ("max_sentences", self.max_sentences as u64, 1..=10_000),
        ] {
            if !range.contains(&value) {
                let (low, high) = range.into_inner();
                return Err(Error::Setting {
                    setting: format!("router.{key}"),
                    message: format!("is {value}; it may be {low} to {high}"),
                });
            }
        }
        Ok(Limits {
            lease_ttl: Duration::from_millis(self.lease_ttl_ms),
            retention: Duration::from_secs(self.ledger_retention_hours * 3600),
            device_timeout: Duration::from_millis(self.device_timeout_ms),
            max_watches: self.max_watches,
            max_sentences: self.max_sentences,
            whole_home: self.whole_home,
        })
    }
}

/// A checked [`Config`].
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) lease_ttl: Duration,
    pub(crate) retention: Duration,
    pub(crate) device_timeout: Duration,
    pub(crate) max_watches: usize,
    pub(crate) max_sentences: usize,
    pub(crate) whole_home: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_named() {
        assert!(Config::default().limits().is_ok());
        let config = Config {
            lease_ttl_ms: 10,
            ..Config::default()
        };
        let error = config.limits().unwrap_err().to_string();
        assert!(
            error.contains("router.lease_ttl_ms") && error.contains("5000 to 60000"),
            "{error}"
        );
    }
}
