//! What a store in a file has when it is opened again.

use std::path::Path;
use std::sync::Arc;

use hark_core::store::{Error, Revision, Store};
use hark_core::time::ManualClock;
use hark_store::{Config, Kind, Limits, RedbStore};

use crate::support::{TTL, delete, entries, entry, kept_history, key, newest, put, put_on, run};

fn open(path: &Path) -> (RedbStore, ManualClock) {
    let clock = ManualClock::default();
    (
        RedbStore::open(path, Arc::new(clock.clone())).unwrap(),
        clock,
    )
}

#[tokio::test]
async fn everything_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder/hark.redb");
    let (store, _) = open(&path);
    run(&store, vec![put(&key("a"), "1"), put(&key("b"), "1")]).await;
    run(&store, vec![put(&key("a"), "2"), delete(&key("b"))]).await;
    let last = run(&store, vec![put(&key("c"), "ä")]).await;
    let (live, history) = (entries(&store, &key("")).await, kept_history(&store).await);
    drop(store);
    let (store, _) = open(&path);
    assert_eq!(entries(&store, &key("")).await, live);
    assert_eq!(kept_history(&store).await, history);
    assert_eq!(newest(&store).await, last);
}

#[tokio::test]
async fn leases_survive_and_have_their_whole_time_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hark.redb");
    let (store, clock) = open(&path);
    let lease = store.grant_lease(TTL).await.unwrap();
    run(&store, vec![put_on(lease, &key("a"), "1")]).await;
    clock.advance(TTL - std::time::Duration::from_millis(1));
    drop(store);
    let (store, clock) = open(&path);
    clock.advance(TTL - std::time::Duration::from_millis(1));
    assert!(entry(&store, &key("a")).await.is_some());
    store.keep_alive(lease).await.unwrap();
    clock.advance(TTL);
    assert_eq!(entry(&store, &key("a")).await, None);
}

#[tokio::test]
async fn a_lease_id_is_never_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hark.redb");
    let (store, _) = open(&path);
    let lease = store.grant_lease(TTL).await.unwrap();
    store.revoke_lease(lease).await.unwrap();
    drop(store);
    let (store, _) = open(&path);
    assert_ne!(store.grant_lease(TTL).await.unwrap(), lease);
    assert_eq!(
        store.keep_alive(lease).await,
        Err(Error::LeaseNotFound(lease))
    );
}

#[tokio::test]
async fn what_was_compacted_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hark.redb");
    let limits = Limits {
        history_revisions: 10,
        ..Limits::default()
    };
    let open = || {
        let medium = hark_store::redb::DataFile::new(&path);
        RedbStore::on(medium, Arc::new(ManualClock::default()), limits).unwrap()
    };
    let store = open();
    for n in 0..30 {
        run(&store, vec![put(&key("a"), &n.to_string())]).await;
    }
    drop(store);
    let store = open();
    let error = store.watch(key(""), Revision(1)).await.err();
    assert_eq!(error, Some(Error::Compacted { min: Revision(21) }));
    assert_eq!(kept_history(&store).await.len(), 10);
}

#[tokio::test]
async fn the_configuration_says_which_store_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hark.redb");
    for (kind, name) in [(Kind::Memory, "memory"), (Kind::Redb, "redb")] {
        let config = Config {
            kind,
            path: path.clone(),
            ..Config::default()
        };
        let store = hark_store::open(&config, Arc::new(ManualClock::default()), |_| {})
            .await
            .unwrap();
        assert_eq!(store.kind(), name);
        assert_eq!(path.exists(), kind == Kind::Redb);
    }
}
