//! Certificates for tests, from an authority of their own, in files that can be exchanged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hark_core::HomeId;
use hark_core::credentials::{Certificate, Identity};
use hark_core::time::{Clock as _, Timestamp};
use hark_runtime::clock::SystemClock;
use hark_tls::{Authority, ClientConfig, NODE_DOMAIN, Names, ServerConfig, Validity};
use tempfile::TempDir;

/// An authority and the files of those who have its certificates.
pub struct Pki {
    dir: TempDir,
    authority: Authority,
}

pub fn home() -> HomeId {
    HomeId::parse("home").unwrap()
}

/// So many seconds from now.
pub fn in_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_unix_ms(SystemClock::new().wall().unix_ms + seconds * 1000)
}

/// From a minute ago, for an hour.
pub fn valid() -> Validity {
    validity(-60, 3600)
}

pub fn validity(from: i64, until: i64) -> Validity {
    Validity {
        from: in_seconds(from),
        until: in_seconds(until),
    }
}

impl Pki {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (authority, _) = Authority::create(&home(), valid()).unwrap();
        std::fs::write(dir.path().join("ca.crt"), authority.cert_pem()).unwrap();
        Self { dir, authority }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Issues a certificate for a name, and writes it and its key to files.
    pub fn issue(&self, name: &str, uri: &str, validity: Validity) -> Certificate {
        let names = Names {
            dns: vec!["localhost".to_owned()],
            ip: vec!["127.0.0.1".parse().unwrap()],
        };
        let identity = Identity::parse(uri).unwrap();
        let issued = self.authority.issue(&identity, &names, validity).unwrap();
        replace(&self.path(&format!("{name}.key")), &issued.key_pem);
        replace(&self.path(&format!("{name}.crt")), &issued.cert_pem);
        issued.certificate
    }

    /// What a server has that trusts this authority.
    pub fn server(&self, name: &str) -> ServerConfig {
        ServerConfig::new(
            self.path(&format!("{name}.crt")),
            self.path(&format!("{name}.key")),
            Some(self.path("ca.crt")),
        )
    }

    /// What a client has that trusts this authority.
    pub fn client(&self, name: Option<&str>) -> ClientConfig {
        let config = ClientConfig::new(self.path("ca.crt"));
        let config = ClientConfig {
            domain: Some(NODE_DOMAIN.to_owned()),
            ..config
        };
        match name {
            None => config,
            Some(name) => config.with_certificate(
                self.path(&format!("{name}.crt")),
                self.path(&format!("{name}.key")),
            ),
        }
    }
}

/// Exchanges a file as careful programs do: whole.
fn replace(path: &Path, text: &str) {
    let part = path.with_extension("part");
    std::fs::write(&part, text).unwrap();
    std::fs::rename(&part, path).unwrap();
}

/// Waits for a condition that nothing announces.
pub async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, wait)
        .await
        .unwrap();
}
