//! Random requests, put to a model that is too simple to be wrong and to both stores:
//! the same results, the same history, the same state after a restart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hark_core::store::{
    Batch, Compare, Entry, Error, Event, Key, LeaseId, Op, OpResult, Revision, Select, Store, Txn,
    TxnResult, check_txn,
};
use hark_core::time::ManualClock;
use hark_store::{Limits, MemoryStore, RedbStore};
use proptest::prelude::*;

use crate::medium::Disk;
use crate::support::{TTL, block_on, entries, kept_history, key};

/// One request, or time that passes.
#[derive(Debug, Clone)]
enum Step {
    Txn(Txn),
    /// A lease of so many seconds.
    Grant(u64),
    KeepAlive(LeaseId),
    Revoke(LeaseId),
    /// So many revisions back from the newest; negative: in the future.
    Compact(i64),
    /// So many seconds pass.
    Advance(u64),
}

/// What a step gave.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Txn(Result<TxnResult, Error>),
    Grant(Result<LeaseId, Error>),
    Done(Result<(), Error>),
}

/// The whole of a store's promise, with nothing kept apart that could get out of step.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    compacted: Revision,
    history: Vec<Batch>,
    leases: BTreeMap<LeaseId, (u64, u64)>,
    granted: i64,
}

impl Model {
    fn revision(&self) -> Revision {
        Revision(self.history.len() as i64)
    }

    /// What there is, worked out from the beginning of time.
    fn entries(&self, select: &Select, now: &[Event]) -> Vec<Entry> {
        let mut found = BTreeMap::new();
        for event in self.history.iter().flat_map(|b| &b.events).chain(now) {
            match event {
                Event::Put(e) => drop(found.insert(e.key.clone(), e.clone())),
                Event::Delete(key) => drop(found.remove(key)),
            }
        }
        found.retain(|key, _| select.contains(key));
        found.into_values().collect()
    }

    fn entry(&self, key: &Key, now: &[Event]) -> Option<Entry> {
        self.entries(&Select::Key(key.clone()), now).pop()
    }

    fn step(&mut self, step: &Step) -> Outcome {
        match step {
            Step::Txn(txn) => Outcome::Txn(self.txn(txn)),
            Step::Grant(seconds) => Outcome::Grant(self.grant(*seconds)),
            Step::KeepAlive(id) => {
                let lease = self.leases.get_mut(id).ok_or(Error::LeaseNotFound(*id));
                Outcome::Done(lease.map(|(ttl, end)| *end = self.now + *ttl))
            }
            Step::Revoke(id) => {
                let found = self.leases.contains_key(id);
                self.end(*id);
                Outcome::Done(found.then_some(()).ok_or(Error::LeaseNotFound(*id)))
            }
            Step::Compact(back) => Outcome::Done(self.compact(self.revision().0 - back)),
            Step::Advance(seconds) => {
                self.now += seconds;
                let due = |(id, (_, end)): (&LeaseId, &(u64, u64))| {
                    (*end <= self.now).then_some((*end, *id))
                };
                let mut due: Vec<_> = self.leases.iter().filter_map(due).collect();
                due.sort();
                due.into_iter().for_each(|(_, id)| self.end(id));
                Outcome::Done(Ok(()))
            }
        }
    }

    fn txn(&mut self, txn: &Txn) -> Result<TxnResult, Error> {
        check_txn(txn)?;
        let holds = |c: &Compare| c.holds(self.entry(c.key(), &[]).as_ref());
        let succeeded = txn.compares.iter().all(holds);
        let ops = if succeeded {
            &txn.success
        } else {
            &txn.failure
        };
        let revision = self.revision().next();
        let mut events = Vec::new();
        let mut results = Vec::new();
        for op in ops {
            results.push(self.op(op, revision, &mut events)?);
        }
        self.push(events);
        Ok(TxnResult {
            succeeded,
            revision: self.revision(),
            results,
        })
    }

    fn op(&self, op: &Op, revision: Revision, now: &mut Vec<Event>) -> Result<OpResult, Error> {
        Ok(match op {
            Op::Put { key, value, lease } => {
                if let Some(id) = lease.filter(|id| !self.leases.contains_key(id)) {
                    return Err(Error::LeaseNotFound(id));
                }
                let old = self.entry(key, now);
                now.push(Event::Put(Entry {
                    key: key.clone(),
                    value: value.clone(),
                    create_revision: old.as_ref().map_or(revision, |e| e.create_revision),
                    mod_revision: revision,
                    version: old.map_or(0, |e| e.version) + 1,
                    lease: *lease,
                }));
                OpResult::Put
            }
            Op::Delete(select) => {
                let gone = self.entries(select, now);
                now.extend(gone.iter().map(|e| Event::Delete(e.key.clone())));
                OpResult::Deleted(gone.len())
            }
            Op::Get(select) => OpResult::Entries(self.entries(select, now)),
        })
    }

    fn grant(&mut self, seconds: u64) -> Result<LeaseId, Error> {
        if seconds < TTL.as_secs() {
            return Err(Error::Invalid(String::new()));
        }
        self.granted += 1;
        let lease = (seconds, self.now + seconds);
        self.leases.insert(LeaseId(self.granted), lease);
        Ok(LeaseId(self.granted))
    }

    fn end(&mut self, id: LeaseId) {
        self.leases.remove(&id);
        let all = self.entries(&Select::Prefix(key("")), &[]);
        let gone = all.into_iter().filter(|e| e.lease == Some(id));
        self.push(gone.map(|e| Event::Delete(e.key)).collect());
    }

    fn compact(&mut self, revision: i64) -> Result<(), Error> {
        let (asked, newest) = (Revision(revision), self.revision());
        if asked <= self.compacted {
            return Err(Error::Compacted {
                min: self.compacted,
            });
        }
        if asked > newest {
            return Err(Error::Future { asked, newest });
        }
        self.compacted = asked;
        Ok(())
    }

    fn push(&mut self, events: Vec<Event>) {
        if !events.is_empty() {
            let revision = self.revision().next();
            self.history.push(Batch { revision, events });
        }
    }

    fn kept(&self) -> &[Batch] {
        &self.history[usize::try_from(self.compacted.0 - 1).unwrap_or(0)..]
    }
}

/// Puts a step to a store.
async fn step(store: &dyn Store, clock: &ManualClock, model: &Model, step: &Step) -> Outcome {
    match step {
        Step::Txn(txn) => Outcome::Txn(store.txn(txn.clone()).await),
        Step::Grant(seconds) => {
            let granted = store.grant_lease(Duration::from_secs(*seconds)).await;
            Outcome::Grant(granted.map_err(|e| match e {
                Error::Invalid(_) => Error::Invalid(String::new()),
                other => other,
            }))
        }
        Step::KeepAlive(id) => Outcome::Done(store.keep_alive(*id).await),
        Step::Revoke(id) => Outcome::Done(store.revoke_lease(*id).await),
        Step::Compact(back) => {
            let revision = Revision(model.revision().0 - back);
            Outcome::Done(store.compact(revision).await)
        }
        Step::Advance(seconds) => {
            clock.advance(Duration::from_secs(*seconds));
            Outcome::Done(Ok(()))
        }
    }
}

async fn check_store(store: &dyn Store, clock: &ManualClock, steps: &[Step]) -> Model {
    let mut model = Model::default();
    let mut watch = store.watch(key("b"), Revision(1)).await.unwrap();
    for (number, s) in steps.iter().enumerate() {
        let given = step(store, clock, &model, s).await;
        let expected = model.step(s);
        assert_eq!(given, expected, "step {number}: {s:?}");
        let found = entries(store, &key("")).await;
        assert_eq!(found, model.entries(&Select::Prefix(key("")), &[]));
    }
    assert_eq!(kept_history(store).await, model.kept());
    check_watch(&mut watch, &model).await;
    model
}

/// A watch that was open all the time and never read: all of what concerns it, or the
/// word that it is too late.
async fn check_watch(watch: &mut hark_core::store::Watch, model: &Model) {
    let is_under = |event: &&Event| match event {
        Event::Put(e) => e.key.as_str().starts_with('b'),
        Event::Delete(key) => key.as_str().starts_with('b'),
    };
    if model.compacted > Revision(1) {
        let error = crate::support::next(watch).await.unwrap_err();
        let min = model.compacted;
        return assert_eq!(error, Error::Compacted { min });
    }
    for batch in &model.history {
        let events: Vec<_> = batch.events.iter().filter(is_under).cloned().collect();
        if !events.is_empty() {
            let given = crate::support::next(watch).await.unwrap();
            assert_eq!((given.revision, given.events), (batch.revision, events));
        }
    }
}

fn names() -> impl Strategy<Value = Key> {
    prop::sample::select(vec!["a", "a/1", "a/2", "b", "b/1", "b/ä"]).prop_map(key)
}

fn leases() -> impl Strategy<Value = LeaseId> {
    (1..6_i64).prop_map(LeaseId)
}

fn selects() -> impl Strategy<Value = Select> {
    prop_oneof![
        names().prop_map(Select::Key),
        names().prop_map(Select::Prefix)
    ]
}

fn compares() -> impl Strategy<Value = Compare> {
    let revision = (0..12_i64).prop_map(Revision);
    let value = prop::collection::vec(0..3_u8, 0..2);
    prop_oneof![
        (names(), revision.clone()).prop_map(|(k, r)| Compare::CreateRevision(k, r)),
        (names(), revision).prop_map(|(k, r)| Compare::ModRevision(k, r)),
        (names(), 0..4_i64).prop_map(|(k, v)| Compare::Version(k, v)),
        (names(), value).prop_map(|(k, v)| Compare::Value(k, v)),
    ]
}

fn ops() -> impl Strategy<Value = Op> {
    let value = prop::collection::vec(0..3_u8, 0..2);
    let lease = prop::option::weighted(0.3, leases());
    prop_oneof![
        4 => (names(), value, lease).prop_map(|(key, value, lease)| Op::Put { key, value, lease }),
        1 => selects().prop_map(Op::Delete),
        1 => selects().prop_map(Op::Get),
    ]
}

/// Transactions with a few conditions and operations on a few keys.
pub fn txns() -> impl Strategy<Value = Txn> {
    let many = |count| prop::collection::vec(ops(), 0..count);
    let txn = (prop::collection::vec(compares(), 0..3), many(4), many(3));
    txn.prop_map(|(compares, success, failure)| Txn {
        compares,
        success,
        failure,
    })
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => txns().prop_map(Step::Txn),
        2 => (3..12_u64).prop_map(Step::Grant),
        1 => leases().prop_map(Step::KeepAlive),
        1 => leases().prop_map(Step::Revoke),
        1 => (-1..6_i64).prop_map(Step::Compact),
        1 => (0..8_u64).prop_map(Step::Advance),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_stores_do_what_the_model_does(steps in prop::collection::vec(steps(), 1..40)) {
        block_on(async {
            let clock = ManualClock::default();
            let memory = MemoryStore::open(Arc::new(clock.clone())).unwrap();
            check_store(&memory, &clock, &steps).await;

            let (disk, clock) = (Disk::default(), ManualClock::default());
            let open = || {
                let clock = Arc::new(clock.clone());
                RedbStore::on(disk.clone(), clock, Limits::default()).unwrap()
            };
            let redb = open();
            let model = check_store(&redb, &clock, &steps).await;
            drop(redb);
            let again = open();
            assert_eq!(kept_history(&again).await, model.kept());
            let found = entries(&again, &key("")).await;
            assert_eq!(found, model.entries(&Select::Prefix(key("")), &[]));
            for id in model.leases.keys() {
                again.keep_alive(*id).await.unwrap();
            }
        });
    }
}
