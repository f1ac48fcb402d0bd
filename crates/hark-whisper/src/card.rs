//! A model's card: what a model is, what it is for, and which file holds it.
//!
//! A card is a `card.toml` in the model's directory. A model without one gets a card
//! that claims nothing: all of Whisper's languages, the full [context](crate::Context).

use std::path::Path;

use hark_core::Language;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::context::{Context, SilenceTail};

/// The card's name in a model's directory.
pub const FILE_NAME: &str = "card.toml";

/// What is known of a model besides its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    /// The model's name, like `hark-nano`.
    pub name: String,
    /// The file with the weights, in the card's own directory: `*.safetensors` (with
    /// `config.json` and `tokenizer.json` beside it) or whisper.cpp's `ggml-*.bin`.
    pub file: String,
    /// The file's SHA-256, lower-case hexadecimal; empty: not checked.
    #[serde(default)]
    pub sha256: String,
    /// Whether the model bears a context as long as the audio. OpenAI's weights do
    /// not: they repeat themselves without end. They bear a silence tail instead.
    #[serde(default)]
    pub short_context: bool,
    /// Languages that the model was made for; empty: all of Whisper's.
    #[serde(default)]
    pub languages: Vec<Language>,
    /// What the model is for, in a sentence.
    #[serde(default)]
    pub purpose: String,
    /// What it can't do, in a sentence.
    #[serde(default)]
    pub limits: String,
    /// The licence of the weights (SPDX).
    #[serde(default)]
    pub licence: String,
    /// Where the weights come from.
    #[serde(default)]
    pub source: String,
    /// How silence stands for the frames that are not computed; absent: they all are,
    /// unless `short_context` is set. Whisper's own weights bear it with 16 and 48.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_tail: Option<SilenceTail>,
}

impl Card {
    /// Reads a card.
    ///
    /// # Errors
    /// [`Error::Io`] where it can't be read, [`Error::Field`] where it is not a card.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = String::from_utf8(crate::error::read(path)?)
            .map_err(|_| Error::field(path, "text", "it is not UTF-8"))?;
        let card: Self = toml::from_str(&text)
            .map_err(|error| Error::field(path, "card", error.to_string().trim_end()))?;
        card.check(path)?;
        Ok(card)
    }

    /// What the model listens to.
    pub fn context(&self) -> Context {
        match (self.short_context, self.silence_tail) {
            (_, Some(tail)) => Context::SilenceTail(tail),
            (true, None) => Context::AsLong,
            (false, None) => Context::Full,
        }
    }

    /// The card of a model that brings none: it claims nothing.
    pub fn unclaimed(path: &Path) -> Self {
        let text = |part: Option<&std::ffi::OsStr>| {
            part.map(|p| p.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        Self {
            name: text(path.file_stem()),
            file: text(path.file_name()),
            sha256: String::new(),
            short_context: false,
            languages: Vec::new(),
            purpose: String::new(),
            limits: String::new(),
            licence: String::new(),
            source: String::new(),
            silence_tail: None,
        }
    }

    /// Checks that a file's content is what the card describes.
    ///
    /// # Errors
    /// [`Error::Digest`] if it is not.
    pub fn verify(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        if self.sha256.is_empty() {
            return Ok(());
        }
        let digest = Sha256::digest(content);
        let found: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        if found == self.sha256 {
            return Ok(());
        }
        Err(Error::Digest {
            path: path.to_owned(),
            expected: self.sha256.clone(),
            found,
        })
    }

    fn check(&self, path: &Path) -> Result<(), Error> {
        if self.name.is_empty() {
            return Err(Error::field(path, "name", "it is empty"));
        }
        let plain = Path::new(&self.file).file_name() == Some(self.file.as_ref());
        if !plain {
            let reason = format!("`{}` is not the name of a file beside the card", self.file);
            return Err(Error::field(path, "file", reason));
        }
        if let Some(tail) = self.silence_tail {
            let wrong = |(field, reason): (&'static str, String)| Error::field(path, field, reason);
            tail.check().map_err(wrong)?;
            if self.short_context {
                let reason = "a model that bears a short_context needs none; leave one of them out";
                return Err(Error::field(path, "silence_tail", reason));
            }
        }
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let digest = &self.sha256;
        if !digest.is_empty() && (digest.len() != 64 || !digest.bytes().all(digits)) {
            let reason = "it is not 64 lower-case hexadecimal digits";
            return Err(Error::field(path, "sha256", reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Card, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE_NAME);
        std::fs::write(&path, text).unwrap();
        Card::load(&path).map_err(|e| e.to_string())
    }

    #[test]
    fn a_card_is_read() {
        let card = load(
            "name = \"n\"\nfile = \"ggml-n.bin\"\nshort_context = true\nlanguages = [\"de\"]\n",
        )
        .unwrap();
        assert!(card.short_context);
        assert_eq!(card.languages, [Language::german()]);
        assert_eq!(card.sha256, "");
        assert_eq!(card.context(), Context::AsLong);
    }

    #[test]
    fn a_card_says_what_the_model_listens_to() {
        let tail = |every, slack| Context::SilenceTail(SilenceTail { every, slack });
        for (rest, expect) in [
            ("", Context::Full),
            ("short_context = true", Context::AsLong),
            ("[silence_tail]", tail(16, 48)),
            ("[silence_tail]\nevery = 8", tail(8, 48)),
            ("[silence_tail]\nevery = 32\nslack = 64", tail(32, 64)),
        ] {
            let card = load(&format!("name = \"n\"\nfile = \"f\"\n{rest}")).unwrap();
            assert_eq!(card.context(), expect, "{rest}");
            let again: Card = toml::from_str(&toml::to_string(&card).unwrap()).unwrap();
            assert_eq!(again, card);
        }
    }

    #[test]
    fn a_bad_card_says_what_is_wrong_with_it() {
        for (text, expect) in [
            ("name = \"n\"", "missing field `file`"),
            ("name = \"n\"\nfile = \"f\"\ncolour = 1", "colour"),
            ("name = \"\"\nfile = \"f\"", "name: it is empty"),
            ("name = \"n\"\nfile = \"../f\"", "not the name of a file"),
            ("name = \"n\"\nfile = \"\"", "not the name of a file"),
            (
                "name = \"n\"\nfile = \"f\"\nsha256 = \"AB\"",
                "64 lower-case",
            ),
            (
                "name = \"n\"\nfile = \"f\"\nlanguages = [\"german\"]",
                "BCP-47",
            ),
            (
                "name = \"n\"\nfile = \"f\"\n[silence_tail]\nevery = 0",
                "silence_tail.every: 0 is not within 1 to 64",
            ),
            (
                "name = \"n\"\nfile = \"f\"\n[silence_tail]\nslack = 2000",
                "silence_tail.slack: 2000",
            ),
            (
                "name = \"n\"\nfile = \"f\"\n[silence_tail]\nlength = 1",
                "unknown field `length`",
            ),
            (
                "name = \"n\"\nfile = \"f\"\nshort_context = true\n[silence_tail]",
                "leave one of them out",
            ),
        ] {
            let error = load(text).unwrap_err();
            assert!(error.contains(expect), "{text}: {error}");
        }
    }

    #[test]
    fn a_file_is_held_against_its_digest() {
        let mut card = Card::unclaimed(Path::new("m.bin"));
        assert_eq!((card.name.as_str(), card.file.as_str()), ("m", "m.bin"));
        assert!(card.verify(Path::new("m.bin"), b"anything").is_ok());
        // FIPS 180-2, appendix B.1.
        card.sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        assert!(card.verify(Path::new("m.bin"), b"abc").is_ok());
        assert!(matches!(
            card.verify(Path::new("m.bin"), b"abd"),
            Err(Error::Digest { .. })
        ));
    }
}
