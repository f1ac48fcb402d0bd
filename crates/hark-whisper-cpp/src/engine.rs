//! The engine port on whisper.cpp.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use hark_core::engine::{self, Cancel, Description, Engine, Job, Transcription};
use hark_whisper::{Backend as _, Context, listen};

use crate::Error;
use crate::model::Model;

/// The engine's name.
pub const NAME: &str = "whisper-cpp";

/// How an engine computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Threads that compute at most; none: one less than there are cores, as they spin while
    /// they wait for each other.
    pub threads: Option<NonZeroUsize>,
    /// What the model listens to; none: what its card says, and all of 30 s for a card
    /// that speaks of a silence tail.
    pub context: Option<Context>,
}

/// Runs a model on whisper.cpp. Clones share the model; each utterance has a state of its
/// own from a pool, so that several threads may use clones at once.
#[derive(Debug, Clone)]
pub struct WhisperCppEngine {
    model: Arc<Model>,
}

impl WhisperCppEngine {
    /// Loads a model: a directory with a card, or a file, as [`hark_whisper::Model::load`].
    ///
    /// # Errors
    /// [`Error`]: what can't be read, is damaged, or asks for what whisper.cpp can't do.
    pub fn load(path: &Path, settings: Settings) -> Result<Self, Error> {
        let model = Arc::new(Model::load(path, settings)?);
        Ok(Self { model })
    }
}

impl Engine for WhisperCppEngine {
    fn describe(&self) -> Description {
        let card = self.model.card();
        Description {
            model: card.name.clone(),
            engine: NAME,
            languages: card.languages.clone(),
        }
    }

    fn prepare(&mut self) -> Result<(), engine::Error> {
        let prepared = self.model.prepare().map_err(hark_whisper::Error::from);
        Ok(prepared?)
    }

    fn transcribe(&mut self, job: &Job, cancel: &Cancel) -> Result<Transcription, engine::Error> {
        listen(&*self.model, job, cancel)
    }
}
