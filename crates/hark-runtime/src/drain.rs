//! Ending in order: one signal that everybody can wait for.
//!
//! A drain has two steps. Once it is *requested*, nothing new begins and what runs is
//! finished. Once it is *cut short*, what still runs is dropped.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::Error;

/// How long an orderly end may take.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// How long calls and tasks that run may go on after a signal to end, in
    /// milliseconds.
    pub grace_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { grace_ms: 10_000 }
    }
}

impl Config {
    /// [`Config::grace_ms`] as a duration.
    pub fn grace(&self) -> Duration {
        Duration::from_millis(self.grace_ms)
    }
}

/// Says when to end. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Drain {
    requested: CancellationToken,
    cut: CancellationToken,
}

impl Drain {
    /// One that nobody requested yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everybody to finish what runs and to begin nothing new.
    pub fn request(&self) {
        self.requested.cancel();
    }

    /// Asks everybody to drop what still runs; implies [`Drain::request`].
    pub fn cut_short(&self) {
        self.requested.cancel();
        self.cut.cancel();
    }

    /// Whether it was requested.
    pub fn is_requested(&self) -> bool {
        self.requested.is_cancelled()
    }

    /// Returns once it is requested; at once if it is already.
    pub async fn requested(&self) {
        self.requested.cancelled().await;
    }

    /// Returns once it is cut short.
    pub async fn cut(&self) {
        self.cut.cancelled().await;
    }

    /// Returns once it was requested `grace` ago, or is cut short.
    pub async fn overdue(&self, grace: Duration) {
        self.requested().await;
        tokio::select! {
            () = tokio::time::sleep(grace) => {}
            () = self.cut() => {}
        }
    }
}

/// SIGTERM and SIGINT.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes over SIGTERM and SIGINT of this process.
    ///
    /// # Errors
    /// [`Error::Signals`] if the operating system refuses.
    pub fn install() -> Result<Self, Error> {
        Ok(Self {
            terminate: signal(SignalKind::terminate()).map_err(Error::Signals)?,
            interrupt: signal(SignalKind::interrupt()).map_err(Error::Signals)?,
        })
    }

    /// Requests the drain at the first signal, and cuts it short at the second.
    pub async fn drive(mut self, drain: Drain) {
        let name = self.next().await;
        tracing::info!(signal = name, "draining");
        drain.request();
        let name = self.next().await;
        tracing::warn!(signal = name, "ending at once");
        drain.cut_short();
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_is_overdue_after_the_grace() {
        let drain = Drain::new();
        drain.request();
        let start = tokio::time::Instant::now();
        drain.overdue(Duration::from_secs(7)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn cutting_it_short_needs_no_grace() {
        let drain = Drain::new();
        assert!(!drain.is_requested());
        let start = tokio::time::Instant::now();
        let other = drain.clone();
        tokio::join!(drain.overdue(Duration::from_secs(7)), async {
            other.cut_short();
        });
        assert!(drain.is_requested());
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
