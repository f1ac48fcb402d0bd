//! Compaction under a watcher that was cut off: it is told, and a view finds back,
//! deletions included.

use std::sync::Arc;

use hark_core::store::{Error, Store};
use hark_core::time::ManualClock;
use hark_harness::etcd::{Binary, Etcd};
use hark_store::EtcdStore;
use hark_store::view::StoreView;

use super::{answers, root, start, store, under};
use crate::support::{beside, delete, next, put, run, told, within};

/// While nobody listens: `gone` goes, `new` comes, and the history of it is forgotten.
async fn meanwhile(etcd: &mut Etcd, store: &EtcdStore) -> hark_core::store::Revision {
    etcd.kill(0).unwrap();
    etcd.restart(0).unwrap();
    answers(store).await;
    run(store, vec![delete(&under("gone"))]).await;
    for n in 0..20 {
        run(store, vec![put(&under("new"), &n.to_string())]).await;
    }
    let last = run(store, vec![put(&under("new"), "last")]).await;
    store.compact(last).await.unwrap();
    last
}

#[tokio::test]
async fn a_watcher_that_was_cut_off_is_told() {
    for binary in Binary::all() {
        let mut etcd = start(&binary, 1);
        let store = store(&etcd);
        answers(&store).await;
        let first = run(&store, vec![put(&under("gone"), "1")]).await;
        let mut watch = store.watch(root(), first).await.unwrap();
        assert_eq!(told(&root(), &next(&mut watch).await.unwrap()), ["+gone=1"]);
        let last = meanwhile(&mut etcd, &store).await;
        let error = next(&mut watch).await.unwrap_err();
        assert_eq!(error, Error::Compacted { min: last });
    }
}

#[tokio::test]
async fn a_view_finds_back() {
    for binary in Binary::all() {
        let mut etcd = start(&binary, 1);
        let store = Arc::new(store(&etcd));
        answers(&*store).await;
        run(
            &*store,
            vec![put(&under("gone"), "1"), put(&under("stays"), "1")],
        )
        .await;
        let clock = Arc::new(ManualClock::default());
        let shared: Arc<dyn Store> = Arc::clone(&store) as _;
        let (view, driver) = StoreView::open(shared, root(), clock);
        let body = async {
            let before = within(view.ready()).await.unwrap();
            assert!(before.entry(&under("gone")).is_some());
            let last = meanwhile(&mut etcd, &store).await;
            let after = within(view.reached(last)).await.unwrap();
            let keys: Vec<_> = after.entries.keys().cloned().collect();
            assert_eq!(keys, [under("new"), under("stays")]);
            assert_eq!(after.entry(&under("new")).unwrap().value, b"last");
        };
        beside(driver, body).await;
    }
}
