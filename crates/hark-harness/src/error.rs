//! Why a server could not be started or spoken to.

use std::io;
use std::path::PathBuf;

/// Why a server could not be started or spoken to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program could not be run.
    #[error("{program} can't be run: {source}")]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It did not become what was waited for.
    #[error("{what} did not happen within {seconds} s; the end of its log:\n{log}")]
    NotReady {
        /// What was waited for.
        what: String,
        /// How long.
        seconds: u64,
        /// The last lines of its log.
        log: String,
    },
    /// A file or a socket.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A signal could not be sent.
    #[error("a signal could not be sent: {0}")]
    Signal(#[from] nix::Error),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// etcd refused what was asked.
    #[error("etcd refused: {0}")]
    Etcd(#[from] etcd_client::Error),
}
