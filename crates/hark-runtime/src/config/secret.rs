//! Secrets, which live in files of their own.

use std::fmt;
use std::path::Path;

use crate::Error;

/// A secret: never printed, compared in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// The longest secret, in bytes.
const MAX_BYTES: usize = 4096;

impl Secret {
    /// Reads a file that holds nothing but the secret, on one line.
    ///
    /// # Errors
    /// [`Error::Read`] if the file can't be read; [`Error::Secret`] if it is empty, has
    /// several lines, or more than can be sent in a header.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(text.trim_end_matches(['\n', '\r'])).map_err(|reason| Error::Secret {
            path: path.to_owned(),
            reason,
        })
    }

    /// Takes a secret that a program has from elsewhere.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Err("it is empty"),
            t if t.len() > MAX_BYTES => Err("it has more than 4096 bytes"),
            t if !t.bytes().all(|b| b.is_ascii_graphic()) => {
                Err("it has spaces, several lines, or characters beyond ASCII")
            }
            t => Ok(Self(t.to_owned())),
        }
    }

    /// The secret itself; for whoever must send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is the secret. How long this takes tells nothing but the
    /// length.
    pub fn matches(&self, candidate: &str) -> bool {
        let (a, b) = (self.0.as_bytes(), candidate.as_bytes());
        let differences = a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y));
        a.len() == b.len() && std::hint::black_box(differences) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> Result<Secret, Error> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, content).unwrap();
        Secret::read(&path)
    }

    #[test]
    fn a_secret_is_one_line() {
        for (content, ok) in [
            ("s3cret", true),
            ("s3cret\n", true),
            ("s3cret\r\n", true),
            ("", false),
            ("\n", false),
            ("two words", false),
            ("two\nlines", false),
            ("gehe\u{ef}m", false),
            (&"x".repeat(5000), false),
        ] {
            assert_eq!(read(content).is_ok(), ok, "{content:?}");
        }
        let missing = Secret::read(Path::new("/nonexistent/token")).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("cannot read /nonexistent/token")
        );
    }

    #[test]
    fn a_secret_is_compared_whole_and_never_printed() {
        let secret = Secret::parse("s3cret").unwrap();
        for (candidate, same) in [
            ("s3cret", true),
            ("s3cre", false),
            ("s3cret!", false),
            ("", false),
        ] {
            assert_eq!(secret.matches(candidate), same, "{candidate}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }
}
