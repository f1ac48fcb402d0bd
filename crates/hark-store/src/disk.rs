//! The redb file: its tables, how a commit is written and read back, and what is known
//! after an error.
//!
//! Each commit raises a sequence number in the same redb transaction. After an error the
//! file is opened again, and that number says whether the commit is in it.

use std::collections::BTreeMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hark_core::store::{self, Batch, Entry, Event, Key, LeaseId, Revision};
use redb::{
    Database, DatabaseError, Durability, ReadTransaction, ReadableDatabase, ReadableTable,
    StorageError, TableDefinition, TableError, WriteTransaction,
};

use crate::Error;
use crate::redb::{Medium, builder};
use crate::state::Commit;
use crate::worker::{Failure, Log};

/// How things are stored; raised when that changes.
const FORMAT: i64 = 1;

/// Key → create revision, mod revision, version, lease (0: none), value.
const KEYS: TableDefinition<'_, &str, (i64, i64, i64, i64, &[u8])> = TableDefinition::new("keys");
#[expect(clippy::type_complexity, reason = "the row is the table's definition")]
/// Revision, place in it → key, create revision (0: deleted), version, lease, value.
const HISTORY: TableDefinition<'_, (i64, u32), (&str, i64, i64, i64, &[u8])> =
    TableDefinition::new("history");
/// Lease → its time in milliseconds.
const LEASES: TableDefinition<'_, i64, i64> = TableDefinition::new("leases");
/// The numbers below.
const META: TableDefinition<'_, &str, i64> = TableDefinition::new("meta");
const META_FORMAT: &str = "format";
const META_REVISION: &str = "revision";
const META_COMPACTED: &str = "compacted";
const META_LAST_LEASE: &str = "last_lease";
const META_SEQUENCE: &str = "sequence";

/// The file, open or to be opened again.
pub(crate) struct Disk {
    medium: Box<dyn Medium>,
    database: Option<Database>,
    /// How many commits are known to be in the file.
    sequence: i64,
}

impl Disk {
    /// Opens the file and reads all that is in it.
    pub(crate) fn open(medium: Box<dyn Medium>) -> Result<(Self, Commit), Error> {
        let (database, sequence, stored) = guarded(medium.path(), || {
            let database = medium
                .open(&builder())
                .map_err(|e| opening(medium.path(), e))?;
            let (sequence, stored) = load(&database, medium.path())?;
            Ok((database, sequence, stored))
        })?;
        let disk = Self {
            medium,
            database: Some(database),
            sequence,
        };
        Ok((disk, stored))
    }

    /// Opens the file again if it isn't open; the number of commits in it.
    fn reopen(&mut self) -> Result<i64, Error> {
        if self.database.is_some() {
            return Ok(self.sequence);
        }
        let medium = &self.medium;
        let (database, sequence) = guarded(medium.path(), || {
            let database = medium
                .open(&builder())
                .map_err(|e| opening(medium.path(), e))?;
            let sequence = sequence(&database).map_err(|e| reading(medium.path(), e))?;
            Ok((database, sequence))
        })?;
        self.database = Some(database);
        Ok(sequence)
    }
}

impl Log for Disk {
    fn commit(&mut self, commit: &Commit) -> Result<(), Failure> {
        self.reopen().map_err(|e| Failure::Refused(e.into()))?;
        let database = self.database.as_ref().expect("it was opened just now");
        let Err(error) = write(database, commit, self.sequence + 1) else {
            self.sequence += 1;
            return Ok(());
        };
        tracing::warn!(%error, path = %self.medium.path().display(), "a commit failed");
        let error = writing(self.medium.path(), error);
        self.database = None;
        match self.reopen() {
            Ok(sequence) if sequence == self.sequence => Err(Failure::Refused(error)),
            _ => Err(Failure::Unknown(error)),
        }
    }

    fn settle(&mut self) -> Result<bool, store::Error> {
        // Whatever is open was read back after the error; ask the file once more.
        self.database = None;
        let found = self.reopen()?;
        let happened = found == self.sequence + 1;
        self.sequence = found;
        Ok(happened)
    }
}

/// Writes one commit, synced when this returns.
fn write(database: &Database, commit: &Commit, sequence: i64) -> Result<(), redb::Error> {
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    write_keys(&txn, &commit.keys)?;
    write_history(&txn, commit)?;
    let mut leases = txn.open_table(LEASES)?;
    for (id, ttl) in &commit.leases {
        match ttl {
            Some(ttl) => leases.insert(id.0, milliseconds(*ttl))?,
            None => leases.remove(id.0)?,
        };
    }
    drop(leases);
    let mut meta = txn.open_table(META)?;
    meta.insert(META_FORMAT, FORMAT)?;
    meta.insert(META_REVISION, commit.revision.0)?;
    meta.insert(META_COMPACTED, commit.compacted.0)?;
    meta.insert(META_LAST_LEASE, commit.last_lease)?;
    meta.insert(META_SEQUENCE, sequence)?;
    drop(meta);
    txn.commit()?;
    Ok(())
}

fn write_keys(
    txn: &WriteTransaction,
    changed: &BTreeMap<Key, Option<Entry>>,
) -> Result<(), redb::Error> {
    let mut keys = txn.open_table(KEYS)?;
    for (key, entry) in changed {
        match entry {
            Some(e) => {
                let lease = e.lease.map_or(0, |l| l.0);
                let (create, last) = (e.create_revision.0, e.mod_revision.0);
                let row = (create, last, e.version, lease, e.value.as_slice());
                keys.insert(key.as_str(), row)?;
            }
            None => drop(keys.remove(key.as_str())?),
        }
    }
    Ok(())
}

fn write_history(txn: &WriteTransaction, commit: &Commit) -> Result<(), redb::Error> {
    let mut history = txn.open_table(HISTORY)?;
    for batch in &commit.batches {
        for (place, event) in (0..).zip(&batch.events) {
            let row: (&str, i64, i64, i64, &[u8]) = match event {
                Event::Put(e) => {
                    let lease = e.lease.map_or(0, |l| l.0);
                    let create = e.create_revision.0;
                    (e.key.as_str(), create, e.version, lease, &e.value)
                }
                Event::Delete(key) => (key.as_str(), 0, 0, 0, &[]),
            };
            history.insert((batch.revision.0, place), row)?;
        }
    }
    history.retain_in(..(commit.compacted.0, 0), |_, _| false)?;
    Ok(())
}

fn milliseconds(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)
}

/// Reads everything, as the commit that makes it out of nothing.
fn load(database: &Database, path: &Path) -> Result<(i64, Commit), Error> {
    let damaged = |what: &str| Error::Corrupt {
        path: path.to_owned(),
        what: what.to_owned(),
    };
    let failed = |e| reading(path, e);
    let txn = database.begin_read().map_err(|e| failed(e.into()))?;
    let meta = read_meta(&txn).map_err(failed)?;
    let Some(&format) = meta.get(META_FORMAT) else {
        return Ok((0, Commit::default()));
    };
    if format != FORMAT {
        return Err(Error::Format {
            path: path.to_owned(),
            found: format,
            known: FORMAT,
        });
    }
    let number = |name: &str| meta.get(name).copied().ok_or_else(|| damaged(name));
    let stored = Commit {
        revision: Revision(number(META_REVISION)?),
        compacted: Revision(number(META_COMPACTED)?),
        last_lease: number(META_LAST_LEASE)?,
        keys: read_keys(&txn).map_err(failed)?,
        leases: read_leases(&txn).map_err(failed)?,
        batches: read_history(&txn).map_err(failed)?,
    };
    match contradiction(&stored) {
        Some(what) => Err(damaged(what)),
        None => Ok((number(META_SEQUENCE)?, stored)),
    }
}

fn sequence(database: &Database) -> Result<i64, redb::Error> {
    let meta = read_meta(&database.begin_read()?)?;
    Ok(meta.get(META_SEQUENCE).copied().unwrap_or(0))
}

fn read_meta(txn: &ReadTransaction) -> Result<BTreeMap<String, i64>, redb::Error> {
    let meta = match txn.open_table(META) {
        // Nothing was committed yet.
        Err(TableError::TableDoesNotExist(_)) => return Ok(BTreeMap::new()),
        table => table?,
    };
    meta.iter()?
        .map(|row| row.map(|(name, value)| (name.value().to_owned(), value.value())))
        .map(|row| row.map_err(redb::Error::from))
        .collect()
}

fn read_keys(txn: &ReadTransaction) -> Result<BTreeMap<Key, Option<Entry>>, redb::Error> {
    let mut keys = BTreeMap::new();
    for row in txn.open_table(KEYS)?.iter()? {
        let (key, row) = row?;
        let (create, last, version, lease, value) = row.value();
        let entry = Entry {
            key: Key::new(key.value()),
            value: value.to_owned(),
            create_revision: Revision(create),
            mod_revision: Revision(last),
            version,
            lease: (lease != 0).then_some(LeaseId(lease)),
        };
        keys.insert(entry.key.clone(), Some(entry));
    }
    Ok(keys)
}

fn read_leases(txn: &ReadTransaction) -> Result<BTreeMap<LeaseId, Option<Duration>>, redb::Error> {
    let mut leases = BTreeMap::new();
    for row in txn.open_table(LEASES)?.iter()? {
        let (id, ms) = row?;
        let ttl = Duration::from_millis(u64::try_from(ms.value()).unwrap_or(0));
        leases.insert(LeaseId(id.value()), Some(ttl));
    }
    Ok(leases)
}

fn read_history(txn: &ReadTransaction) -> Result<Vec<Arc<Batch>>, redb::Error> {
    let mut batches: Vec<Batch> = Vec::new();
    for row in txn.open_table(HISTORY)?.iter()? {
        let (at, row) = row?;
        let revision = Revision(at.value().0);
        let (key, create, version, lease, value) = row.value();
        let event = if create == 0 {
            Event::Delete(Key::new(key))
        } else {
            Event::Put(Entry {
                key: Key::new(key),
                value: value.to_owned(),
                create_revision: Revision(create),
                mod_revision: revision,
                version,
                lease: (lease != 0).then_some(LeaseId(lease)),
            })
        };
        match batches.last_mut() {
            Some(batch) if batch.revision == revision => batch.events.push(event),
            _ => batches.push(Batch {
                revision,
                events: vec![event],
            }),
        }
    }
    Ok(batches.into_iter().map(Arc::new).collect())
}

/// What can't be true of anything that was ever committed.
fn contradiction(stored: &Commit) -> Option<&'static str> {
    let last = stored.batches.last().map_or(Revision(0), |b| b.revision);
    if last != stored.revision {
        return Some("the newest revision is missing from the history");
    }
    let first = stored.batches.first().map(|b| b.revision);
    if first.is_some_and(|first| first != stored.compacted.max(Revision(1))) {
        return Some("the oldest kept revision is missing from the history");
    }
    let gap = |pair: &[Arc<Batch>]| pair[1].revision != pair[0].revision.next();
    if stored.batches.windows(2).any(gap) {
        return Some("a revision is missing from the history");
    }
    let wrong = |e: &Entry| {
        e.mod_revision > stored.revision
            || e.create_revision > e.mod_revision
            || e.lease.is_some_and(|id| !stored.leases.contains_key(&id))
    };
    if stored.keys.values().flatten().any(wrong) {
        return Some("a key is of a revision or lease that does not exist");
    }
    None
}

/// Runs what reads the file. redb asserts some of what a damaged file breaks.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
        Err(Error::Corrupt {
            path: path.to_owned(),
            what: "reading it failed an assertion".to_owned(),
        })
    })
}

fn opening(path: &Path, error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Error::Locked {
            path: path.to_owned(),
        },
        DatabaseError::Storage(error) => storage(path, error),
        error => Error::Corrupt {
            path: path.to_owned(),
            what: error.to_string(),
        },
    }
}

fn reading(path: &Path, error: redb::Error) -> Error {
    match error {
        redb::Error::Io(error) => storage(path, StorageError::Io(error)),
        error => Error::Corrupt {
            path: path.to_owned(),
            what: error.to_string(),
        },
    }
}

fn storage(path: &Path, error: StorageError) -> Error {
    let path = path.to_owned();
    match error {
        StorageError::Io(source) if is_full(&source) => Error::NoSpace { path, source },
        StorageError::Io(source)
            if matches!(
                source.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) =>
        {
            Error::Corrupt {
                path,
                what: source.to_string(),
            }
        }
        StorageError::Io(source) => Error::Io { path, source },
        StorageError::Corrupted(what) => Error::Corrupt { path, what },
        error => Error::Io {
            path,
            source: io::Error::other(error),
        },
    }
}

fn writing(path: &Path, error: redb::Error) -> store::Error {
    let path = path.display();
    match error {
        redb::Error::Io(error) if is_full(&error) => {
            store::Error::NoSpace(format!("{path}: {error}; free some space on its disk"))
        }
        redb::Error::Corrupted(what) => store::Error::Corrupt(format!("{path}: {what}")),
        error => store::Error::Unavailable(format!("{path}: {error}")),
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
