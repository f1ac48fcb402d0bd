//! Why a connection failed, where certificates were the reason.

use std::error::Error;
use std::io;

use rustls::{AlertDescription, CertificateError};

/// Whose certificate was not accepted, and why. Words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The server does not accept this client's.
    #[error("the server refuses this client's certificate: {0}")]
    Ours(&'static str),
    /// This client does not accept the server's.
    #[error("the server's certificate is not to be trusted: {0}")]
    Theirs(String),
}

/// What in an error, or in what caused it, is about certificates.
pub fn refusal(error: &(dyn Error + 'static)) -> Option<Refusal> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(refusal) = tls(error).and_then(of) {
            return Some(refusal);
        }
        cause = error.source();
    }
    None
}

/// The error of TLS itself, which an I/O error may wrap without naming it its source.
fn tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref()?.downcast_ref(),
        None => error.downcast_ref(),
    }
}

fn of(error: &rustls::Error) -> Option<Refusal> {
    match error {
        rustls::Error::AlertReceived(alert) => alerted(*alert).map(Refusal::Ours),
        rustls::Error::InvalidCertificate(problem) => Some(Refusal::Theirs(invalid(problem))),
        _ => None,
    }
}

fn alerted(alert: AlertDescription) -> Option<&'static str> {
    Some(match alert {
        AlertDescription::CertificateExpired => "it has expired, or a clock is wrong",
        AlertDescription::CertificateRevoked => "it was revoked",
        AlertDescription::UnknownCA => "its authority is not the server's",
        AlertDescription::CertificateRequired => "there is none, and there has to be one",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied
        | AlertDescription::DecryptError => "it is not one for this server",
        _ => return None,
    })
}

fn invalid(problem: &CertificateError) -> String {
    match problem {
        // One of the same name with another key is another authority, too.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "another authority issued it; is the file with the authority the house's?".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it is for another name: {problem}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired, or this machine's clock is wrong".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet, or this machine's clock is wrong".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_told_from_other_trouble() {
        let wrapped = |error: rustls::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        let expired = wrapped(rustls::Error::AlertReceived(
            AlertDescription::CertificateExpired,
        ));
        assert!(matches!(refusal(&expired), Some(Refusal::Ours(_))));
        let unknown = wrapped(CertificateError::UnknownIssuer.into());
        assert!(matches!(refusal(&unknown), Some(Refusal::Theirs(_))));
        for other in [
            io::Error::from(io::ErrorKind::ConnectionRefused),
            wrapped(rustls::Error::DecryptError),
            wrapped(rustls::Error::AlertReceived(
                AlertDescription::NoApplicationProtocol,
            )),
        ] {
            assert_eq!(refusal(&other), None, "{other}");
        }
    }
}
