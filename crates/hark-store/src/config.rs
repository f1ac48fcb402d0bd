//! Which store, where, and how much it may hold.

use std::path::PathBuf;
use std::sync::Arc;

use hark_core::store::Store;
use hark_core::time::Clock;
use serde::{Deserialize, Serialize};

use crate::{Error, MemoryStore, RedbStore};

/// Which store to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What keeps the state.
    pub kind: Kind,
    /// The file of a `redb` store; it and its folder are created if they are missing.
    pub path: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kind: Kind::Redb,
            path: PathBuf::from("hark.redb"),
        }
    }
}

/// What keeps the state.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Nothing outlives the process. For tests.
    Memory,
    /// A file on this machine: what was committed has been synced to it.
    #[default]
    Redb,
}

/// How much a store may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Revisions that can still be watched from; older ones are compacted. At least one
    /// is always kept.
    pub history_revisions: usize,
    /// Bytes of keys and values in the history, with 64 for each change; beyond them the
    /// oldest revisions are compacted.
    pub history_bytes: usize,
    /// Bytes of keys and values that exist, with 64 for each key. A transaction that
    /// would exceed them is refused with `NoSpace`; deleting always works.
    pub live_bytes: usize,
    /// Leases that exist at one time; beyond them a grant is refused with `NoSpace`.
    pub leases: usize,
    /// Requests that wait for the store's thread; beyond them `Unavailable`.
    pub queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            history_revisions: 10_000,
            history_bytes: 16 << 20,
            live_bytes: 256 << 20,
            leases: 10_000,
            queue: 256,
        }
    }
}

/// Opens the store that `config` asks for.
///
/// # Errors
/// A file that is locked, damaged, of another format, or can't be read or written.
pub fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, Error> {
    Ok(match config.kind {
        Kind::Memory => Arc::new(MemoryStore::open(clock)?),
        Kind::Redb => Arc::new(RedbStore::open(&config.path, clock)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read_and_unknown_keys_are_refused() {
        let check = |text: &str, expected: Option<Config>| {
            assert_eq!(toml::from_str::<Config>(text).ok(), expected, "{text}");
        };
        check("", Some(Config::default()));
        check(
            "kind = \"memory\"\npath = \"/var/lib/hark/state\"",
            Some(Config {
                kind: Kind::Memory,
                path: PathBuf::from("/var/lib/hark/state"),
            }),
        );
        check("kind = \"paper\"", None);
        check("pth = \"x\"", None);
    }
}
