//! What the committed state would become: requests are worked out one after the other on
//! top of the committed state, without touching it, and leave together as one
//! [`Commit`]. A request that is refused leaves no trace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hark_core::store::{
    Batch, Compare, Entry, Error, Event, Key, LeaseId, MIN_LEASE_TTL, Op, OpResult, Revision,
    Select, Txn, TxnResult,
};
use hark_core::time::Monotonic;

use crate::history::{OVERHEAD_BYTES, cost};
use crate::state::{Commit, State, live_cost};

/// The committed state and what is to change in it.
pub(crate) struct Draft<'a> {
    base: &'a State,
    now: Monotonic,
    live_bytes: usize,
    next: Commit,
}

impl<'a> Draft<'a> {
    /// No change yet.
    pub(crate) fn new(base: &'a State, now: Monotonic) -> Self {
        Self {
            base,
            now,
            live_bytes: base.live_bytes,
            next: Commit {
                revision: base.revision,
                compacted: base.compacted,
                last_lease: base.last_lease,
                ..Commit::default()
            },
        }
    }

    /// Runs a transaction that was checked by `check_txn`.
    pub(crate) fn txn(&mut self, txn: Txn) -> Result<TxnResult, Error> {
        let holds = |compare: &Compare| compare.holds(self.entry(compare.key()));
        let succeeded = txn.compares.iter().all(holds);
        let ops = if succeeded { txn.success } else { txn.failure };
        self.check_leases(&ops)?;
        self.check_space(&ops)?;
        let revision = self.next.revision.next();
        let mut events = Vec::new();
        let results = ops
            .into_iter()
            .map(|op| self.run(op, revision, &mut events))
            .collect();
        self.seal(events);
        Ok(TxnResult {
            succeeded,
            revision: self.next.revision,
            results,
        })
    }

    /// Grants a lease.
    pub(crate) fn grant(&mut self, ttl: Duration) -> Result<LeaseId, Error> {
        if ttl < MIN_LEASE_TTL {
            return Err(Error::Invalid(format!(
                "a lease of {ttl:?}; at least {MIN_LEASE_TTL:?}"
            )));
        }
        let granted = self.next.leases.values().filter(|l| l.is_some()).count();
        if self.base.leases.len() + granted >= self.base.limits.leases {
            return Err(Error::NoSpace(format!(
                "there are {} leases already",
                self.base.limits.leases
            )));
        }
        self.next.last_lease += 1;
        let id = LeaseId(self.next.last_lease);
        // Whole milliseconds, rounded up, are what is stored.
        let ms = u64::try_from(ttl.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
        let ttl = Duration::from_millis(ms.min(i64::MAX.unsigned_abs()));
        self.next.leases.insert(id, Some(ttl));
        Ok(id)
    }

    /// Whether a lease may be kept alive.
    pub(crate) fn keep_alive(&self, id: LeaseId) -> Result<(), Error> {
        self.check_lease(id)
    }

    /// Ends a lease; its keys go, in one revision.
    pub(crate) fn revoke(&mut self, id: LeaseId) -> Result<(), Error> {
        self.check_lease(id)?;
        self.end(id);
        Ok(())
    }

    /// Ends the leases whose time is over, each in a revision of its own if it has keys.
    pub(crate) fn expire(&mut self) {
        for id in self.base.due(self.now) {
            self.end(id);
        }
    }

    /// Forgets the history before `revision`.
    pub(crate) fn compact(&mut self, revision: Revision) -> Result<(), Error> {
        if revision <= self.next.compacted {
            return Err(Error::Compacted {
                min: self.next.compacted,
            });
        }
        if revision > self.next.revision {
            return Err(Error::Future {
                asked: revision,
                newest: self.next.revision,
            });
        }
        self.next.compacted = revision;
        Ok(())
    }

    /// What is to be committed, with the history back inside its bounds.
    pub(crate) fn finish(mut self) -> Commit {
        let limits = &self.base.limits;
        let added: usize = self.next.batches.iter().map(|b| cost(b)).sum();
        let mut bytes = self.base.history.bytes() + added;
        let mut count = self.base.history.len() + self.next.batches.len();
        let mut compacted = self.next.compacted;
        for batch in self.base.history.iter().chain(&self.next.batches) {
            let full = count > limits.history_revisions || bytes > limits.history_bytes;
            if batch.revision >= compacted && (!full || count == 1) {
                break;
            }
            compacted = compacted.max(batch.revision.next());
            bytes -= cost(batch);
            count -= 1;
        }
        self.next.compacted = compacted;
        self.next
    }

    fn entry(&self, key: &Key) -> Option<&Entry> {
        match self.next.keys.get(key) {
            Some(changed) => changed.as_ref(),
            None => self.base.keys.get(key),
        }
    }

    fn entries(&self, select: &Select) -> Vec<Entry> {
        let mut found: BTreeMap<&Key, &Entry> = self
            .base
            .entries(select)
            .filter(|e| !self.next.keys.contains_key(&e.key))
            .map(|e| (&e.key, e))
            .collect();
        for (key, changed) in &self.next.keys {
            if let Some(entry) = changed
                && select.contains(key)
            {
                found.insert(key, entry);
            }
        }
        found.into_values().cloned().collect()
    }

    fn check_lease(&self, id: LeaseId) -> Result<(), Error> {
        let alive = match self.next.leases.get(&id) {
            Some(changed) => changed.is_some(),
            None => (self.base.leases.get(&id)).is_some_and(|lease| self.now < lease.deadline),
        };
        alive.then_some(()).ok_or(Error::LeaseNotFound(id))
    }

    fn check_leases(&self, ops: &[Op]) -> Result<(), Error> {
        for op in ops {
            if let Op::Put {
                lease: Some(id), ..
            } = op
            {
                self.check_lease(*id)?;
            }
        }
        Ok(())
    }

    fn check_space(&self, ops: &[Op]) -> Result<(), Error> {
        let mut bytes = self.live_bytes;
        let mut puts = false;
        for op in ops {
            if let Op::Put { key, value, .. } = op {
                puts = true;
                bytes -= self.entry(key).map_or(0, live_cost);
                bytes += OVERHEAD_BYTES + key.as_str().len() + value.len();
            }
        }
        let max = self.base.limits.live_bytes;
        if puts && bytes > max && bytes > self.live_bytes {
            return Err(Error::NoSpace(format!(
                "the store may hold {max} bytes; with this it would hold {bytes}"
            )));
        }
        Ok(())
    }

    fn run(&mut self, op: Op, revision: Revision, events: &mut Vec<Event>) -> OpResult {
        match op {
            Op::Put { key, value, lease } => {
                let old = self.entry(&key);
                let entry = Entry {
                    key: key.clone(),
                    value,
                    create_revision: old.map_or(revision, |e| e.create_revision),
                    mod_revision: revision,
                    version: old.map_or(0, |e| e.version) + 1,
                    lease,
                };
                events.push(Event::Put(entry.clone()));
                self.set(key, Some(entry));
                OpResult::Put
            }
            Op::Delete(select) => {
                let gone = self.entries(&select);
                let count = gone.len();
                for entry in gone {
                    events.push(Event::Delete(entry.key.clone()));
                    self.set(entry.key, None);
                }
                OpResult::Deleted(count)
            }
            Op::Get(select) => OpResult::Entries(self.entries(&select)),
        }
    }

    fn end(&mut self, id: LeaseId) {
        let attached = |key: &Key| self.entry(key).is_some_and(|e| e.lease == Some(id));
        let base = self.base.leases.get(&id).into_iter().flat_map(|l| &l.keys);
        let keys: std::collections::BTreeSet<Key> = base
            .chain(self.next.keys.keys())
            .filter(|key| attached(key))
            .cloned()
            .collect();
        for key in &keys {
            self.set(key.clone(), None);
        }
        self.next.leases.insert(id, None);
        self.seal(keys.into_iter().map(Event::Delete).collect());
    }

    fn set(&mut self, key: Key, entry: Option<Entry>) {
        self.live_bytes -= self.entry(&key).map_or(0, live_cost);
        self.live_bytes += entry.as_ref().map_or(0, live_cost);
        self.next.keys.insert(key, entry);
    }

    fn seal(&mut self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let revision = self.next.revision.next();
        self.next.revision = revision;
        self.next.batches.push(Arc::new(Batch { revision, events }));
    }
}
