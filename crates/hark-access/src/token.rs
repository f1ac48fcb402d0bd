//! Tokens: 256 bits of the operating system's randomness behind a prefix that scanners for
//! leaked secrets can look for.

use std::fmt;

use hark_core::credentials::Digest;
use hark_core::principal::Kind;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::Digest as _;

use crate::Error;

/// Random bytes of a token.
const RANDOM_BYTES: usize = 32;
/// Random bytes of a credential's id.
const ID_BYTES: usize = 8;

/// A token: shown once, never kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new token: `hark_spk_` or `hark_per_`, and 64 hexadecimal digits.
    pub(crate) fn generate(kind: Kind) -> Result<Self, Error> {
        let prefix = match kind {
            Kind::Speaker => "hark_spk_",
            Kind::Person => "hark_per_",
            Kind::Node | Kind::Anonymous => return Err(Error::Kind),
        };
        Ok(Self(format!("{prefix}{}", random::<RANDOM_BYTES>()?)))
    }

    /// A token that somebody has.
    pub fn of(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The token itself; for whoever it was made for.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> Digest {
        Digest(sha2::Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// An id that no other credential has.
pub(crate) fn credential_id() -> Result<String, Error> {
    random::<ID_BYTES>()
}

fn random<const N: usize>() -> Result<String, Error> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Error::Randomness)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_different_and_not_shown() {
        for (kind, prefix) in [(Kind::Speaker, "hark_spk_"), (Kind::Person, "hark_per_")] {
            let (one, other) = (
                Token::generate(kind).unwrap(),
                Token::generate(kind).unwrap(),
            );
            let random = one.expose().strip_prefix(prefix).unwrap();
            assert_eq!(random.len(), 64);
            assert!(random.chars().all(|c| c.is_ascii_hexdigit()));
            assert_ne!(one, other);
            assert_ne!(one.digest(), other.digest());
            assert_eq!(format!("{one:?}"), "Token(..)");
            assert_eq!(
                Token::of(&format!("{}\n", one.expose())).digest(),
                one.digest()
            );
        }
        assert!(Token::generate(Kind::Node).is_err());
    }
}
