//! A member dies or hangs under a writer and a watcher: nothing that was acknowledged is
//! lost, nothing is written twice, and the watch has no gap.

use std::collections::BTreeMap;

use hark_core::store::{Batch, Compare, Entry, Error, Event, Revision, Select, Store, Watch};
use hark_harness::etcd::{Binary, Etcd};
use hark_store::EtcdStore;

use super::{answers, random, root, start, store, under};
use crate::support::{entries, entry, next, only_if, put};

/// What happens to a member.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    Kill,
    Pause,
}

/// How many keys are written in all.
const WRITES: u64 = 120;

#[tokio::test]
async fn the_leader_is_killed() {
    check(Fault::Kill, |etcd, _| etcd.wait_for_leader().unwrap()).await;
}

#[tokio::test]
async fn the_leader_hangs() {
    check(Fault::Pause, |etcd, _| etcd.wait_for_leader().unwrap()).await;
}

#[tokio::test]
async fn a_member_is_killed() {
    check(Fault::Kill, |_, random| random as usize % 3).await;
}

#[tokio::test]
async fn a_member_hangs() {
    check(Fault::Pause, |_, random| random as usize % 3).await;
}

async fn check(fault: Fault, which: impl Fn(&Etcd, u64) -> usize) {
    let mut random = random();
    for binary in Binary::all() {
        let mut etcd = start(&binary, 3);
        let store = store(&etcd);
        answers(&store).await;
        let from = store
            .range(Select::Key(under("0")))
            .await
            .unwrap()
            .revision
            .next();
        let mut watch = store.watch(root(), from).await.unwrap();
        let member = which(&etcd, random.next());
        let (begins, ends) = (10 + random.below(30), 60 + random.below(40));
        println!("{fault:?} {member} at {begins}, back at {ends}");
        let mut written = BTreeMap::new();
        for n in 0..WRITES {
            match (n, fault) {
                (n, Fault::Kill) if n == begins => etcd.kill(member).unwrap(),
                (n, Fault::Pause) if n == begins => etcd.pause(member).unwrap(),
                (n, Fault::Kill) if n == ends => etcd.restart(member).unwrap(),
                (n, Fault::Pause) if n == ends => etcd.resume(member).unwrap(),
                _ => {}
            }
            written.insert(n, write(&store, n).await);
        }
        let found = entries(&store, &root()).await;
        assert_all_is_there(&found, &written);
        assert_told(&mut watch, &found).await;
    }
}

/// Writes a key that must not be there yet, whatever it takes; the revision at which it
/// came to be, if that was acknowledged.
async fn write(store: &EtcdStore, n: u64) -> Option<Revision> {
    let key = under(&format!("{n:04}"));
    let mut may_be_there = false;
    // Each attempt takes a moment; more than these mean that it hangs.
    for _ in 0..200 {
        let txn = only_if(vec![Compare::absent(key.clone())], vec![put(&key, "x")]);
        match store.txn(txn).await {
            Ok(done) if done.succeeded => return Some(done.revision),
            Ok(_) => {
                assert!(
                    may_be_there,
                    "{n} is there, but every attempt said it is not"
                );
                return None;
            }
            Err(Error::Indeterminate(_)) => may_be_there = true,
            Err(Error::Unavailable(_)) => {}
            Err(error) => panic!("{n}: {error}"),
        }
        if may_be_there && readable(store, n).await {
            return None;
        }
    }
    panic!("{n} can't be written");
}

/// Whether an uncertain write has happened, as far as can be read.
async fn readable(store: &EtcdStore, n: u64) -> bool {
    let select = Select::Key(under(&format!("{n:04}")));
    store
        .range(select)
        .await
        .is_ok_and(|found| !found.entries.is_empty())
}

fn assert_all_is_there(found: &[Entry], written: &BTreeMap<u64, Option<Revision>>) {
    assert_eq!(found.len() as u64, WRITES);
    for (entry, (n, revision)) in found.iter().zip(written) {
        assert_eq!(entry.key, under(&format!("{n:04}")));
        assert_eq!(entry.version, 1, "{n} was written twice");
        let expected = revision.unwrap_or(entry.mod_revision);
        assert_eq!(
            entry.mod_revision, expected,
            "{n} is not what was acknowledged"
        );
    }
}

/// Asserts that the watch tells just what there is, in order, each once.
async fn assert_told(watch: &mut Watch, found: &[Entry]) {
    let mut expected: Vec<_> = found.to_vec();
    expected.sort_by_key(|e| e.mod_revision);
    for entry in expected {
        let told = next(watch).await.unwrap();
        let batch = Batch {
            revision: entry.mod_revision,
            events: vec![Event::Put(entry)],
        };
        assert_eq!(told, batch);
    }
}

/// A write that is not known to have happened is found out by reading.
#[tokio::test]
async fn what_is_indeterminate_is_told_by_reading() {
    for binary in Binary::all() {
        let mut etcd = start(&binary, 1);
        let store = store(&etcd);
        answers(&store).await;
        let key = under("a");
        etcd.pause(0).unwrap();
        let txn = only_if(vec![Compare::absent(key.clone())], vec![put(&key, "1")]);
        let error = store.txn(txn.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Indeterminate(_)), "{error}");
        etcd.resume(0).unwrap();
        answers(&store).await;
        // It may still be on its way: only a transaction of our own settles it.
        let settled = store.txn(txn).await.unwrap();
        let found = entry(&store, &key).await.unwrap();
        assert_eq!(found.version, 1);
        if settled.succeeded {
            assert_eq!(found.mod_revision, settled.revision);
        }
    }
}
