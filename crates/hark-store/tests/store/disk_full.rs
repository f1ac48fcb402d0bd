//! Disks that fill up, fail and come back.

use std::sync::Arc;

use hark_core::store::{Error, Store};
use hark_core::time::ManualClock;
use hark_store::{Limits, RedbStore};

use crate::medium::Disk;
use crate::support::{always, entries, entry, kept_history, key, newest, put, run, within};

fn open(disk: &Disk) -> RedbStore {
    let clock = Arc::new(ManualClock::default());
    RedbStore::on(disk.clone(), clock, Limits::default()).unwrap()
}

/// Writes until the disk is full; how many writes were acknowledged.
async fn fill(store: &dyn Store) -> usize {
    let value = "x".repeat(100_000);
    for n in 0..1000 {
        let txn = always(vec![put(&key(&format!("fill/{n}")), &value)]);
        if let Err(error) = store.txn(txn).await {
            assert!(matches!(error, Error::NoSpace(_)), "{error}");
            assert!(error.to_string().contains("a disk in memory"), "{error}");
            return n;
        }
    }
    panic!("the disk is never full");
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_is_written() {
    let disk = Disk::default();
    let store = open(&disk);
    run(&store, vec![put(&key("a"), "1")]).await;
    disk.leave_space(Some(2 << 20));
    let written = fill(&store).await;
    let before = newest(&store).await;
    assert_eq!(entries(&store, &key("fill/")).await.len(), written);
    assert_eq!(before.0, 1 + written as i64);
    // Still full.
    fill(&store).await;
    assert_eq!(newest(&store).await.0 - before.0, 0);
    assert_eq!(entry(&store, &key("a")).await.unwrap().value, b"1");
}

#[tokio::test]
async fn the_store_goes_on_when_there_is_space_again() {
    let disk = Disk::default();
    let store = open(&disk);
    disk.leave_space(Some(2 << 20));
    fill(&store).await;
    let before = newest(&store).await;
    disk.leave_space(None);
    assert_eq!(run(&store, vec![put(&key("a"), "1")]).await, before.next());
    let history = kept_history(&store).await;
    drop(store);
    let again = open(&disk);
    assert_eq!(newest(&again).await, before.next());
    assert_eq!(kept_history(&again).await, history);
}

#[tokio::test]
async fn what_a_failed_sync_leaves_is_not_known_and_then_found_out() {
    let disk = Disk::default();
    let store = open(&disk);
    run(&store, vec![put(&key("a"), "1")]).await;
    disk.fail_syncs(u32::MAX);
    let txn = always(vec![put(&key("a"), "2")]);
    let error = store.txn(txn).await.unwrap_err();
    assert!(matches!(error, Error::Indeterminate(_)), "{error}");
    // Who knows what the disk holds must not go on.
    let error = store.txn(always(vec![put(&key("b"), "1")])).await;
    assert!(matches!(error, Err(Error::Unavailable(_))), "{error:?}");
    assert_eq!(entry(&store, &key("a")).await.unwrap().value, b"1");
    disk.fail_syncs(0);
    run(&store, vec![put(&key("c"), "1")]).await;
    let live = entries(&store, &key("")).await;
    let history = kept_history(&store).await;
    drop(store);
    let again = open(&disk);
    assert_eq!(entries(&again, &key("")).await, live);
    assert_eq!(kept_history(&again).await, history);
}

#[tokio::test]
async fn a_write_that_is_there_after_a_failed_sync_is_not_called_undone() {
    let disk = Disk::default();
    let store = open(&disk);
    run(&store, vec![put(&key("a"), "1")]).await;
    disk.fail_syncs(1);
    let txn = always(vec![put(&key("a"), "2")]);
    let error = store.txn(txn).await.unwrap_err();
    assert!(matches!(error, Error::Indeterminate(_)), "{error}");
    // The file was opened again at once and has it.
    assert_eq!(entry(&store, &key("a")).await.unwrap().value, b"2");
    let last = run(&store, vec![put(&key("b"), "1")]).await;
    assert_eq!(last.0, 3);
    let history = kept_history(&store).await;
    drop(store);
    assert_eq!(kept_history(&open(&disk)).await, history);
}

#[tokio::test]
async fn a_disk_that_goes_away_and_comes_back_is_opened_again() {
    let disk = Disk::default();
    let store = open(&disk);
    let last = run(&store, vec![put(&key("a"), "1")]).await;
    let mut watch = store.watch(key(""), last.next()).await.unwrap();
    disk.leave_space(Some(0));
    disk.fail_opens(true);
    let value = "x".repeat(1_000_000);
    let mut error = None;
    for n in 0..20 {
        let txn = always(vec![put(&key(&format!("big/{n}")), &value)]);
        if let Err(e) = store.txn(txn).await {
            error = Some(e);
            break;
        }
    }
    let error = error.expect("the disk is full");
    assert!(matches!(error, Error::Indeterminate(_)), "{error}");
    // Reading goes on from memory.
    assert_eq!(entry(&store, &key("a")).await.unwrap().value, b"1");
    disk.leave_space(None);
    disk.fail_opens(false);
    run(&store, vec![put(&key("b"), "2")]).await;
    let newest = newest(&store).await;
    let mut expected = last;
    while expected < newest {
        expected = expected.next();
        let batch = within(crate::support::next(&mut watch)).await.unwrap();
        assert_eq!(batch.revision, expected);
    }
}
