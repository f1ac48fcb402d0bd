//! Certificates that settings name: there, in time, with the key that belongs to them,
//! issued by the authority that stands beside them.

use std::path::{Path, PathBuf};

use hark_core::time::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::Finding;
use crate::up::Config;

const CHECK: &str = "certificate";
const DAY_S: i64 = 86_400;
/// Enough to renew it on a weekend.
const SOON_DAYS: i64 = 14;

/// Files that belong together.
struct Files {
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    ca: Option<PathBuf>,
}

/// Looks at all that the settings name.
pub(super) fn examine(config: &Config, now: Timestamp) -> Vec<Finding> {
    let Ok(store) = config.store() else {
        return vec![];
    };
    let etcd = Files {
        cert: store.etcd.cert_file,
        key: store.etcd.key_file,
        ca: store.etcd.ca_file,
    };
    let mut all = vec![etcd];
    if let Some(tls) = &config.server.tls {
        all.push(Files {
            cert: Some(tls.cert_file.clone()),
            key: Some(tls.key_file.clone()),
            ca: None,
        });
        // Clients' certificates may come from another authority than ours.
        all.push(Files {
            cert: tls.client_ca_file.clone(),
            key: None,
            ca: None,
        });
    }
    let now_s = now.unix_ms / 1_000;
    all.iter().flat_map(|files| judge(files, now_s)).collect()
}

fn judge(files: &Files, now_s: i64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut authority = None;
    for path in [&files.ca, &files.cert].into_iter().flatten() {
        match read(path) {
            Err(finding) => findings.push(finding),
            Ok(chain) => {
                findings.push(in_time(path, &chain[0], now_s));
                match files.ca.as_ref() == Some(path) {
                    true => authority = Some(chain),
                    false => findings.extend(fits(path, &chain, files.key.as_deref())),
                }
            }
        }
    }
    if let (Some(authority), Some(path)) = (authority, &files.cert)
        && let Ok(chain) = read(path)
    {
        findings.extend(issued_by(path, &chain, &authority));
    }
    findings
}

/// The certificates in a file; at least one.
fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, Finding> {
    let wrong = |why: String| {
        let what = format!("{}: {why}", path.display());
        let fix = "name a file in PEM that the user of Hark may read";
        Finding::fail(CHECK, what, fix)
    };
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    let chain: Vec<_> = chain.map_err(|e| wrong(e.to_string()))?;
    match chain.first().map(|first| X509Certificate::from_der(first)) {
        None => Err(wrong("there is no certificate in it".to_owned())),
        Some(Err(error)) => Err(wrong(format!("its first certificate is damaged: {error}"))),
        Some(Ok(_)) => Ok(chain),
    }
}

fn in_time(path: &Path, certificate: &CertificateDer<'_>, now_s: i64) -> Finding {
    let (_, parsed) = X509Certificate::from_der(certificate).expect("it was read before");
    let at = path.display();
    let (begins, ends) = (
        parsed.validity().not_before.timestamp(),
        parsed.validity().not_after.timestamp(),
    );
    let renew = "have it issued anew (by whoever issued it), then start Hark again";
    let days = (ends - now_s).div_euclid(DAY_S);
    if now_s < begins {
        let what = format!("{at} is not valid yet");
        Finding::fail(
            CHECK,
            what,
            "look at the clock: timedatectl; or have it issued anew",
        )
    } else if now_s > ends {
        Finding::fail(CHECK, format!("{at} expired {} days ago", -days), renew)
    } else if days < SOON_DAYS {
        Finding::warn(CHECK, format!("{at} expires in {days} days"), renew)
    } else {
        Finding::ok(CHECK, format!("{at} is valid for {days} days"))
    }
}

/// Whether a key belongs to a certificate.
fn fits(path: &Path, chain: &[CertificateDer<'static>], key: Option<&Path>) -> Option<Finding> {
    let key_path = key?;
    let (cert, key) = (path.display(), key_path.display());
    let fix = format!("name the key that {cert} was issued for, in PEM");
    let signing = PrivateKeyDer::from_pem_file(key_path)
        .map_err(|e| e.to_string())
        .and_then(|der| {
            rustls::crypto::ring::sign::any_supported_type(&der).map_err(|e| e.to_string())
        });
    let signing = match signing {
        Ok(signing) => signing,
        Err(error) => return Some(Finding::fail(CHECK, format!("{key}: {error}"), fix)),
    };
    let matches = CertifiedKey::new(chain.to_vec(), signing).keys_match();
    let what = format!("{key} is not the key of {cert}");
    matches.is_err().then(|| Finding::fail(CHECK, what, fix))
}

/// Whether an authority issued a certificate, by its name.
fn issued_by(
    path: &Path,
    chain: &[CertificateDer<'_>],
    authority: &[CertificateDer<'_>],
) -> Option<Finding> {
    let parsed = |der| {
        X509Certificate::from_der(der)
            .ok()
            .map(|(_, parsed)| parsed)
    };
    let issuer = chain.last().map(|last| parsed(last))??;
    let knows = |der| parsed(der).is_some_and(|ca| ca.subject() == issuer.issuer());
    if authority.iter().any(|der| knows(der)) {
        return None;
    }
    let issuer = issuer.issuer();
    let what = format!(
        "{} was issued by {issuer}, which ca_file does not have",
        path.display()
    );
    let fix = "have it issued by the authority in ca_file, or name the one that did";
    Some(Finding::fail(CHECK, what, fix))
}

#[cfg(test)]
mod tests {
    use hark_harness::tls::Tls;

    use super::super::Level;
    use super::*;

    fn house() -> (tempfile::TempDir, Tls) {
        let folder = tempfile::tempdir().unwrap();
        let tls = Tls::create(folder.path(), [127, 0, 0, 1].into()).unwrap();
        (folder, tls)
    }

    fn now_s() -> i64 {
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap()
    }

    #[track_caller]
    fn check(files: &Files, now_s: i64, level: Level, what: &str) {
        let found = judge(files, now_s);
        let worst = found.iter().max_by_key(|f| f.level).unwrap();
        assert_eq!(worst.level, level, "{found:?}");
        assert!(worst.what.contains(what), "{found:?}");
        assert_eq!(worst.fix.is_some(), level != Level::Ok);
    }

    #[test]
    fn each_fault_of_a_certificate_is_found() {
        let (folder, tls) = house();
        let (_other_folder, other) = house();
        let files = |cert: &Path, key: &Path, ca: &Path| Files {
            cert: Some(cert.to_owned()),
            key: Some(key.to_owned()),
            ca: Some(ca.to_owned()),
        };
        let (cert, key) = (&tls.server.cert, &tls.server.key);
        let good = files(cert, key, &tls.ca);
        let now = now_s();
        check(&good, now, Level::Ok, "is valid for");
        check(&good, 0, Level::Fail, "not valid yet");
        check(&good, now + 10_000 * 365 * DAY_S, Level::Fail, "expired");
        let stranger = files(cert, &other.server.key, &tls.ca);
        check(&stranger, now, Level::Fail, "is not the key of");
        let foreign = files(cert, key, &tls.other_ca);
        check(&foreign, now, Level::Fail, "which ca_file does not have");
        let none = folder.path().join("none.pem");
        check(&files(&none, key, &tls.ca), now, Level::Fail, "none.pem");
        std::fs::write(&none, "hello").unwrap();
        check(
            &files(&none, key, &tls.ca),
            now,
            Level::Fail,
            "no certificate",
        );
        check(&files(cert, &none, &tls.ca), now, Level::Fail, "none.pem");
    }

    #[test]
    fn what_is_not_named_is_not_looked_at() {
        let files = Files {
            cert: None,
            key: None,
            ca: None,
        };
        assert!(judge(&files, 0).is_empty());
    }
}
