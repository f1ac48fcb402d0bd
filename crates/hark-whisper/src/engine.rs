//! The engine port on candle: what is asked of a model for one utterance.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use hark_core::engine::{self, Cancel, Description, Engine, Job, Transcription};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;
use crate::card::Card;
use crate::context::Context;
use crate::decoding::ModelInference;
use crate::dimensions::Dimensions;
use crate::listening::{Backend, listen};
use crate::model::Model;
use crate::vocabulary::Vocabulary;

/// How an engine computes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settings {
    /// Threads that compute at most; none: as many as there are physical cores.
    pub threads: Option<NonZeroUsize>,
}

/// Runs a [`Model`] on the CPU.
///
/// Its threads start with the first utterance and inherit the priority of the thread
/// that asks for it.
#[derive(Debug)]
pub struct CandleEngine {
    model: Model,
    threads: usize,
    pool: OnceLock<ThreadPool>,
}

impl CandleEngine {
    /// With a model.
    pub fn new(model: Model, settings: Settings) -> Self {
        let cores = candle_core::utils::get_num_threads();
        Self {
            model,
            threads: settings.threads.map_or(cores, NonZeroUsize::get),
            pool: OnceLock::new(),
        }
    }

    fn pool(&self) -> Result<&ThreadPool, Error> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .thread_name(|i| format!("hark-compute-{i}"))
            .build()?;
        Ok(self.pool.get_or_init(|| pool))
    }
}

impl Engine for CandleEngine {
    fn describe(&self) -> Description {
        let card = self.model.card();
        Description {
            model: card.name.clone(),
            engine: "candle",
            languages: card.languages.clone(),
        }
    }

    fn prepare(&mut self) -> Result<(), engine::Error> {
        let prepare = || self.model.prepare(&Cancel::default());
        Ok(self.pool()?.install(prepare)?)
    }

    fn transcribe(&mut self, job: &Job, cancel: &Cancel) -> Result<Transcription, engine::Error> {
        let listen = || listen(&self.model, job, cancel);
        self.pool()?.install(listen)
    }
}

impl Backend for Model {
    type Utterance<'a> = ModelInference<'a>;

    fn card(&self) -> &Card {
        self.card()
    }

    fn dimensions(&self) -> &Dimensions {
        self.dimensions()
    }

    fn vocabulary(&self) -> &Vocabulary {
        self.vocabulary()
    }

    fn context(&self) -> Context {
        self.context()
    }

    fn encode(
        &self,
        samples: &[f32],
        frames: usize,
        room: usize,
        cancel: &Cancel,
    ) -> Result<ModelInference<'_>, Error> {
        let encoded = Self::encode(self, &self.mel(samples, frames), cancel)?;
        Ok(ModelInference {
            model: self,
            cache: self.begin(&encoded, room)?,
        })
    }
}
