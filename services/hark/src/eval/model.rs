//! Which weights a model has, so that a figure can be told from another one's.

use std::path::Path;

use anyhow::Context as _;
use hark_whisper::Card;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A model's weights.
#[derive(Debug, Clone, Serialize)]
pub struct Weights {
    /// The file.
    pub file: String,
    /// Its size.
    pub bytes: usize,
    /// Its SHA-256.
    pub sha256: String,
}

impl Weights {
    /// Of the model at `path`, which has this card.
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn of(path: &Path, card: &Card) -> anyhow::Result<Self> {
        // A folder without a card is one of Hugging Face's.
        let places = [path.join(&card.file), path.join("model.safetensors")];
        let inside = places.into_iter().find(|place| place.is_file());
        let file = inside.unwrap_or_else(|| path.to_owned());
        let content = std::fs::read(&file).with_context(|| file.display().to_string())?;
        let digest = Sha256::digest(&content);
        Ok(Self {
            file: file.display().to_string(),
            bytes: content.len(),
            sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }
}
