//! Who this process is to the others, and by which address they reach it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hark_core::cluster::{Instance, Model, Role};
use hark_core::time::{Clock, Timestamp};
use hark_core::{NodeId, RunId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Where Linux says what the host is called.
const HOSTNAME: &str = "/proc/sys/kernel/hostname";
/// Calls that a part takes at once, where nothing says better.
const CAPACITY: u32 = 64;

/// Who this process is to the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The node's id: the same after each start, and no other process's. Absent: the
    /// host's name and a random suffix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A file that keeps the id that was made up, for the next start. Absent: a new one
    /// after each start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_file: Option<PathBuf>,
    /// The address by which other nodes reach it, host:port. Absent: the one it listens
    /// on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    /// How long a node that is gone stays registered, in milliseconds: 5000 to 60000.
    pub lease_ttl_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            id_file: None,
            advertise: None,
            lease_ttl_ms: 10_000,
        }
    }
}

/// This process among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// The node.
    pub id: NodeId,
    /// This life of its process.
    pub run: RunId,
    /// When it began.
    pub started_at: Timestamp,
    advertise: Option<String>,
    pub(crate) lease_ttl: Duration,
}

impl Config {
    /// Says who this process is. Blocks for a small file.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::IdFile`].
    pub fn identify(&self, clock: &dyn Clock) -> Result<Me, Error> {
        if !(5_000..=60_000).contains(&self.lease_ttl_ms) {
            let message = format!("is {}; it may be 5000 to 60000", self.lease_ttl_ms);
            return Err(Error::Setting {
                setting: "lease_ttl_ms",
                message,
            });
        }
        let run = uuid::Uuid::now_v7().to_string();
        Ok(Me {
            id: self.id()?,
            run: RunId::parse(&run).expect("a UUID is an id"),
            started_at: clock.wall(),
            advertise: self.advertise.clone(),
            lease_ttl: Duration::from_millis(self.lease_ttl_ms),
        })
    }

    fn id(&self) -> Result<NodeId, Error> {
        match (&self.name, &self.id_file) {
            (Some(name), _) => NodeId::parse(name).map_err(|e| Error::Setting {
                setting: "name",
                message: e.to_string(),
            }),
            (None, Some(file)) => kept(file),
            (None, None) => Ok(made_up()),
        }
    }
}

/// The id in the file; one that is made up and written there, if there is none.
fn kept(file: &Path) -> Result<NodeId, Error> {
    let failed = |source| Error::IdFile {
        path: file.to_owned(),
        source,
    };
    match std::fs::read_to_string(file) {
        Ok(text) => NodeId::parse(text.trim())
            .map_err(|e| failed(std::io::Error::other(format!("it holds no id: {e}")))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let id = made_up();
            let folder = file.parent().filter(|f| !f.as_os_str().is_empty());
            folder
                .map_or(Ok(()), std::fs::create_dir_all)
                .map_err(failed)?;
            std::fs::write(file, format!("{id}\n")).map_err(failed)?;
            Ok(id)
        }
        Err(error) => Err(failed(error)),
    }
}

fn made_up() -> NodeId {
    let suffix = uuid::Uuid::new_v4().simple().to_string();
    let id = format!("{}-{}", hostname(), &suffix[..8]);
    NodeId::parse(&id).expect("it has letters, digits and dashes only")
}

/// The host's name, as far as it is fit for an id.
fn hostname() -> String {
    let name = std::fs::read_to_string(HOSTNAME).unwrap_or_default();
    let fit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let name: String = name.trim().chars().filter(fit).take(64).collect();
    match name.is_empty() {
        true => "node".to_owned(),
        false => name,
    }
}

impl Me {
    /// A part of this node, that listens there.
    pub fn part(&self, role: Role, listens: SocketAddr) -> Instance {
        Instance {
            node: self.id.clone(),
            role,
            run: self.run.clone(),
            addresses: vec![self.advertised(listens)],
            tls_name: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: None,
            capacity: CAPACITY,
            started_at: self.started_at,
            draining: false,
        }
    }

    /// The part of this node that turns audio into words.
    pub fn inference(&self, listens: SocketAddr, model: Model, capacity: usize) -> Instance {
        Instance {
            model: Some(model),
            capacity: u32::try_from(capacity).unwrap_or(u32::MAX).max(1),
            ..self.part(Role::Inference, listens)
        }
    }

    /// An address for others: as the settings say, else the one that is listened on; of
    /// all addresses of the host, its name.
    fn advertised(&self, listens: SocketAddr) -> String {
        match &self.advertise {
            Some(address) => address.clone(),
            None if listens.ip().is_unspecified() => format!("{}:{}", hostname(), listens.port()),
            None => listens.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use hark_core::time::ManualClock;

    use super::*;

    fn identify(config: &Config) -> Result<Me, Error> {
        config.identify(&ManualClock::default())
    }

    #[test]
    fn a_name_is_the_id_and_a_bad_one_is_refused() {
        let named = |name: &str| Config {
            name: Some(name.to_owned()),
            ..Config::default()
        };
        assert_eq!(identify(&named("attic")).unwrap().id.as_str(), "attic");
        let error = identify(&named("the attic")).unwrap_err().to_string();
        assert!(
            error.contains("`node.name`") && error.contains("the attic"),
            "{error}"
        );
        let config = Config {
            lease_ttl_ms: 100,
            ..Config::default()
        };
        let error = identify(&config).unwrap_err().to_string();
        assert!(error.contains("`node.lease_ttl_ms` is 100"), "{error}");
    }

    #[test]
    fn an_id_that_was_made_up_is_kept_where_a_file_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            id_file: Some(folder.path().join("data/node-id")),
            ..Config::default()
        };
        let (first, second) = (identify(&config).unwrap(), identify(&config).unwrap());
        assert_eq!(first.id, second.id);
        assert_ne!(first.run, second.run);
        let other = identify(&Config::default()).unwrap();
        assert_ne!(other.id, first.id);
        std::fs::write(config.id_file.as_ref().unwrap(), "a b\n").unwrap();
        let error = identify(&config).unwrap_err().to_string();
        assert!(
            error.contains("node-id") && error.contains("`node.name`"),
            "{error}"
        );
    }

    #[test]
    fn others_are_told_an_address_that_they_can_use() {
        let me = identify(&Config::default()).unwrap();
        let at = |listens: &str| me.part(Role::Router, listens.parse().unwrap()).addresses;
        assert_eq!(at("127.0.0.3:7720"), ["127.0.0.3:7720"]);
        assert_eq!(at("0.0.0.0:7720"), [format!("{}:7720", hostname())]);
        let config = Config {
            advertise: Some("attic.lan:1".to_owned()),
            ..Config::default()
        };
        let me = identify(&config).unwrap();
        let part = me.part(Role::Router, "0.0.0.0:7720".parse().unwrap());
        assert_eq!(part.addresses, ["attic.lan:1"]);
    }
}
