//! What can keep a model from being had, and what to do about it.

use std::path::{Path, PathBuf};

/// Why a model could not be pulled or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of known models is wrong.
    #[error("{path}: {field}: {reason}")]
    Sources {
        /// Which file.
        path: PathBuf,
        /// What in it.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No such model is known.
    #[error("no model `{name}` is known; known are {known} (hark model list)")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The names that are known.
        known: String,
    },
    /// A file's digest is not known.
    #[error(
        "{model}: the SHA-256 of {file} from {from} is not known here; find it out where you \
         trust the answer, and give it: --sha256 {file}=HEX"
    )]
    Unpinned {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// Where it would come from.
        from: String,
    },
    /// An address is not one that is used.
    #[error("{address}: {reason}")]
    Address {
        /// The address, less its password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A server can't be reached, or breaks off.
    #[error("{address}: {reason}")]
    Network {
        /// What was asked for, less a password.
        address: String,
        /// What happened.
        reason: String,
    },
    /// A server answers with something else than what was asked for.
    #[error("{address} answers {status}")]
    Status {
        /// What was asked for, less a password.
        address: String,
        /// The answer.
        status: http::StatusCode,
    },
    /// A server sends more or less than there is.
    #[error("{address} sends {sent} bytes of something that has {expected}")]
    Size {
        /// What was asked for, less a password.
        address: String,
        /// How many there should be.
        expected: u64,
        /// How many were sent or announced.
        sent: u64,
    },
    /// What was downloaded is not what was asked for.
    #[error("{what} has the SHA-256 {found}, expected {expected}: it is not what was pinned")]
    Digest {
        /// What.
        what: String,
        /// As pinned.
        expected: String,
        /// As it is.
        found: String,
    },
    /// A package index has no such file.
    #[error("{file} is not in the package index; looked in {looked_in}")]
    NotInIndex {
        /// The wheel.
        file: String,
        /// Where it was looked for.
        looked_in: String,
    },
    /// A package index's page is none.
    #[error("{address}: {reason}")]
    Index {
        /// The page, less a password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A wheel is not what a wheel is.
    #[error("{wheel}: {member}: {reason}")]
    Wheel {
        /// The wheel.
        wheel: PathBuf,
        /// What in it.
        member: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another pull is under way.
    #[error("another pull is under way (it holds {0}); wait until it has ended")]
    Busy(PathBuf),
    /// Something is there already.
    #[error("{0} is there already; --force replaces it")]
    Exists(PathBuf),
    /// The disk has no room.
    #[error("{path}: the disk is full: {needed} bytes are needed and {free} are free")]
    NoSpace {
        /// Where.
        path: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A model is none.
    #[error(transparent)]
    Model(#[from] hark_whisper::Error),
    /// None of a model's sources gave it.
    #[error("{model} could not be had from any of its sources:{}", each(reasons))]
    AllFailed {
        /// The model.
        model: String,
        /// Each source, and why it did not give it.
        reasons: Vec<(String, Error)>,
    },
}

fn each(reasons: &[(String, Error)]) -> String {
    let line = |(source, error): &(String, Error)| format!("\n  {source}: {error}");
    reasons.iter().map(line).collect()
}

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<'_> {
        |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// Whether asking again may help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Network { .. } => true,
            Self::Status { status, .. } => {
                status.is_server_error() || matches!(status.as_u16(), 408 | 416 | 425 | 429)
            }
            _ => false,
        }
    }

    /// Whether another source may do better: not where this machine is what is in the way.
    pub fn is_of_the_source(&self) -> bool {
        !matches!(
            self,
            Self::Busy(_) | Self::Exists(_) | Self::NoSpace { .. } | Self::Io { .. }
        )
    }

    /// Whether the disk is full.
    pub fn is_full_disk(&self) -> bool {
        let full = |e: &std::io::Error| e.kind() == std::io::ErrorKind::StorageFull;
        match self {
            Self::NoSpace { .. } => true,
            Self::Io { source, .. } => full(source),
            Self::Model(hark_whisper::Error::Write(source)) => full(source),
            _ => false,
        }
    }
}
