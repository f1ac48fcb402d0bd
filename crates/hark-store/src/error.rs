//! Why a store could not be opened: what was wrong, where, and what to do about it.

use std::io;
use std::path::PathBuf;

use hark_core::store;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process has the file open.
    #[error(
        "the store {path} is open in another process: stop that process, or choose another \
         store.path for this one"
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The file is no store, or it is damaged.
    #[error(
        "the store {path} is damaged ({what}): restore it from a copy, or move the file away \
         to begin with an empty store"
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file was written by a version that stores things in another way.
    #[error(
        "the store {path} has format {found}, this version reads format {known}: start the \
         version that wrote it"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The format that this version reads and writes.
        known: i64,
    },
    /// The disk or quota is full.
    #[error("no space left for the store {path}: free some space on its disk")]
    NoSpace {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file or its folder can't be read or written.
    #[error("the store {path} can't be opened: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A setting is wrong.
    #[error("`{setting}`: {what}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// etcd answers, and says no; or it does not answer, where nobody waits for it.
    #[error("the store in etcd can't be used: {source}")]
    Etcd {
        /// What it said.
        source: store::Error,
    },
    /// The store's thread could not be started.
    #[error("the store's thread can't be started: {0}")]
    Thread(#[source] io::Error),
}

impl From<Error> for store::Error {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Corrupt { .. } | Error::Format { .. } => Self::Corrupt(text),
            Error::NoSpace { .. } => Self::NoSpace(text),
            Error::Setting { .. } => Self::Invalid(text),
            Error::Etcd { source } => source,
            Error::Locked { .. } | Error::Io { .. } | Error::Thread(_) => Self::Unavailable(text),
        }
    }
}
