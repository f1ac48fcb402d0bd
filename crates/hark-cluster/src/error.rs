//! The one error of this crate: why a process can't say who it is.

use std::path::PathBuf;

/// Why a process can't take part.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting has a value that it can't have.
    #[error("`node.{setting}` {message}")]
    Setting {
        /// Its name in the section.
        setting: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The file with the node's id can't be read or written.
    #[error("cannot keep this node's id in {}: {source}; name it in `node.name` instead", path.display())]
    IdFile {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The process can't do what its frame should.
    #[error(transparent)]
    Runtime(#[from] hark_runtime::Error),
}
