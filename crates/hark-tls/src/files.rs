//! PEM files: certificates and keys, with errors that say which file and what to do.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::Error;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The bytes of a file, of which there can't be many.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    match bytes.len() as u64 > MAX_BYTES {
        true => Err(content(path, "has more than 1 MiB; is it the right file?")),
        false => Ok(bytes),
    }
}

/// The certificates in a file's bytes; at least one.
pub(crate) fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|e| content(path, format!("is no PEM: {e}")))?;
    match all.is_empty() {
        true => Err(content(
            path,
            "has no certificate in it (-----BEGIN CERTIFICATE-----)",
        )),
        false => Ok(all),
    }
}

/// The key in a file's bytes.
pub(crate) fn key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| {
        content(
            path,
            "has no private key in it (-----BEGIN PRIVATE KEY-----)",
        )
    })
}

/// The authorities in a file's bytes.
pub(crate) fn roots(path: &Path, pem: &[u8]) -> Result<Arc<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        let added = roots.add(certificate);
        added.map_err(|e| content(path, format!("is not the certificate of an authority: {e}")))?;
    }
    Ok(Arc::new(roots))
}

pub(crate) fn content(path: &Path, problem: impl Into<String>) -> Error {
    Error::Content {
        path: path.to_owned(),
        problem: problem.into(),
    }
}
