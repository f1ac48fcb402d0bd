//! What a certificate says, from its bytes.

use hark_core::credentials::{Certificate, Identity, Serial};
use hark_core::time::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;

/// What a client showed in its handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// No certificate.
    Nothing,
    /// A certificate of an authority that is trusted, which names somebody.
    Named(Box<Certificate>),
    /// A certificate of an authority that is trusted, and why it names nobody.
    Nameless(String),
}

impl Presented {
    /// What a chain of certificates says whose issuer was checked.
    pub(crate) fn of(chain: Option<&[CertificateDer<'_>]>) -> Self {
        let Some(first) = chain.and_then(<[_]>::first) else {
            return Self::Nothing;
        };
        match read_der(first) {
            Ok(certificate) => Self::Named(Box::new(certificate)),
            Err(reason) => Self::Nameless(reason),
        }
    }
}

/// What the first certificate of a PEM text says. Nobody has checked who issued it.
///
/// # Errors
/// Why it names nobody.
pub fn read_pem(pem: &str) -> Result<Certificate, String> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes());
    read_der(&der.map_err(|e| format!("it is no PEM certificate: {e}"))?)
}

/// The URI in the first certificate of a PEM text.
pub(crate) fn uri_of_pem(pem: &str) -> Result<String, String> {
    let der = CertificateDer::from_pem_slice(pem.as_bytes());
    let der = der.map_err(|e| format!("it is no PEM certificate: {e}"))?;
    let (_, parsed) =
        X509Certificate::from_der(&der).map_err(|e| format!("it is no certificate: {e}"))?;
    name(&parsed).map(str::to_owned)
}

pub(crate) fn read_der(der: &CertificateDer<'_>) -> Result<Certificate, String> {
    let (_, parsed) =
        X509Certificate::from_der(der).map_err(|e| format!("it is no certificate: {e}"))?;
    let identity = Identity::parse(name(&parsed)?).map_err(|e| e.to_string())?;
    Ok(Certificate {
        identity,
        serial: Serial::from_bytes(parsed.raw_serial()),
        not_before: timestamp(parsed.validity().not_before),
        not_after: timestamp(parsed.validity().not_after),
    })
}

/// The moment after which a certificate counts no more, whatever it says otherwise.
pub(crate) fn expiry(der: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    Some(timestamp(parsed.validity().not_after))
}

/// The one URI that names its holder; two could mean two people.
fn name<'a>(parsed: &'a X509Certificate<'_>) -> Result<&'a str, String> {
    let names = parsed.subject_alternative_name();
    let names = names.map_err(|e| format!("its names can't be read: {e}"))?;
    let names = names.map(|extension| &*extension.value.general_names);
    let uri = |name: &&'a GeneralName<'_>| matches!(name, GeneralName::URI(_));
    let mut uris = names.unwrap_or_default().iter().filter(uri);
    match (uris.next(), uris.next()) {
        (Some(GeneralName::URI(uri)), None) => Ok(uri),
        (None, _) => Err("it has no URI among its names".to_owned()),
        _ => Err("it has several URIs among its names".to_owned()),
    }
}

fn timestamp(time: ASN1Time) -> Timestamp {
    Timestamp::from_unix_ms(time.timestamp().saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, SanType};

    use super::*;

    fn presented(uris: &[&str]) -> Presented {
        let mut params = CertificateParams::new(vec!["kitchen.local".to_owned()]).unwrap();
        for uri in uris {
            let uri = (*uri).try_into().unwrap();
            params.subject_alt_names.push(SanType::URI(uri));
        }
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Presented::of(Some(&[certificate.der().clone()]))
    }

    #[test]
    fn a_certificate_names_one_or_nobody() {
        let kitchen = "spiffe://home/speaker/kitchen";
        let Presented::Named(certificate) = presented(&[kitchen]) else {
            panic!("it names nobody");
        };
        assert_eq!(certificate.identity.to_string(), kitchen);
        for (uris, says) in [
            (&[][..], "no URI"),
            (&[kitchen, "spiffe://home/node/n1"], "several URIs"),
            (&["https://home/speaker/kitchen"], "spiffe://"),
            (&["spiffe://home/speaker/kitchen/x"], "three parts"),
        ] {
            match presented(uris) {
                Presented::Nameless(reason) => assert!(reason.contains(says), "{reason}"),
                other => panic!("{uris:?}: {other:?}"),
            }
        }
        assert_eq!(Presented::of(None), Presented::Nothing);
        assert_eq!(Presented::of(Some(&[])), Presented::Nothing);
    }

    #[test]
    fn what_is_no_certificate_is_said() {
        for text in [
            "",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            assert!(
                read_pem(text).unwrap_err().contains("certificate"),
                "{text}"
            );
        }
    }
}
