//! The durable store of a single machine: one redb file that each commit is synced to
//! before anybody sees it or is told that it succeeded.
//!
//! Everything is held in memory as well, so reading needs no disk; the file is read when
//! the store is opened. Leases survive a restart and then have their whole time again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::redb::{Builder, Database, DatabaseError};
use hark_core::store::{self, Key, LeaseId, Revision, Select, Snapshot, Txn, TxnResult, Watch};
use hark_core::time::Clock;

use crate::Error;
use crate::config::Limits;
use crate::disk::Disk;
use crate::local::{Local, implement_store};
use crate::state::State;

/// The most that redb caches; the state is in memory already.
const CACHE_BYTES: usize = 8 << 20;

/// A store in a file. Dropping it finishes what waits and closes the file.
pub struct RedbStore(Local);

impl RedbStore {
    /// Opens the store in the file at `path`; creates it, and its folder, if there is
    /// none.
    ///
    /// # Errors
    /// The file is locked, damaged, of another format, or can't be read or written.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Self::on(DataFile::new(path), clock, Limits::default())
    }

    /// Opens the store on any medium, with limits of its own.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn on(medium: impl Medium, clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, Error> {
        let (disk, stored) = Disk::open(Box::new(medium))?;
        let mut state = State::empty(limits);
        state.apply(stored, clock.monotonic());
        Local::start(state, disk, clock).map(Self)
    }
}

implement_store!(RedbStore, "redb");

/// What a redb database lies on. It is opened again after each error, because redb
/// refuses to go on after one.
pub trait Medium: Send + 'static {
    /// What to call it in messages: the path of a file.
    fn path(&self) -> &Path;

    /// Opens the database, and creates it if there is none. `builder` is to be used for
    /// that.
    ///
    /// # Errors
    /// redb's.
    fn open(&self, builder: &Builder) -> Result<Database, DatabaseError>;
}

/// How the database is opened: every page's checksum is looked at, so that damage is
/// found now.
pub(crate) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_check_integrity_on_open(true);
    builder
}

/// A file on a disk.
#[derive(Debug)]
pub struct DataFile {
    path: PathBuf,
}

impl DataFile {
    /// The file at `path`.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Makes an empty database under another name and moves it into place, so that a
    /// crash never leaves half a database behind.
    fn create(&self, builder: &Builder) -> Result<(), DatabaseError> {
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        fs::create_dir_all(folder)?;
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        if let Err(error) = builder.create(&new) {
            // What a crash left of an earlier attempt.
            if matches!(error, DatabaseError::DatabaseAlreadyOpen) {
                return Err(error);
            }
            fs::remove_file(&new)?;
            drop(builder.create(&new)?);
        }
        match fs::rename(&new, &self.path) {
            // Another process was faster: the file is there.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.path.exists() => {}
            renamed => renamed?,
        }
        File::open(folder)?.sync_all()?;
        Ok(())
    }
}

impl Medium for DataFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn open(&self, builder: &Builder) -> Result<Database, DatabaseError> {
        if !self.path.exists() {
            self.create(builder)?;
        }
        builder.open(&self.path)
    }
}
