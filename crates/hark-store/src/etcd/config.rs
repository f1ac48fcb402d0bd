//! How an etcd is reached: what a person may set, checked once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etcd_client::{Certificate, ConnectOptions, Identity, TlsOptions};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A connection on which a call waits is asked this often whether it lives. etcd's
/// servers close one that asks more than every five seconds.
const ASK_CONNECTION_EVERY: Duration = Duration::from_secs(10);
const CONNECTION_ANSWERS_WITHIN: Duration = Duration::from_secs(4);

/// How an etcd is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Its members, each `http://HOST:PORT` or `https://HOST:PORT`. All should be named:
    /// when one does not answer, the next is asked.
    pub endpoints: Vec<String>,
    /// The user, if etcd has users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// A file with that user's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// The certificate, in PEM, of the authority that issued etcd's. `https` needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Our certificate, in PEM, where etcd asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<PathBuf>,
    /// The key of `cert_file`, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// How long a member may take to accept a connection, in milliseconds.
    pub connect_timeout_ms: u64,
    /// How long a request may take, all members tried, in milliseconds. What was to be
    /// written is then `Indeterminate`.
    pub request_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoints: vec!["http://127.0.0.1:2379".to_owned()],
            username: None,
            password_file: None,
            ca_file: None,
            cert_file: None,
            key_file: None,
            connect_timeout_ms: 2_000,
            request_timeout_ms: 5_000,
        }
    }
}

/// What was checked and read.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) endpoints: Vec<String>,
    pub(crate) options: ConnectOptions,
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
}

impl Config {
    /// Checks the settings and reads the files.
    pub(crate) fn settings(&self) -> Result<Settings, Error> {
        let tls = self.tls()?;
        self.check_endpoints(tls.is_some())?;
        let connect_timeout = within(
            "store.etcd.connect_timeout_ms",
            self.connect_timeout_ms,
            100..=60_000,
        )?;
        let request_timeout = within(
            "store.etcd.request_timeout_ms",
            self.request_timeout_ms,
            500..=120_000,
        )?;
        let mut options = ConnectOptions::new()
            .with_connect_timeout(connect_timeout)
            .with_keep_alive(ASK_CONNECTION_EVERY, CONNECTION_ANSWERS_WITHIN)
            .with_keep_alive_while_idle(false)
            .with_require_leader(true)
            .with_auto_token_refresh(true);
        if let Some((user, password)) = self.user()? {
            options = options.with_user(user, password);
        }
        if let Some(tls) = tls {
            options = options.with_tls(tls);
        }
        Ok(Settings {
            endpoints: self.endpoints.clone(),
            options,
            connect_timeout,
            request_timeout,
        })
    }

    fn check_endpoints(&self, tls: bool) -> Result<(), Error> {
        let wrong = |what| Error::Setting {
            setting: "store.etcd.endpoints",
            what,
        };
        if self.endpoints.is_empty() {
            return Err(wrong("name at least one: http://HOST:PORT".to_owned()));
        }
        for endpoint in &self.endpoints {
            let rest = match (endpoint.strip_prefix("http://"), tls) {
                (Some(rest), false) => rest,
                (Some(_), true) => {
                    let why = "has no TLS, but certificates are set: write https://";
                    return Err(wrong(format!("{endpoint} {why}")));
                }
                (None, _) => endpoint.strip_prefix("https://").ok_or_else(|| {
                    wrong(format!(
                        "{endpoint}: write http://HOST:PORT or https://HOST:PORT"
                    ))
                })?,
            };
            let port = rest.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
            if !matches!(port, Some(Ok(_))) {
                return Err(wrong(format!("{endpoint} names no port: etcd's is 2379")));
            }
            if !tls && endpoint.starts_with("https://") {
                return Err(Error::Setting {
                    setting: "store.etcd.ca_file",
                    what: format!("{endpoint} needs the certificate of who issued etcd's"),
                });
            }
        }
        Ok(())
    }

    fn user(&self) -> Result<Option<(String, String)>, Error> {
        match (&self.username, &self.password_file) {
            (None, None) => Ok(None),
            (Some(user), Some(file)) => {
                let password = text("store.etcd.password_file", file)?;
                Ok(Some((user.clone(), password.trim_end().to_owned())))
            }
            (Some(_), None) => Err(Error::Setting {
                setting: "store.etcd.password_file",
                what: "a username needs a file with its password".to_owned(),
            }),
            (None, Some(_)) => Err(Error::Setting {
                setting: "store.etcd.username",
                what: "there is a password file, but no username".to_owned(),
            }),
        }
    }

    fn tls(&self) -> Result<Option<TlsOptions>, Error> {
        let Some(ca) = &self.ca_file else {
            if self.cert_file.is_some() || self.key_file.is_some() {
                return Err(Error::Setting {
                    setting: "store.etcd.ca_file",
                    what: "a certificate needs that of who issued etcd's beside it".to_owned(),
                });
            }
            return Ok(None);
        };
        let ca = Certificate::from_pem(pem("store.etcd.ca_file", ca)?);
        let tls = TlsOptions::new().ca_certificate(ca);
        match (&self.cert_file, &self.key_file) {
            (None, None) => Ok(Some(tls)),
            (Some(cert), Some(key)) => {
                let cert = pem("store.etcd.cert_file", cert)?;
                let key = pem("store.etcd.key_file", key)?;
                Ok(Some(tls.identity(Identity::from_pem(cert, key))))
            }
            _ => Err(Error::Setting {
                setting: "store.etcd.key_file",
                what: "cert_file and key_file go together".to_owned(),
            }),
        }
    }
}

fn text(setting: &'static str, path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|e| Error::Setting {
        setting,
        what: format!("{} can't be read: {e}", path.display()),
    })
}

fn pem(setting: &'static str, path: &Path) -> Result<String, Error> {
    let text = text(setting, path)?;
    if text.contains("-----BEGIN ") {
        return Ok(text);
    }
    Err(Error::Setting {
        setting,
        what: format!("{} is no PEM file", path.display()),
    })
}

fn within(
    setting: &'static str,
    ms: u64,
    range: std::ops::RangeInclusive<u64>,
) -> Result<Duration, Error> {
    if range.contains(&ms) {
        return Ok(Duration::from_millis(ms));
    }
    Err(Error::Setting {
        setting,
        what: format!("{ms} is not within {} and {}", range.start(), range.end()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut Config), expected: Result<(), &str>) {
        let mut config = Config::default();
        change(&mut config);
        match (config.settings(), expected) {
            (Ok(_), Ok(())) => {}
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "{error}");
            }
            (Ok(_), Err(part)) => panic!("accepted: {config:?}, not {part}"),
            (Err(error), Ok(())) => panic!("{error}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_setting() {
        check(|_| {}, Ok(()));
        check(|c| c.endpoints = vec![], Err("store.etcd.endpoints"));
        check(
            |c| c.endpoints = vec!["etcd:2379".into()],
            Err("write http://"),
        );
        check(|c| c.endpoints = vec!["http://etcd".into()], Err("no port"));
        check(
            |c| c.endpoints = vec!["http://etcd:x".into()],
            Err("no port"),
        );
        check(
            |c| c.endpoints = vec!["https://etcd:2379".into()],
            Err("store.etcd.ca_file"),
        );
        check(|c| c.username = Some("hark".into()), Err("password_file"));
        check(
            |c| c.password_file = Some("x".into()),
            Err("store.etcd.username"),
        );
        check(|c| c.key_file = Some("x".into()), Err("store.etcd.ca_file"));
        check(
            |c| c.ca_file = Some("/there/is/none".into()),
            Err("/there/is/none"),
        );
        check(|c| c.request_timeout_ms = 0, Err("not within"));
        check(|c| c.connect_timeout_ms = 1 << 40, Err("not within"));
    }

    #[test]
    fn certificates_and_plain_http_do_not_go_together() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\n").unwrap();
        check(|c| c.ca_file = Some(file.clone()), Err("write https://"));
        let https = |c: &mut Config| c.endpoints = vec!["https://etcd:2379".into()];
        let with = |c: &mut Config| {
            https(c);
            c.ca_file = Some(file.clone());
        };
        check(with, Ok(()));
        let half = |c: &mut Config| {
            with(c);
            c.cert_file = Some(file.clone());
        };
        check(half, Err("go together"));
        std::fs::write(&file, "hello").unwrap();
        check(with, Err("no PEM"));
    }

    #[test]
    fn the_password_is_the_file_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "a secret\n").unwrap();
        let config = Config {
            username: Some("hark".into()),
            password_file: Some(file),
            ..Config::default()
        };
        let expected = Some(("hark".to_owned(), "a secret".to_owned()));
        assert_eq!(config.user().unwrap(), expected);
    }
}
