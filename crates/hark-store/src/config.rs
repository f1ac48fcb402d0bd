//! Which store, where, and how much it may hold.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use hark_core::backoff::Backoff;
use hark_core::store::{self, Key, Store};
use hark_core::time::Clock;
use serde::{Deserialize, Serialize};

use crate::{Error, EtcdStore, MemoryStore, RedbStore, etcd};

/// Every key of ours begins with this.
const ROOT: &str = "/hark/";
/// Between two attempts to reach an etcd at the start.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

/// Which store to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What keeps the state.
    pub kind: Kind,
    /// The file of a `redb` store; it and its folder are created if they are missing.
    pub path: PathBuf,
    /// How the etcd of an `etcd` store is reached.
    pub etcd: etcd::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            kind: Kind::Redb,
            path: PathBuf::from("hark.redb"),
            etcd: etcd::Config::default(),
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
    /// An etcd, for more than one machine.
    Etcd,
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

/// Opens the store that `config` asks for. Of an etcd that is out of reach it tells
/// `waiting` why, and tries again until it is there; who does not want to wait drops the
/// future.
///
/// # Errors
/// A file that is locked, damaged, of another format, or can't be read or written; an
/// etcd that is too old or refuses us.
pub async fn open(
    config: &Config,
    clock: Arc<dyn Clock>,
    waiting: impl Fn(&store::Error) + Send,
) -> Result<Arc<dyn Store>, Error> {
    Ok(match config.kind {
        Kind::Memory => Arc::new(MemoryStore::open(clock)?),
        Kind::Redb => Arc::new(RedbStore::open(&config.path, clock)?),
        Kind::Etcd => Arc::new(Box::pin(reach(&config.etcd, waiting)).await?),
    })
}

/// As [`open`], but an etcd that is out of reach is an error.
///
/// # Errors
/// As [`open`]'s.
pub async fn open_now(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<dyn Store>, Error> {
    if config.kind != Kind::Etcd {
        return open(config, clock, |_| {}).await;
    }
    let store = EtcdStore::open(&config.etcd)?;
    let there = store.check(&Key::new(ROOT)).await;
    there.map_err(|source| Error::Etcd { source })?;
    Ok(Arc::new(store))
}

async fn reach(
    config: &etcd::Config,
    waiting: impl Fn(&store::Error) + Send,
) -> Result<EtcdStore, Error> {
    let store = EtcdStore::open(config)?;
    let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
    loop {
        match store.check(&Key::new(ROOT)).await {
            Ok(()) => return Ok(store),
            Err(error @ store::Error::Unavailable(_)) => {
                tracing::warn!(%error, endpoints = store.endpoints(), "waiting for the store");
                waiting(&error);
            }
            Err(source) => return Err(Error::Etcd { source }),
        }
        tokio::time::sleep(backoff.next(etcd::unit_random())).await;
    }
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
                ..Config::default()
            }),
        );
        check(
            "kind = \"etcd\"\n[etcd]\nendpoints = [\"http://a:2379\"]",
            Some(Config {
                kind: Kind::Etcd,
                etcd: etcd::Config {
                    endpoints: vec!["http://a:2379".to_owned()],
                    ..etcd::Config::default()
                },
                ..Config::default()
            }),
        );
        check("[etcd]\npassword = \"secret\"", None);
        check("kind = \"paper\"", None);
        check("pth = \"x\"", None);
    }
}
