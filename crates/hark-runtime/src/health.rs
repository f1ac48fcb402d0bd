//! Whether this process can do its work, part by part.
//!
//! A process is ready when it has a part, all its parts are ready, and it does not drain.
//! The admin port and `grpc.health.v1` of every server tell the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

/// The parts of a process and their state. Clones share it.
#[derive(Debug, Clone)]
pub struct Health(Arc<watch::Sender<Snapshot>>);

/// One part's side of [`Health`]. Clones are the same part.
#[derive(Debug, Clone)]
pub struct Part {
    health: Health,
    name: &'static str,
}

/// How it stands at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Whether the process is about to end.
    pub draining: bool,
    /// Why each part is not ready; `None` where it is.
    pub parts: BTreeMap<&'static str, Option<String>>,
    /// What its owner should know, although it can do its work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Health {
    /// Of a process without parts, which is not ready.
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Snapshot::default())))
    }

    /// Adds a part; not ready until it says so.
    pub fn part(&self, name: &'static str) -> Part {
        let part = Part {
            health: self.clone(),
            name,
        };
        part.not_ready("starting");
        part
    }

    /// Says that the process is about to end: not ready from now on.
    pub fn drain(&self) {
        self.0
            .send_if_modified(|s| !std::mem::replace(&mut s.draining, true));
    }

    /// Says what the owner should know for as long as the process runs.
    pub fn warn(&self, warning: impl Into<String>) {
        let warning = warning.into();
        self.0.send_if_modified(|s| {
            let is_new = !s.warnings.contains(&warning);
            if is_new {
                s.warnings.push(warning);
            }
            is_new
        });
    }

    /// How it stands now.
    pub fn snapshot(&self) -> Snapshot {
        self.0.borrow().clone()
    }

    /// Whether the process can do its work.
    pub fn is_ready(&self) -> bool {
        self.0.borrow().is_ready()
    }

    /// Returns once the process is ready.
    pub async fn ready(&self) {
        // Waiting fails only when the sender is gone, and this is a sender.
        drop(self.0.subscribe().wait_for(Snapshot::is_ready).await);
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Snapshot> {
        self.0.subscribe()
    }

    fn set(&self, name: &'static str, reason: Option<String>) {
        self.0.send_if_modified(|s| {
            let changes = s.parts.get(name) != Some(&reason);
            s.parts.insert(name, reason);
            changes
        });
    }
}

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Part {
    /// The part can do its work.
    pub fn ready(&self) {
        self.health.set(self.name, None);
    }

    /// The part can't do its work, for a reason that an operator understands.
    pub fn not_ready(&self, reason: impl Into<String>) {
        self.health.set(self.name, Some(reason.into()));
    }
}

impl Snapshot {
    /// Whether the process can do its work.
    pub fn is_ready(&self) -> bool {
        !self.draining && !self.parts.is_empty() && self.parts.values().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ready_once_all_parts_are() {
        let health = Health::new();
        assert!(!health.is_ready(), "no parts");
        let (ears, hands) = (health.part("ears"), health.part("hands"));
        ears.ready();
        assert!(!health.is_ready(), "hands still start");
        tokio::join!(health.ready(), async { hands.ready() });
        hands.not_ready("no bridge");
        let snapshot = health.snapshot();
        assert_eq!(snapshot.parts["hands"].as_deref(), Some("no bridge"));
        assert_eq!(snapshot.parts["ears"], None);
    }

    #[test]
    fn a_process_that_drains_is_not_ready() {
        let health = Health::new();
        health.part("ears").ready();
        assert!(health.is_ready());
        health.drain();
        assert!(!health.is_ready());
    }

    #[test]
    fn saying_the_same_twice_is_no_change() {
        let health = Health::new();
        let part = health.part("ears");
        part.ready();
        let mut changes = health.subscribe();
        changes.mark_unchanged();
        part.ready();
        assert!(!changes.has_changed().unwrap());
        part.not_ready("deaf");
        assert!(changes.has_changed().unwrap());
    }
}
