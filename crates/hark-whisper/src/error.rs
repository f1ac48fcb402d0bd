//! What can go wrong with a model, and what to do about it.

use std::path::{Path, PathBuf};

use hark_core::engine;
use serde::de::DeserializeOwned;

use crate::quant::Format;

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something that is there is not a model of a kind that is known.
    #[error(
        "{path} is not a Whisper model: {reason}; give a directory with a card.toml, a Hugging \
         Face or CTranslate2 directory, or a ggml file of whisper.cpp"
    )]
    NotAModel {
        /// What was given.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A file ends too early.
    #[error(
        "{path} is truncated: {field} needs {needed} bytes and {left} are left; get the file again"
    )]
    Truncated {
        /// Which file.
        path: PathBuf,
        /// What was being read.
        field: String,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that are left.
        left: u64,
    },
    /// A field of a file holds what it can't.
    #[error("{path}: {field}: {reason}")]
    Field {
        /// Which file.
        path: PathBuf,
        /// Which field.
        field: String,
        /// What is wrong with it and what would be right.
        reason: String,
    },
    /// A tensor that Whisper has is not there.
    #[error("{path} has no tensor {tensor}; it is incomplete or not a Whisper model")]
    MissingTensor {
        /// Which file.
        path: PathBuf,
        /// The tensor, by its name in openai-whisper.
        tensor: String,
    },
    /// A tensor has another shape than the file's own sizes ask for.
    #[error("{path}: tensor {tensor} has the shape {found:?}, expected {expected:?}")]
    Shape {
        /// Which file.
        path: PathBuf,
        /// The tensor, by its name in openai-whisper.
        tensor: String,
        /// What it should have; outermost dimension first.
        expected: Vec<usize>,
        /// What it has; outermost dimension first.
        found: Vec<usize>,
    },
    /// A file is not the one that its card describes.
    #[error("{path} has the SHA-256 {found}, its card says {expected}; get the file again")]
    Digest {
        /// Which file.
        path: PathBuf,
        /// What the card says; lower-case hexadecimal.
        expected: String,
        /// What it is; lower-case hexadecimal.
        found: String,
    },
    /// A tensor's values do not fit the format that they should be written in.
    #[error("tensor {tensor} can not be written as {format:?}: {reason}")]
    Unwritable {
        /// The tensor, by its name in openai-whisper.
        tensor: String,
        /// The format.
        format: Format,
        /// Why not, and which format would do.
        reason: String,
    },
    /// A model could not be written.
    #[error("cannot write the model: {0}")]
    Write(#[from] std::io::Error),
    /// A model can't listen to the context that was asked for.
    #[error("the model {model} can not listen so: {reason}")]
    Context {
        /// The model.
        model: String,
        /// Why not, and what would do.
        reason: String,
    },
    /// More tokens were given to the decoder than its context holds.
    #[error("the decoder's context of {context} tokens is full")]
    ContextFull {
        /// How many tokens it holds.
        context: usize,
    },
    /// Nobody wants the result any more.
    #[error("cancelled")]
    Cancelled,
    /// The engine's threads could not be started.
    #[error("cannot start the engine's threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A computation failed.
    #[error("the model's computation failed: {0}")]
    Compute(Box<candle_core::Error>),
    /// What computes the model instead of us failed.
    #[error("the model's computation failed: {0}")]
    Backend(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(crate) fn field(path: &Path, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Field {
            path: path.to_owned(),
            field: field.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn not_a_model(path: &Path, reason: impl Into<String>) -> Self {
        Self::NotAModel {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Compute(Box::new(error))
    }
}

impl From<Error> for engine::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Cancelled => Self::Cancelled,
            other => Self::Broken(other.to_string()),
        }
    }
}

/// Reads a whole file, but nothing that is not a file (a device has no end).
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Error::not_a_model(path, "it is not a file"));
    }
    std::fs::read(path).map_err(failed)
}

/// A file of JSON.
pub(crate) fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    json_of(path, &read(path)?)
}

/// A file's content, of JSON.
pub(crate) fn json_of<T: DeserializeOwned>(path: &Path, content: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(content).map_err(|error| Error::field(path, "JSON", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_which_file_and_field_and_what_to_do() {
        let truncated = Error::Truncated {
            path: "m.bin".into(),
            field: "tensor decoder.ln.bias".into(),
            needed: 512,
            left: 3,
        };
        assert_eq!(
            truncated.to_string(),
            "m.bin is truncated: tensor decoder.ln.bias needs 512 bytes and 3 are left; get the \
             file again"
        );
        let field = Error::field(Path::new("m.bin"), "n_mels", "81 is neither 80 nor 128");
        assert_eq!(field.to_string(), "m.bin: n_mels: 81 is neither 80 nor 128");
    }

    #[test]
    fn cancelled_stays_cancelled_and_the_rest_breaks_the_engine() {
        assert_eq!(
            engine::Error::from(Error::Cancelled),
            engine::Error::Cancelled
        );
        assert!(matches!(
            engine::Error::from(Error::ContextFull { context: 448 }),
            engine::Error::Broken(why) if why.contains("448")
        ));
    }

    #[test]
    fn only_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(read(dir.path()), Err(Error::NotAModel { .. })));
        assert!(matches!(
            read(&dir.path().join("none")),
            Err(Error::Io { .. })
        ));
        assert!(matches!(
            read(Path::new("/dev/zero")),
            Err(Error::NotAModel { .. })
        ));
    }
}
