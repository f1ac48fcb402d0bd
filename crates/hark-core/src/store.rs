//! The store port: etcd's semantics, whatever is behind them.
//!
//! One global, monotonic revision, raised by one by each transaction that writes.
//! A transaction is atomic. A watch delivers whole revisions in order, or says that
//! it can't; it never skips in silence.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::Stream;

/// The most operations and comparisons that a transaction may have, each.
pub const MAX_TXN_OPS: usize = 128;
/// The most bytes that a transaction may hold, keys and values together.
pub const MAX_TXN_BYTES: usize = 1_572_864;
/// The shortest time that a lease may be granted for.
pub const MIN_LEASE_TTL: Duration = Duration::from_secs(5);
/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 1024;

/// A moment in the store's history; 0 is before the first write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Revision(pub i64);

impl Revision {
    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A key: at most [`MAX_KEY_BYTES`] of UTF-8, ordered by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Box<str>);

impl Key {
    /// A key.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows `prefix`, if it begins with that.
    pub fn strip_prefix(&self, prefix: &Key) -> Option<&str> {
        self.0.strip_prefix(&*prefix.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// This one.
    Key(Key),
    /// Every key that begins with this.
    Prefix(Key),
}

impl Select {
    /// Whether it has `key`.
    pub fn contains(&self, key: &Key) -> bool {
        match self {
            Self::Key(one) => one == key,
            Self::Prefix(prefix) => key.as_str().starts_with(prefix.as_str()),
        }
    }
}

/// A lease: keys that hang on it go when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(pub i64);

/// A key with its value and history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Vec<u8>,
    /// The revision at which the key came to be. It serves as a fencing token.
    pub create_revision: Revision,
    /// The revision at which it was last written.
    pub mod_revision: Revision,
    /// How often it was written since it came to be, from 1.
    pub version: i64,
    /// The lease it hangs on.
    pub lease: Option<LeaseId>,
}

/// A condition on one key. A key that does not exist has create revision, mod
/// revision and version 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compare {
    /// The key's create revision is this; 0: it does not exist.
    CreateRevision(Key, Revision),
    /// The key's mod revision is this; 0: it does not exist.
    ModRevision(Key, Revision),
    /// The key's version is this; 0: it does not exist.
    Version(Key, i64),
    /// The key exists and has this value.
    Value(Key, Vec<u8>),
}

impl Compare {
    /// The key must not exist.
    pub fn absent(key: Key) -> Self {
        Self::CreateRevision(key, Revision(0))
    }

    /// The key that it is about.
    pub fn key(&self) -> &Key {
        match self {
            Self::CreateRevision(k, _)
            | Self::ModRevision(k, _)
            | Self::Version(k, _)
            | Self::Value(k, _) => k,
        }
    }

    /// Whether it holds for what the store has under its key.
    pub fn holds(&self, entry: Option<&Entry>) -> bool {
        match self {
            Self::CreateRevision(_, r) => entry.map_or(Revision(0), |e| e.create_revision) == *r,
            Self::ModRevision(_, r) => entry.map_or(Revision(0), |e| e.mod_revision) == *r,
            Self::Version(_, v) => entry.map_or(0, |e| e.version) == *v,
            Self::Value(_, v) => entry.is_some_and(|e| e.value == *v),
        }
    }
}

/// One operation of a transaction. No key may be written twice in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Writes a key.
    Put {
        /// The key.
        key: Key,
        /// Its value.
        value: Vec<u8>,
        /// The lease that it hangs on from now; `None`: it stays.
        lease: Option<LeaseId>,
    },
    /// Deletes keys.
    Delete(Select),
    /// Reads keys, as they are at this place of the transaction.
    Get(Select),
}

/// If all comparisons hold, then `success`, else `failure`; atomically.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Txn {
    /// The conditions.
    pub compares: Vec<Compare>,
    /// What happens if all of them hold.
    pub success: Vec<Op>,
    /// What happens otherwise.
    pub failure: Vec<Op>,
}

/// What one operation gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpResult {
    /// It was written.
    Put,
    /// So many keys were deleted.
    Deleted(usize),
    /// What was there, in the order of the keys.
    Entries(Vec<Entry>),
}

/// What a transaction gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TxnResult {
    /// Whether all comparisons held.
    pub succeeded: bool,
    /// The store's revision after it.
    pub revision: Revision,
    /// One result for each operation that ran.
    pub results: Vec<OpResult>,
}

/// Keys and values at one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The store's revision when it was read.
    pub revision: Revision,
    /// In the order of the keys.
    pub entries: Vec<Entry>,
}

/// A change to one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was written.
    Put(Entry),
    /// It was deleted, by hand or with its lease.
    Delete(Key),
}

/// All changes of one revision under a watched prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The revision.
    pub revision: Revision,
    /// Its changes, in the order of the transaction. Empty only in a progress mark of
    /// [`Store::watch_with_progress`].
    pub events: Vec<Event>,
}

/// The revisions of a watch, in order, without a gap. It ends with an error or not at
/// all.
pub struct Watch(Pin<Box<dyn Stream<Item = Result<Batch, Error>> + Send>>);

impl Watch {
    /// What a store delivers.
    pub fn new(batches: impl Stream<Item = Result<Batch, Error>> + Send + 'static) -> Self {
        Self(Box::pin(batches))
    }
}

impl Stream for Watch {
    type Item = Result<Batch, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The history before `min` is gone: range, then watch from there.
    #[error("history before revision {min} is compacted")]
    Compacted {
        /// The first revision that can still be watched from.
        min: Revision,
    },
    /// A revision that is still to come.
    #[error("revision {asked} is in the future; the newest is {newest}")]
    Future {
        /// What was asked for.
        asked: Revision,
        /// The newest.
        newest: Revision,
    },
    /// It can't be reached; nothing happened.
    #[error("the store can't be reached: {0}")]
    Unavailable(String),
    /// It may have happened or not. Never repeat it blindly.
    #[error("it is not known whether the store did it: {0}")]
    Indeterminate(String),
    /// There is no such lease (any more).
    #[error("there is no lease {0:?}")]
    LeaseNotFound(LeaseId),
    /// More than a transaction, a key or a watch may hold.
    #[error("too large: {0}")]
    TooLarge(String),
    /// The disk or quota is full; nothing was written.
    #[error("no space left in the store: {0}")]
    NoSpace(String),
    /// It refuses who we are or what we may do; asking again does not help.
    #[error("the store refuses us: {0}")]
    Denied(String),
    /// The request makes no sense.
    #[error("bad request to the store: {0}")]
    Invalid(String),
    /// What is stored is damaged.
    #[error("the store is damaged: {0}")]
    Corrupt(String),
}

/// What keeps the home's state.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// `memory`, `redb` or `etcd`.
    fn kind(&self) -> &'static str;

    /// Reads keys as they are now. The empty prefix selects every key, here and in
    /// [`watch`](Self::watch).
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    async fn range(&self, select: Select) -> Result<Snapshot, Error>;

    /// Runs a transaction. When it returns, what it wrote is durable (as far as this
    /// kind of store ever is). It raises the revision by one if it wrote or deleted
    /// anything.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::LeaseNotFound`], [`Error::Invalid`] (a key is
    /// written twice), [`Error::NoSpace`], [`Error::Unavailable`] (nothing happened),
    /// [`Error::Indeterminate`] (it may have).
    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error>;

    /// Follows the keys with a prefix, from revision `from` (inclusive) on.
    ///
    /// # Errors
    /// [`Error::Compacted`], here or later in the stream when the reader is too slow;
    /// [`Error::Future`] if `from` is more than one beyond the newest.
    async fn watch(&self, prefix: Key, from: Revision) -> Result<Watch, Error>;

    /// As [`watch`](Self::watch), and while nothing changes a batch without events about
    /// every second: all there was under the prefix up to its revision has been
    /// delivered. Who follows it can tell a quiet store from one that is out of reach. A
    /// store that can't tell sends no such marks.
    ///
    /// # Errors
    /// As [`watch`](Self::watch).
    async fn watch_with_progress(&self, prefix: Key, from: Revision) -> Result<Watch, Error> {
        self.watch(prefix, from).await
    }

    /// Grants a lease.
    ///
    /// # Errors
    /// [`Error::Invalid`] under [`MIN_LEASE_TTL`].
    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error>;

    /// Keeps a lease alive for its whole time again.
    ///
    /// # Errors
    /// [`Error::LeaseNotFound`] when it has ended.
    async fn keep_alive(&self, lease: LeaseId) -> Result<(), Error>;

    /// Ends a lease; its keys go.
    ///
    /// # Errors
    /// [`Error::LeaseNotFound`] when it has ended.
    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error>;

    /// Forgets the history before `revision`: it can't be watched from there any more.
    ///
    /// # Errors
    /// [`Error::Compacted`] if that is done already, [`Error::Future`].
    async fn compact(&self, revision: Revision) -> Result<(), Error>;
}

/// Checks what every store asks of a transaction, before anything happens.
///
/// # Errors
/// [`Error::TooLarge`] or [`Error::Invalid`].
pub fn check_txn(txn: &Txn) -> Result<(), Error> {
    let counts = [txn.compares.len(), txn.success.len(), txn.failure.len()];
    if let Some(count) = counts.into_iter().find(|c| *c > MAX_TXN_OPS) {
        return Err(Error::TooLarge(format!(
            "{count} operations in a transaction; at most {MAX_TXN_OPS}"
        )));
    }
    let mut bytes = 0;
    for compare in &txn.compares {
        check_key(compare.key())?;
        bytes += compare.key().as_str().len();
        if let Compare::Value(_, value) = compare {
            bytes += value.len();
        }
    }
    for ops in [&txn.success, &txn.failure] {
        bytes += check_ops(ops)?;
    }
    if bytes > MAX_TXN_BYTES {
        return Err(Error::TooLarge(format!(
            "a transaction of {bytes} bytes; at most {MAX_TXN_BYTES}"
        )));
    }
    Ok(())
}

fn check_ops(ops: &[Op]) -> Result<usize, Error> {
    let mut written = std::collections::BTreeSet::new();
    let mut bytes = 0;
    for op in ops {
        let key = match op {
            Op::Put { key, .. } => key,
            Op::Delete(Select::Key(k) | Select::Prefix(k))
            | Op::Get(Select::Key(k) | Select::Prefix(k)) => k,
        };
        check_key(key)?;
        bytes += key.as_str().len();
        if let Op::Put { key, value, .. } = op {
            bytes += value.len();
            if !written.insert(key) {
                return Err(Error::Invalid(format!("the key {key} is written twice")));
            }
        }
    }
    // As in etcd: a put and a delete of the same key in one transaction are refused.
    for op in ops {
        if let Op::Delete(select) = op
            && let Some(key) = written.iter().find(|k| select.contains(k))
        {
            return Err(Error::Invalid(format!(
                "the key {key} is written and deleted"
            )));
        }
    }
    Ok(bytes)
}

fn check_key(key: &Key) -> Result<(), Error> {
    match key.as_str().len() {
        0 => Err(Error::Invalid("an empty key".to_owned())),
        n if n > MAX_KEY_BYTES => Err(Error::TooLarge(format!(
            "a key of {n} bytes; at most {MAX_KEY_BYTES}"
        ))),
        _ => Ok(()),
    }
}
