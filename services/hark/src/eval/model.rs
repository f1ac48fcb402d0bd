//! Which weights a model has, so that a figure can be told from another one's.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

/// A model's weights.
#[derive(Debug, Clone, Serialize)]
pub struct Weights {
    /// The file.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl Weights {
    /// Of the model at `path`.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        let (file, _) = hark_whisper::locate(path)?;
        let metadata = std::fs::metadata(&file).with_context(|| file.display().to_string())?;
        Ok(Self {
            sha256: hark_models::digest(&file)?,
            bytes: metadata.len(),
            file: file.display().to_string(),
        })
    }
}
