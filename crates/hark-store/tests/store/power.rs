//! Power cuts: a disk that loses what was not synced, cut at a thousand random points
//! (also while the store recovers from the last cut). Every write that was acknowledged
//! is there afterwards, revisions only grow, and the history has no gap.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use hark_core::store::{Batch, Error, Event, Key, LeaseId, Op, Revision, Select, Store};
use hark_core::time::ManualClock;
use hark_store::{Limits, RedbStore};

use crate::medium::Disk;
use crate::support::{
    Random, TTL, always, assert_no_gap, block_on, delete, entries, kept_history, key, newest, put,
    put_on,
};

const CUTS: u64 = 1000;
/// Each cut's own seed is this and its number.
const SEED: u64 = 0x4841_524B;

#[test]
fn a_thousand_power_cuts_lose_nothing_that_was_acknowledged() {
    println!("seed {SEED:#x}");
    let calm = Disk::default();
    let all = block_on(work(&calm, &mut Random(SEED))).len();
    let operations = calm.operations();
    let (mut none, mut some) = (0, 0);
    for number in 0..CUTS {
        let _context = Context(number);
        let mut random = Random(SEED.wrapping_add(number));
        match block_on(survive_cut(operations, &mut random)) {
            0 => none += 1,
            n if n < all => some += 1,
            _ => {}
        }
    }
    println!("{none} cuts before the first write, {some} between writes");
    assert!(
        none > 0 && some > 500,
        "the cuts don't hit where it matters"
    );
}

/// Says which cut it was when it is dropped by a panic.
struct Context(u64);

impl Drop for Context {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("failed: cut {} of seed {SEED:#x}", self.0);
        }
    }
}

/// One life of a store; how many writes were acknowledged before its first cut.
async fn survive_cut(operations: u64, random: &mut Random) -> usize {
    let disk = Disk::default();
    disk.cut_after(random.below(operations) + 1);
    let mut acknowledged = work(&disk, random).await;
    let before_the_cut = acknowledged.len();
    power_up(&disk, random);
    if random.below(2) == 0 {
        // Again, on what the first cut left; it may hit the recovery.
        disk.cut_after(random.below(operations) + 1);
        acknowledged.extend(work(&disk, random).await);
        power_up(&disk, random);
    }
    let store = open(&disk).unwrap();
    verify(&store, &acknowledged).await;
    let before = newest(&store).await;
    let result = store.txn(always(vec![put(&key("after"), "")])).await;
    assert_eq!(result.unwrap().revision, before.next());
    before_the_cut
}

fn power_up(disk: &Disk, random: &mut Random) {
    if random.below(2) == 0 {
        disk.lose_everything_unsynced();
    } else {
        disk.lose_some_unsynced(random);
    }
}

fn open(disk: &Disk) -> Result<RedbStore, hark_store::Error> {
    let clock = Arc::new(ManualClock::default());
    RedbStore::on(disk.clone(), clock, Limits::default())
}

/// Writes until all is done or the power fails; what was acknowledged, by revision.
async fn work(disk: &Disk, random: &mut Random) -> BTreeMap<Revision, Vec<Op>> {
    let mut acknowledged = BTreeMap::new();
    let Ok(store) = open(disk) else {
        return acknowledged;
    };
    let Ok(lease) = store.grant_lease(TTL).await else {
        return acknowledged;
    };
    for _ in 0..8 {
        let group: Vec<_> = (0..=random.below(3)).map(|_| ops(random, lease)).collect();
        let tries = group.into_iter().map(async |ops| {
            let result = store.txn(always(ops.clone())).await;
            (ops, result)
        });
        for (ops, result) in join_all(tries).await {
            match result {
                Ok(result) => drop(acknowledged.insert(result.revision, ops)),
                Err(error) => {
                    let expected = matches!(error, Error::Unavailable(_) | Error::Indeterminate(_));
                    assert!(expected, "{error}");
                    return acknowledged;
                }
            }
        }
    }
    acknowledged
}

/// Some writes; always at least one, so that there is a revision.
fn ops(random: &mut Random, lease: LeaseId) -> Vec<Op> {
    let name = |n: u64| key(&format!("k{n}"));
    let value = random
        .next()
        .to_string()
        .repeat(1 + random.below(200) as usize);
    let mut ops = vec![put(&name(random.below(8)), &value)];
    match random.below(3) {
        0 => ops.push(put_on(lease, &name(8 + random.below(4)), "leased")),
        1 => ops.push(delete(&name(8 + random.below(4)))),
        _ => {}
    }
    ops
}

async fn verify(store: &dyn Store, acknowledged: &BTreeMap<Revision, Vec<Op>>) {
    let history = kept_history(store).await;
    assert_no_gap(&history);
    assert!(history.first().is_none_or(|b| b.revision == Revision(1)));
    for (revision, ops) in acknowledged {
        let index = usize::try_from(revision.0 - 1).unwrap();
        let batch = history.get(index).expect("an acknowledged revision");
        assert_eq!(batch.revision, *revision);
        for op in ops {
            assert!(op_is_in(op, batch), "{op:?} is not in {batch:?}");
        }
    }
    let found: Vec<_> = entries(store, &key("")).await;
    let found: BTreeMap<_, _> = found.into_iter().map(|e| (e.key.clone(), e)).collect();
    assert_eq!(found, replay(&history));
}

fn op_is_in(op: &Op, batch: &Batch) -> bool {
    batch.events.iter().any(|event| match (op, event) {
        (Op::Put { key, value, lease }, Event::Put(e)) => {
            (key, value, lease) == (&e.key, &e.value, &e.lease)
        }
        (Op::Delete(Select::Key(key)), Event::Delete(gone)) => key == gone,
        _ => false,
    }) || matches!(op, Op::Delete(_))
}

/// What there is after all changes of a history that begins at the beginning.
pub fn replay(history: &[Batch]) -> BTreeMap<Key, hark_core::store::Entry> {
    let mut found = BTreeMap::new();
    for event in history.iter().flat_map(|batch| &batch.events) {
        match event {
            Event::Put(entry) => drop(found.insert(entry.key.clone(), entry.clone())),
            Event::Delete(key) => drop(found.remove(key)),
        }
    }
    found
}
