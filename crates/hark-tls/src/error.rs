//! The one error of this crate.

use std::path::PathBuf;

/// Why certificates can't be used or made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} {problem}", path.display())]
    Content {
        /// Which.
        path: PathBuf,
        /// What is wrong with it, after its name.
        problem: String,
    },
    /// Files that are right by themselves don't go together.
    #[error("{} and {} don't go together: {problem}", cert.display(), key.display())]
    Pair {
        /// The certificate's.
        cert: PathBuf,
        /// The key's.
        key: PathBuf,
        /// Why not.
        problem: String,
    },
    /// A setting makes no sense.
    #[error("`{setting}` {problem}")]
    Setting {
        /// Its name, within the settings of TLS.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A certificate can't be made.
    #[error("cannot make the certificate: {0}")]
    Issue(String),
}
