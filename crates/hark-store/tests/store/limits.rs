//! The bounds of a store: its history, its size, its leases and its queue.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join_all;
use hark_core::store::{Error, Revision, Store};
use hark_core::time::ManualClock;
use hark_store::{Limits, MemoryStore, RedbStore};

use crate::medium::Disk;
use crate::support::{
    TTL, always, assert_no_gap, delete, entries, kept_history, key, next, put, put_on, run, told,
};

fn memory(limits: Limits) -> MemoryStore {
    MemoryStore::with_limits(Arc::new(ManualClock::default()), limits).unwrap()
}

#[tokio::test]
async fn history_is_kept_within_a_number_of_revisions() {
    let store = memory(Limits {
        history_revisions: 100,
        ..Limits::default()
    });
    for n in 0..250 {
        run(&store, vec![put(&key("a"), &n.to_string())]).await;
    }
    let history = kept_history(&store).await;
    assert_no_gap(&history);
    assert_eq!(history.len(), 100);
    assert_eq!(history[99].revision, Revision(250));
}

#[tokio::test]
async fn history_is_kept_within_a_number_of_bytes() {
    let store = memory(Limits {
        history_bytes: 10_000,
        ..Limits::default()
    });
    for _ in 0..20 {
        run(&store, vec![put(&key("a"), &"x".repeat(1000))]).await;
    }
    let kept = kept_history(&store).await.len();
    assert!((8..10).contains(&kept), "{kept}");
    // The newest revision is kept whatever its size.
    run(&store, vec![put(&key("a"), &"x".repeat(100_000))]).await;
    assert_eq!(kept_history(&store).await.len(), 1);
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_told_and_the_watch_ends() {
    let store = memory(Limits {
        history_revisions: 5,
        ..Limits::default()
    });
    let mut watch = store.watch(key(""), Revision(1)).await.unwrap();
    for n in 0..20 {
        run(&store, vec![put(&key("a"), &n.to_string())]).await;
    }
    let error = next(&mut watch).await.unwrap_err();
    assert_eq!(error, Error::Compacted { min: Revision(16) });
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn a_watch_says_when_its_store_is_closed() {
    let store = memory(Limits::default());
    let mut watch = store.watch(key(""), Revision(1)).await.unwrap();
    drop(store);
    let error = next(&mut watch).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
}

#[tokio::test]
async fn a_full_store_takes_only_what_makes_it_smaller() {
    let store = memory(Limits {
        live_bytes: 10_000,
        ..Limits::default()
    });
    run(&store, vec![put(&key("a"), &"x".repeat(9000))]).await;
    let more = || always(vec![put(&key("b"), &"x".repeat(5000))]);
    let error = store.txn(more()).await.unwrap_err();
    assert!(matches!(error, Error::NoSpace(_)), "{error}");
    run(&store, vec![put(&key("a"), &"x".repeat(8000))]).await;
    run(&store, vec![delete(&key("a"))]).await;
    store.txn(more()).await.unwrap();
}

#[tokio::test]
async fn there_are_only_so_many_leases() {
    let store = memory(Limits {
        leases: 2,
        ..Limits::default()
    });
    let first = store.grant_lease(TTL).await.unwrap();
    store.grant_lease(TTL).await.unwrap();
    let error = store.grant_lease(TTL).await.unwrap_err();
    assert!(matches!(error, Error::NoSpace(_)), "{error}");
    store.revoke_lease(first).await.unwrap();
    store.grant_lease(TTL).await.unwrap();
}

#[tokio::test]
async fn leases_that_are_over_end_in_the_order_of_their_ends() {
    let clock = ManualClock::default();
    let store = MemoryStore::open(Arc::new(clock.clone())).unwrap();
    for seconds in [9, 5, 7] {
        let ttl = Duration::from_secs(seconds);
        let lease = store.grant_lease(ttl).await.unwrap();
        let name = key(&seconds.to_string());
        run(&store, vec![put_on(lease, &name, "")]).await;
    }
    clock.advance(TTL * 4);
    assert_eq!(entries(&store, &key("")).await, []);
    let history = kept_history(&store).await;
    let told: Vec<_> = history[3..]
        .iter()
        .flat_map(|b| told(&key(""), b))
        .collect();
    assert_eq!(told, ["-5", "-7", "-9"]);
}

/// A store whose disk stalls in the sync of a first write.
fn stalled(limits: Limits) -> (Disk, RedbStore) {
    let disk = Disk::default();
    let clock = Arc::new(ManualClock::default());
    let store = RedbStore::on(disk.clone(), clock, limits).unwrap();
    disk.stall();
    (disk, store)
}

#[tokio::test]
async fn requests_beyond_the_queue_are_refused() {
    let (disk, store) = stalled(Limits {
        queue: 3,
        ..Limits::default()
    });
    let write = |n: u32| store.txn(always(vec![put(&key(&n.to_string()), "")]));
    let mut context = Context::from_waker(Waker::noop());
    let mut first = pin!(write(0));
    assert!(first.as_mut().poll(&mut context).is_pending());
    disk.wait_for_stall();
    let mut waiting: Vec<_> = (1..=3).map(|n| Box::pin(write(n))).collect();
    for future in &mut waiting {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    let error = write(4).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    disk.go_on();
    first.await.unwrap();
    for result in join_all(waiting).await {
        result.unwrap();
    }
    write(5).await.unwrap();
}

#[tokio::test]
async fn writes_that_wait_share_a_commit() {
    let (disk, store) = stalled(Limits::default());
    let write = |n: u32| store.txn(always(vec![put(&key(&n.to_string()), "")]));
    let mut context = Context::from_waker(Waker::noop());
    let mut first = pin!(write(0));
    assert!(first.as_mut().poll(&mut context).is_pending());
    disk.wait_for_stall();
    let mut waiting: Vec<_> = (0..50).map(|n| Box::pin(write(n))).collect();
    for future in &mut waiting {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    let before = disk.syncs();
    disk.go_on();
    first.await.unwrap();
    let revisions = join_all(waiting).await.into_iter();
    let revisions: Vec<_> = revisions.map(|r| r.unwrap().revision.0).collect();
    assert_eq!(revisions, (2..=51).collect::<Vec<_>>());
    let syncs = disk.syncs() - before;
    assert!(syncs <= 6, "{syncs} syncs for two commits");
}
