//! Takes what a store holds out of it and into another one: as a file that can be checked
//! before anything is written, or directly. What hangs on a lease stays behind: it is
//! about processes that run, and they write it anew.

mod file;
mod into;

use std::path::PathBuf;

use hark_core::store::{self, Entry, Key, Select, Store};

pub use file::{Contents, FORMAT, Header, read, write};
pub use into::{Mode, check_complete, import};

/// Why nothing was taken out or in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file can't be read or written.
    #[error("{path} can't be read or written: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what was written once.
    #[error("{path} is not whole: {what}; nothing was written, take another copy of it")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The file is from a later version.
    #[error("{path} has format {found}, this version reads up to {FORMAT}: use the newer Hark")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
    /// It holds another home.
    #[error("it holds what is under {found}, not under {expected}: name the right home (--home)")]
    OtherHome {
        /// What its keys begin with.
        found: String,
        /// What they would have to.
        expected: String,
    },
    /// There is something already.
    #[error("there are {count} keys under {prefix} already; --replace deletes them first")]
    NotEmpty {
        /// Where.
        prefix: String,
        /// How many.
        count: usize,
    },
    /// Somebody works with the store.
    #[error("{key} says that a Hark works with this store: stop it first")]
    InUse {
        /// A key that hangs on a lease.
        key: String,
    },
    /// An import was cut off, or is going on.
    #[error("an import under {prefix} has not finished: wait for it, or repeat it with --replace")]
    Unfinished {
        /// Where.
        prefix: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a store holds under `prefix` that outlives processes, at one revision.
///
/// # Errors
/// [`Error::Unfinished`], [`Error::Store`].
pub async fn collect(store: &dyn Store, prefix: &Key) -> Result<Contents, Error> {
    let found = store.range(Select::Prefix(prefix.clone())).await?;
    if found.entries.iter().any(|e| e.key == into::marker(prefix)) {
        return Err(into::unfinished(prefix));
    }
    let total = found.entries.len();
    let stays = |entry: &Entry| entry.lease.is_none();
    let entries: Vec<_> = found.entries.into_iter().filter(stays).collect();
    Ok(Contents {
        header: Header {
            format: FORMAT,
            prefix: prefix.to_string(),
            revision: found.revision.0,
        },
        left_out: total - entries.len(),
        pairs: entries.into_iter().map(|e| (e.key, e.value)).collect(),
    })
}
