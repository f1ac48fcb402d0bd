//! Taking everything out of one store and into another: nothing is lost, nothing is half
//! there, whatever is in the way.

use std::sync::Arc;

use hark_core::store::{Error as StoreError, Key, Store};
use hark_core::time::ManualClock;
use hark_harness::etcd::Etcd;
use hark_store::transfer::{Contents, Error, Mode, check_complete, collect, import, read, write};
use hark_store::{EtcdStore, Limits, MemoryStore, RedbStore, etcd};

use crate::support::{TTL, entries, key, put, put_on, run};

fn root() -> Key {
    key("/hark/v1/home/")
}

fn under(name: &str) -> Key {
    key(&format!("/hark/v1/home/{name}"))
}

fn memory() -> MemoryStore {
    MemoryStore::open(Arc::new(ManualClock::default())).unwrap()
}

/// More than one transaction holds, one value larger than half of one, and a process.
async fn fill(store: &dyn Store) {
    for n in 0..300 {
        run(store, vec![put(&under(&format!("device/{n:03}")), "on")]).await;
    }
    run(store, vec![put(&under("list/long"), &"x".repeat(900_000))]).await;
    run(store, vec![put(&under("list/ä"), "")]).await;
    run(store, vec![put(&key("/hark/v1/other/device/a"), "stays")]).await;
    let lease = store.grant_lease(TTL * 20).await.unwrap();
    run(store, vec![put_on(lease, &under("router/a"), "")]).await;
}

/// What is the same wherever it lies.
fn pairs(contents: &Contents) -> &[(Key, Vec<u8>)] {
    &contents.pairs
}

async fn there_and_back(first: &dyn Store, second: &dyn Store, third: &dyn Store) {
    fill(first).await;
    let out = collect(first, &root()).await.unwrap();
    assert_eq!((out.pairs.len(), out.left_out), (302, 1));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("export");
    write(&file, &out).unwrap();
    let from_file = read(&file).unwrap();
    assert_eq!(pairs(&from_file), pairs(&out));

    import(second, &root(), &from_file, Mode::IntoEmpty, |_| {})
        .await
        .unwrap();
    let over = collect(second, &root()).await.unwrap();
    assert_eq!(pairs(&over), pairs(&out));
    assert_eq!(entries(second, &key("/hark/v1/other/")).await, []);

    import(third, &root(), &over, Mode::IntoEmpty, |_| {})
        .await
        .unwrap();
    let back = collect(third, &root()).await.unwrap();
    assert_eq!(pairs(&back), pairs(&out));
    check_complete(third, &root()).await.unwrap();
}

#[tokio::test]
async fn from_redb_to_etcd_and_back() {
    let Some(etcd) = Etcd::start(1) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let clock = || Arc::new(ManualClock::default());
    let open = |name| RedbStore::open(&folder.path().join(name), clock()).unwrap();
    let (first, third) = (open("first.redb"), open("third.redb"));
    let config = etcd::Config {
        endpoints: etcd.endpoints(),
        ..etcd::Config::default()
    };
    let second = EtcdStore::open(&config).unwrap();
    there_and_back(&first, &second, &third).await;
}

#[tokio::test]
async fn what_is_in_the_way_is_named_and_left_alone() {
    let source = memory();
    run(&source, vec![put(&under("device/a"), "new")]).await;
    let contents = collect(&source, &root()).await.unwrap();

    let target = memory();
    run(&target, vec![put(&under("device/old"), "old")]).await;
    let before = entries(&target, &root()).await;
    let into = async |mode| import(&target, &root(), &contents, mode, |_| {}).await;
    let error = into(Mode::IntoEmpty).await.unwrap_err();
    assert!(matches!(error, Error::NotEmpty { count: 1, .. }), "{error}");
    let other = key("/hark/v1/other/");
    let error = import(&target, &other, &contents, Mode::Replace, |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, Error::OtherHome { .. }), "{error}");
    let lease = target.grant_lease(TTL).await.unwrap();
    run(&target, vec![put_on(lease, &under("router/a"), "")]).await;
    let error = into(Mode::Replace).await.unwrap_err();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
    target.revoke_lease(lease).await.unwrap();
    assert_eq!(entries(&target, &root()).await, before);

    into(Mode::Replace).await.unwrap();
    assert_eq!(
        pairs(&collect(&target, &root()).await.unwrap()),
        pairs(&contents)
    );
}

#[tokio::test]
async fn one_that_is_cut_off_is_seen_and_can_be_repeated() {
    let source = memory();
    fill(&source).await;
    let contents = collect(&source, &root()).await.unwrap();
    let limits = Limits {
        live_bytes: 200_000,
        ..Limits::default()
    };
    let clock = Arc::new(ManualClock::default());
    let small = MemoryStore::with_limits(clock, limits).unwrap();
    let error = import(&small, &root(), &contents, Mode::IntoEmpty, |_| {}).await;
    let full = |e: &Error| matches!(e, Error::Store(StoreError::NoSpace(_)));
    assert!(error.as_ref().is_err_and(full), "{error:?}");

    let unfinished = |e: &Error| matches!(e, Error::Unfinished { .. });
    assert!(
        check_complete(&small, &root())
            .await
            .is_err_and(|e| unfinished(&e))
    );
    assert!(
        collect(&small, &root())
            .await
            .is_err_and(|e| unfinished(&e))
    );
    let again = import(&small, &root(), &contents, Mode::IntoEmpty, |_| {}).await;
    assert!(again.as_ref().is_err_and(unfinished), "{again:?}");

    let mut less = contents.clone();
    less.pairs.retain(|(_, value)| value.len() < 1000);
    import(&small, &root(), &less, Mode::Replace, |_| {})
        .await
        .unwrap();
    assert_eq!(
        pairs(&collect(&small, &root()).await.unwrap()),
        pairs(&less)
    );
}
