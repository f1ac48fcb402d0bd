//! The house's certificate authority: one key, from which nodes, speakers and people get
//! their certificates.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hark_core::HomeId;
use hark_core::credentials::{Certificate, Identity};
use hark_core::principal::Kind;
use hark_core::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, SerialNumber,
};

use crate::Error;
use crate::certificate::{read_der, uri_of_pem};
use crate::provider::provider;

/// A name that every node's certificate has, so that nodes can be found by addresses that
/// change, and what answers there is known to be a node of the home.
pub const NODE_DOMAIN: &str = "node.hark.internal";

/// When a certificate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// From then on.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
}

/// What a server is reached as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Host names.
    pub dns: Vec<String>,
    /// Addresses.
    pub ip: Vec<IpAddr>,
}

/// The authority of a home.
pub struct Authority {
    home: HomeId,
    cert_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate that was issued.
pub struct Issued {
    /// The certificate, in PEM.
    pub cert_pem: String,
    /// Its key, in PEM (PKCS #8). Keep it secret.
    pub key_pem: String,
    /// What it says.
    pub certificate: Certificate,
}

impl Authority {
    /// A new authority for a home; ECDSA on P-256.
    ///
    /// # Errors
    /// [`Error::Issue`].
    pub fn create(home: &HomeId, validity: Validity) -> Result<(Self, String), Error> {
        let key = new_key()?;
        let mut params = params(validity)?;
        let name = format!("Hark, home {home}");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        params.subject_alt_names = vec![uri(&format!("spiffe://{home}"))?];
        let cert_pem = params.self_signed(&key).map_err(failed)?.pem();
        let key_pem = key.serialize_pem();
        Ok((Self::from_pem(home.clone(), &cert_pem, &key_pem)?, key_pem))
    }

    /// An authority from its certificate and key.
    ///
    /// # Errors
    /// [`Error::Issue`] if they are none.
    pub fn from_pem(home: HomeId, cert_pem: &str, key_pem: &str) -> Result<Self, Error> {
        let key = KeyPair::from_pem(key_pem).map_err(failed)?;
        let issuer = Issuer::from_ca_cert_pem(cert_pem, key).map_err(failed)?;
        Ok(Self {
            home,
            cert_pem: cert_pem.to_owned(),
            issuer,
        })
    }

    /// The home whose authority an authority's certificate is.
    ///
    /// # Errors
    /// Why it is no home's.
    pub fn home_of(cert_pem: &str) -> Result<HomeId, String> {
        let uri = uri_of_pem(cert_pem)?;
        let home = uri.strip_prefix("spiffe://").map(HomeId::parse);
        match home {
            Some(Ok(home)) => Ok(home),
            _ => Err(format!("it is that of {uri}, and no authority's")),
        }
    }

    /// The authority's certificate, in PEM: what everybody may have.
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// Issues a certificate. A node's serves and calls, and is reached as `names`; others'
    /// only call.
    ///
    /// # Errors
    /// [`Error::Issue`]: a name that certificates can't have, or one of another home.
    pub fn issue(
        &self,
        identity: &Identity,
        names: &Names,
        validity: Validity,
    ) -> Result<Issued, Error> {
        if identity.home != self.home {
            let problem = format!("{identity} is not of the home {}", self.home);
            return Err(Error::Issue(problem));
        }
        let key = new_key()?;
        let mut params = params(validity)?;
        let (kind, name) = (identity.kind.as_str(), &identity.name);
        params
            .distinguished_name
            .push(DnType::CommonName, format!("{kind} {name}"));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names = vec![uri(&identity.to_string())?];
        if identity.kind == Kind::Node {
            params
                .extended_key_usages
                .push(ExtendedKeyUsagePurpose::ServerAuth);
            params.subject_alt_names.extend(served(names)?);
        }
        params.use_authority_key_identifier_extension = true;
        let signed = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Issued {
            cert_pem: signed.pem(),
            key_pem: key.serialize_pem(),
            certificate: read_der(signed.der()).map_err(Error::Issue)?,
        })
    }
}

fn new_key() -> Result<KeyPair, Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)
}

/// What every certificate has: its time, and a serial number that nobody guesses.
fn params(validity: Validity) -> Result<CertificateParams, Error> {
    let mut serial = [0; 16];
    let random = provider().secure_random.fill(&mut serial);
    random.map_err(|_| Error::Issue("the system has no randomness".to_owned()))?;
    // Positive, and without a leading zero (RFC 5280, 4.1.2.2).
    serial[0] = serial[0] & 0x3f | 0x40;
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.not_before = system_time(validity.from).into();
    params.not_after = system_time(validity.until).into();
    Ok(params)
}

fn served(names: &Names) -> Result<Vec<SanType>, Error> {
    let mut dns: Vec<&str> = names.dns.iter().map(String::as_str).collect();
    dns.push(NODE_DOMAIN);
    let dns = dns.into_iter().map(|name| {
        let ascii = name.try_into();
        let ascii = ascii.map_err(|_| Error::Issue(format!("`{name}` is no host name")))?;
        Ok(SanType::DnsName(ascii))
    });
    let ip = names.ip.iter().map(|ip| Ok(SanType::IpAddress(*ip)));
    dns.chain(ip).collect()
}

fn uri(text: &str) -> Result<SanType, Error> {
    let ascii = text.try_into();
    ascii.map(SanType::URI).map_err(failed)
}

fn system_time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.unix_ms).unwrap_or(0))
}

#[expect(clippy::needless_pass_by_value, reason = "as map_err gives it")]
fn failed(error: rcgen::Error) -> Error {
    Error::Issue(error.to_string())
}
