//! Certificates for tests: an authority, a server of its, a client of its, and another
//! authority that nobody trusts.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::Error;

/// A certificate and its key, in PEM files.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// What a server and its clients need, in files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The authority's certificate.
    pub ca: PathBuf,
    /// The server's.
    pub server: Identity,
    /// A client's.
    pub client: Identity,
    /// The certificate of an authority that has issued none of these.
    pub other_ca: PathBuf,
}

impl Tls {
    /// Makes them, in `folder`, for a server at `address`.
    ///
    /// # Errors
    /// [`Error::Certificate`], [`Error::Io`].
    pub fn create(folder: &Path, address: IpAddr) -> Result<Self, Error> {
        let (ca, issuer) = authority(folder, "ca")?;
        let (other_ca, _) = authority(folder, "other-ca")?;
        let names = vec![address.to_string(), "localhost".to_owned()];
        Ok(Self {
            ca,
            server: issue(folder, "server", names, &issuer)?,
            client: issue(folder, "client", vec![], &issuer)?,
            other_ca,
        })
    }
}

fn authority(folder: &Path, name: &str) -> Result<(PathBuf, Issuer<'static, KeyPair>), Error> {
    let mut params = CertificateParams::new(vec![])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let path = folder.join(format!("{name}.pem"));
    std::fs::write(&path, params.self_signed(&key)?.pem())?;
    Ok((path, Issuer::new(params, key)))
}

fn issue(
    folder: &Path,
    name: &str,
    names: Vec<String>,
    issuer: &Issuer<'static, KeyPair>,
) -> Result<Identity, Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let identity = Identity {
        cert: folder.join(format!("{name}.pem")),
        key: folder.join(format!("{name}.key")),
    };
    std::fs::write(&identity.cert, params.signed_by(&key, issuer)?.pem())?;
    std::fs::write(&identity.key, key.serialize_pem())?;
    Ok(identity)
}
