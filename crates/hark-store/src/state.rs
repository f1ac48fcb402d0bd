//! What is committed: keys, leases and history in memory. Readers see it under a shared
//! lock; only the store's thread changes it, by whole [`Commit`]s that are durable.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use hark_core::store::{Batch, Entry, Error, Key, LeaseId, Revision, Select, Snapshot};
use hark_core::time::Monotonic;

use crate::config::Limits;
use crate::history::{History, OVERHEAD_BYTES};

/// What is committed.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) limits: Limits,
    pub(crate) revision: Revision,
    /// The first revision that can be watched from.
    pub(crate) compacted: Revision,
    /// The id of the lease that was granted last.
    pub(crate) last_lease: i64,
    pub(crate) keys: BTreeMap<Key, Entry>,
    pub(crate) live_bytes: usize,
    pub(crate) leases: BTreeMap<LeaseId, Lease>,
    pub(crate) history: History,
}

/// A lease that was granted.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) ttl: Duration,
    /// From this moment on it has ended.
    pub(crate) deadline: Monotonic,
    pub(crate) keys: BTreeSet<Key>,
}

/// What changes from one committed state to the next. Applied whole or not at all.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    pub(crate) revision: Revision,
    pub(crate) compacted: Revision,
    pub(crate) last_lease: i64,
    /// What the keys hold now; `None`: they are gone.
    pub(crate) keys: BTreeMap<Key, Option<Entry>>,
    /// The time of new leases; `None`: they have ended.
    pub(crate) leases: BTreeMap<LeaseId, Option<Duration>>,
    /// The new revisions.
    pub(crate) batches: Vec<Arc<Batch>>,
}

impl State {
    /// Nothing.
    pub(crate) fn empty(limits: Limits) -> Self {
        Self {
            limits,
            revision: Revision(0),
            compacted: Revision(0),
            last_lease: 0,
            keys: BTreeMap::new(),
            live_bytes: 0,
            leases: BTreeMap::new(),
            history: History::default(),
        }
    }

    /// The selected keys.
    pub(crate) fn range(&self, select: &Select) -> Snapshot {
        Snapshot {
            revision: self.revision,
            entries: self.entries(select).cloned().collect(),
        }
    }

    /// The selected entries, in the order of their keys.
    pub(crate) fn entries<'a>(&'a self, select: &'a Select) -> impl Iterator<Item = &'a Entry> {
        let (Select::Key(start) | Select::Prefix(start)) = select;
        self.keys
            .range::<Key, _>((Bound::Included(start), Bound::Unbounded))
            .take_while(|(key, _)| select.contains(key))
            .map(|(_, entry)| entry)
    }

    /// Whether a watch may begin at `from`.
    pub(crate) fn check_watch(&self, from: Revision) -> Result<(), Error> {
        if from < self.compacted {
            return Err(Error::Compacted {
                min: self.compacted,
            });
        }
        if from > self.revision.next() {
            return Err(Error::Future {
                asked: from,
                newest: self.revision,
            });
        }
        Ok(())
    }

    /// The leases that have ended by `now` but are still here, the oldest end first.
    pub(crate) fn due(&self, now: Monotonic) -> Vec<LeaseId> {
        let mut due: Vec<_> = self
            .leases
            .iter()
            .filter(|(_, lease)| lease.deadline <= now)
            .map(|(id, lease)| (lease.deadline, *id))
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// When the next lease ends.
    pub(crate) fn next_deadline(&self) -> Option<Monotonic> {
        self.leases.values().map(|lease| lease.deadline).min()
    }

    /// Gives a lease its whole time again.
    pub(crate) fn renew(&mut self, id: LeaseId, now: Monotonic) {
        if let Some(lease) = self.leases.get_mut(&id) {
            lease.deadline = now.plus(lease.ttl);
        }
    }

    /// Makes `commit` the committed state; new leases count from `now`.
    pub(crate) fn apply(&mut self, commit: Commit, now: Monotonic) {
        self.revision = commit.revision;
        self.compacted = commit.compacted;
        self.last_lease = commit.last_lease;
        for (id, ttl) in &commit.leases {
            if let Some(ttl) = *ttl {
                let lease = Lease {
                    ttl,
                    deadline: now.plus(ttl),
                    keys: BTreeSet::new(),
                };
                self.leases.insert(*id, lease);
            }
        }
        for (key, entry) in commit.keys {
            self.set(key, entry);
        }
        for (id, ttl) in commit.leases {
            if ttl.is_none() {
                self.leases.remove(&id);
            }
        }
        for batch in commit.batches {
            self.history.push(batch);
        }
        self.history.forget_before(self.compacted);
    }

    fn set(&mut self, key: Key, entry: Option<Entry>) {
        if let Some(old) = self.keys.remove(&key) {
            self.live_bytes -= live_cost(&old);
            if let Some(lease) = old.lease.and_then(|id| self.leases.get_mut(&id)) {
                lease.keys.remove(&key);
            }
        }
        if let Some(entry) = entry {
            self.live_bytes += live_cost(&entry);
            if let Some(lease) = entry.lease.and_then(|id| self.leases.get_mut(&id)) {
                lease.keys.insert(key.clone());
            }
            self.keys.insert(key, entry);
        }
    }
}

impl Commit {
    /// Whether it changes nothing that must be durable.
    pub(crate) fn is_empty(&self, base: &State) -> bool {
        self.revision == base.revision && self.compacted == base.compacted && self.leases.is_empty()
    }
}

/// What a key that exists costs, in bytes.
pub(crate) fn live_cost(entry: &Entry) -> usize {
    OVERHEAD_BYTES + entry.key.as_str().len() + entry.value.len()
}
