//! The one error of this crate: why a worker can't start.

use std::path::PathBuf;

/// Why a worker can't start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting has a value that it can't have.
    #[error("`{setting}` {message}")]
    Setting {
        /// Its key.
        setting: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The model that comes with Hark is not where it should be.
    #[error("the bundled model is not there; looked in {}; name one with --model", list(.0))]
    NoBundledModel(Vec<PathBuf>),
    /// The model can't be loaded.
    #[error("cannot load the model: {0}")]
    Model(#[from] hark_whisper::Error),
    /// The process can't say who it is.
    #[error(transparent)]
    Cluster(#[from] hark_cluster::Error),
    /// The store to register in can't be opened.
    #[error(transparent)]
    Store(#[from] hark_store::Error),
    /// The process can't start or go on.
    #[error(transparent)]
    Runtime(#[from] hark_runtime::Error),
    /// The engine's thread can't be started.
    #[error("cannot start the engine's thread: {0}")]
    Thread(std::io::Error),
}

fn list(paths: &[PathBuf]) -> String {
    let each: Vec<_> = paths.iter().map(|p| p.display().to_string()).collect();
    each.join(", ")
}
