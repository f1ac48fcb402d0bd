//! The store that forgets everything with its process; for tests. It behaves as
//! [`RedbStore`](crate::RedbStore) does, disk aside.

use std::sync::Arc;
use std::time::Duration;

use hark_core::store::{self, Key, LeaseId, Revision, Select, Snapshot, Txn, TxnResult, Watch};
use hark_core::time::Clock;

use crate::Error;
use crate::config::Limits;
use crate::local::{Local, implement_store};
use crate::state::{Commit, State};
use crate::worker::{Failure, Log};

/// A store in memory. Dropping it ends its thread.
pub struct MemoryStore(Local);

impl MemoryStore {
    /// An empty store.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn open(clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Self::with_limits(clock, Limits::default())
    }

    /// An empty store that holds no more than `limits`.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn with_limits(clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, Error> {
        Local::start(State::empty(limits), Volatile, clock).map(Self)
    }
}

implement_store!(MemoryStore, "memory");

/// Keeps nothing.
struct Volatile;

impl Log for Volatile {
    fn commit(&mut self, _commit: &Commit) -> Result<(), Failure> {
        Ok(())
    }

    fn settle(&mut self) -> Result<bool, store::Error> {
        Ok(true)
    }
}
