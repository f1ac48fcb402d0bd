//! The name that a certificate gives its holder: `spiffe://<home>/<kind>/<name>`, as in
//! SPIFFE (<https://spiffe.io>), where a home is the trust domain.

use std::fmt;

use super::Refused;
use crate::ids::{HomeId, PrincipalId};
use crate::principal::Kind;
use crate::time::Timestamp;

/// The scheme of the names.
const SCHEME: &str = "spiffe://";
/// The longest serial number, in bytes (RFC 5280, 4.1.2.2).
const MAX_SERIAL_BYTES: usize = 20;

/// Who somebody is, as a certificate of the home says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The home that says so.
    pub home: HomeId,
    /// What it is: a node, a speaker or a person.
    pub kind: Kind,
    /// Who of them.
    pub name: PrincipalId,
}

/// A URI does not name anybody of a home.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{uri}` names nobody: {reason}; names look like spiffe://HOME/speaker/NAME")]
pub struct NameError {
    /// What was given.
    pub uri: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Identity {
    /// Reads a name.
    ///
    /// # Errors
    /// [`NameError`] if it is not exactly `spiffe://<home>/<kind>/<name>` with `node`,
    /// `speaker` or `person` as its kind.
    pub fn parse(uri: &str) -> Result<Self, NameError> {
        let wrong = |reason| NameError {
            uri: uri.chars().take(200).collect(),
            reason,
        };
        let path = uri
            .strip_prefix(SCHEME)
            .ok_or_else(|| wrong("it does not begin with spiffe://"))?;
        let mut parts = path.split('/');
        let (Some(home), Some(kind), Some(name), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong("it has not three parts"));
        };
        let kind = Kind::parse(kind).filter(|kind| *kind != Kind::Anonymous);
        Ok(Self {
            home: HomeId::parse(home).map_err(|_| wrong("its home is no id"))?,
            kind: kind.ok_or_else(|| wrong("its kind is not node, speaker or person"))?,
            name: PrincipalId::parse(name).map_err(|_| wrong("its name is no id"))?,
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (home, kind, name) = (&self.home, self.kind.as_str(), &self.name);
        write!(f, "{SCHEME}{home}/{kind}/{name}")
    }
}

/// The serial number of a certificate, in lower-case hexadecimal without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(Box<str>);

impl Serial {
    /// From the bytes of a certificate.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        Self::significant(&hex)
    }

    /// Reads hexadecimal digits, with or without colons between the bytes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let hex: String = text.chars().filter(|c| *c != ':').collect();
        if hex.is_empty() || !hex.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err("a serial number has hexadecimal digits, like 4f:02:9a");
        }
        if hex.len() > 2 * MAX_SERIAL_BYTES + 2 {
            return Err("a serial number has at most 20 bytes");
        }
        Ok(Self::significant(&hex.to_ascii_lowercase()))
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn significant(hex: &str) -> Self {
        let digits = hex.trim_start_matches('0');
        Self(if digits.is_empty() { "0" } else { digits }.into())
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a certificate says, after its issuer was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub identity: Identity,
    /// Its number among those of its issuer.
    pub serial: Serial,
    /// From when on it counts.
    pub not_before: Timestamp,
    /// Until when it counts.
    pub not_after: Timestamp,
}

impl Certificate {
    /// Whether `now` is within its time. A connection may outlive its certificate, so this
    /// is asked again at every call.
    ///
    /// # Errors
    /// [`Refused::NotYetValid`] or [`Refused::Expired`].
    pub fn check(&self, now: Timestamp) -> Result<(), Refused> {
        if now < self.not_before {
            return Err(Refused::NotYetValid);
        }
        match now > self.not_after {
            true => Err(Refused::Expired),
            false => Ok(()),
        }
    }
}
