//! What goes wrong with a home.

use std::path::PathBuf;

use hark_core::store;

/// Why there is no home.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file can't be read.
    #[error("the home file {} can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key or value that a home does not have. The
    /// message shows the place.
    #[error("the home file {file} is wrong: {source}")]
    Syntax {
        /// The file.
        file: String,
        /// What is wrong where.
        source: Box<toml::de::Error>,
    },
    /// The file can be read, but what it says makes no home.
    #[error("the home file {file} is wrong at `{key}`: {problem}")]
    Invalid {
        /// The file.
        file: String,
        /// The key, like `devices.light.hallway.area`.
        key: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The states of the devices can't be read.
    #[error("the states of the devices can't be read from the store: {0}")]
    Store(#[from] store::Error),
}
