//! Turns audio into words: a bounded queue in front of one engine on its own thread,
//! served as `hark.internal.v1.Inference`.
//!
//! [`Config`] → [`Inference::build`] (loads the model, so that a bad one is a start-up
//! error) → [`Inference::routes`] and [`Inference::run`].

pub mod apart;
mod config;
mod error;
mod grpc;
mod machine;
mod metrics;
pub mod models;
mod part;
mod pick;
pub mod process;
mod trace;
mod worker;

pub use config::{AUTO, Config, Device, EngineKind, Listens};
pub use error::Error;
pub use models::{BUNDLED, Library, resolve};
pub use part::{Inference, NAMES, engine};
pub use pick::{Picked, load, pick};
pub use worker::{Factory, Transcribed, Worker, WorkerError};
