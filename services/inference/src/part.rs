//! The part: built once, then routes for a server and a life of its own.

use std::num::NonZeroUsize;
use std::path::Path;

use hark_core::cluster;
use hark_core::engine::{Description, Engine};
use hark_runtime::drain::Drain;
use hark_runtime::health;
use hark_whisper::{CandleEngine, FakeEngine, Settings};
use tonic::service::Routes;

use crate::apart::{self, Apart, Program};
use crate::config::{Config, EngineKind, Listens};
use crate::worker::Worker;
use crate::{Error, Picked, grpc, pick};

/// The services that this part has.
pub const NAMES: &[&str] = &["hark.internal.v1.Inference"];

/// Turns audio into words.
#[derive(Debug)]
pub struct Inference {
    worker: Worker,
    tier: u32,
    picked: Option<Picked>,
}

impl Inference {
    /// Loads the model and starts the engine's thread. Takes seconds: call it where
    /// blocking is fine.
    ///
    /// # Errors
    /// [`Error`] names the setting or the file that is wrong.
    pub fn build(config: &Config, part: health::Part) -> Result<Self, Error> {
        let picked = picked(config)?;
        for note in picked.iter().flat_map(|picked| &picked.notes) {
            tracing::info!(note, "model chosen");
        }
        let (config, tier) = (config.clone(), config.tier);
        let capacity = config.queue_capacity;
        // An engine that is built again gets the same model, whatever is there by then.
        let path = picked.as_ref().map(|picked| picked.path.clone());
        let worker = Worker::start(move || build(&config, path.as_deref()), capacity, part)?;
        Ok(Self {
            worker,
            tier,
            picked,
        })
    }

    /// Which model it runs, and why; none with the fake engine.
    pub fn picked(&self) -> Option<&Picked> {
        self.picked.as_ref()
    }

    /// What the engine runs.
    pub fn description(&self) -> &Description {
        self.worker.description()
    }

    /// The model as others are told of it.
    pub fn model(&self) -> cluster::Model {
        let description = self.description();
        cluster::Model {
            name: description.model.clone(),
            engine: description.engine.to_owned(),
            tier: self.tier,
            languages: description.languages.clone(),
        }
    }

    /// Calls that it takes at once: those that wait, and the one that is worked on.
    pub fn capacity(&self) -> usize {
        self.worker.queue().0 + 1
    }

    /// The part's services, for a server.
    pub fn routes(&self) -> Routes {
        grpc::routes(self.worker.clone())
    }

    /// Keeps the engine until the drain is requested. What runs then is finished, as
    /// calls that still wait hold the engine too.
    pub async fn run(self, drain: Drain) {
        drain.requested().await;
    }
}

/// The engine that a configuration asks for, without a worker around it.
///
/// # Errors
/// As [`Inference::build`].
pub fn engine(config: &Config) -> Result<Box<dyn Engine>, Error> {
    let picked = picked(config)?;
    build(config, picked.as_ref().map(|picked| &*picked.path))
}

/// The model that a configuration asks for; none where the engine needs none.
fn picked(config: &Config) -> Result<Option<Picked>, Error> {
    config.check()?;
    match config.engine {
        EngineKind::Fake => Ok(None),
        EngineKind::Candle | EngineKind::WhisperCpp => pick(config).map(Some),
    }
}

/// Builds an engine with the model of a path.
///
/// # Errors
/// [`Error::Model`]; [`Error::Apart`].
fn build(config: &Config, path: Option<&Path>) -> Result<Box<dyn Engine>, Error> {
    match path {
        Some(path) if config.engine == EngineKind::WhisperCpp => {
            let load = apart::Load {
                path: path.to_owned(),
                threads: config.threads,
                is_full: config.context == Listens::Full,
            };
            Ok(Box::new(Apart::start(Program::this(), load)?))
        }
        None => {
            tracing::warn!("the engine is fake: it hears nothing and says what it was told to");
            Ok(Box::new(FakeEngine::saying(
                config.fake_transcript.as_str(),
            )))
        }
        Some(path) => {
            let model = pick::load(path, config.context.of())?;
            let settings = Settings {
                threads: NonZeroUsize::new(config.threads),
            };
            Ok(Box::new(CandleEngine::new(model, settings)))
        }
    }
}
