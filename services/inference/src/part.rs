//! The part: built once, then routes for a server and a life of its own.

use std::num::NonZeroUsize;

use hark_core::cluster;
use hark_core::engine::{Description, Engine};
use hark_runtime::drain::Drain;
use hark_runtime::health;
use hark_whisper::{CandleEngine, FakeEngine, Model, Settings};
use tonic::service::Routes;

use crate::config::{Config, EngineKind};
use crate::worker::Worker;
use crate::{Error, grpc, models};

/// The services that this part has.
pub const NAMES: &[&str] = &["hark.internal.v1.Inference"];

/// Turns audio into words.
#[derive(Debug)]
pub struct Inference {
    worker: Worker,
    tier: u32,
}

impl Inference {
    /// Loads the model and starts the engine's thread. Takes seconds: call it where
    /// blocking is fine.
    ///
    /// # Errors
    /// [`Error`] names the setting or the file that is wrong.
    pub fn build(config: &Config, part: health::Part) -> Result<Self, Error> {
        config.check()?;
        let (config, tier) = (config.clone(), config.tier);
        let capacity = config.queue_capacity;
        let worker = Worker::start(move || engine(&config), capacity, part)?;
        Ok(Self { worker, tier })
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

/// Builds the engine that a configuration asks for.
///
/// # Errors
/// [`Error::UnknownModel`] or [`Error::Model`].
fn engine(config: &Config) -> Result<Box<dyn Engine>, Error> {
    match config.engine {
        EngineKind::Fake => {
            tracing::warn!("the engine is fake: it hears nothing and says what it was told to");
            Ok(Box::new(FakeEngine::saying(
                config.fake_transcript.as_str(),
            )))
        }
        EngineKind::Candle => {
            let model = Model::load(&models::resolve(&config.model)?)?;
            let settings = Settings {
                threads: NonZeroUsize::new(config.threads),
            };
            Ok(Box::new(CandleEngine::new(model, settings)))
        }
    }
}
