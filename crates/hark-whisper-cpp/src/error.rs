//! What can go wrong with whisper.cpp, and what to do about it.

use std::path::PathBuf;

use whisper_rs::WhisperError;

/// Why a model could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is no model, is damaged, or not what its card describes.
    #[error(transparent)]
    Model(#[from] hark_whisper::Error),
    /// whisper.cpp does not take a file that looks right.
    #[error("whisper.cpp does not load {path}: {reason}; use the engine candle for it")]
    Load {
        /// Which.
        path: PathBuf,
        /// What it says.
        reason: WhisperError,
    },
    /// This machine lacks instructions that whisper.cpp was built with.
    #[error(
        "whisper.cpp was built for processors with {missing}, which this machine lacks; use the \
         engine candle"
    )]
    Processor {
        /// Which, in words.
        missing: String,
    },
    /// The model knows nothing of a silence tail here.
    #[error("whisper.cpp can not listen to a silence tail; leave the context to the model's card")]
    SilenceTail,
    /// A computation failed.
    #[error("whisper.cpp failed to {doing}: {reason}")]
    Compute {
        /// What it was doing.
        doing: &'static str,
        /// What it says.
        reason: WhisperError,
    },
}

impl From<Error> for hark_whisper::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Model(error) => error,
            other => Self::Backend(Box::new(other)),
        }
    }
}
