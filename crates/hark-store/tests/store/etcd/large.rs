//! More than fits into one answer: many keys, large values, revisions that etcd cuts into
//! pieces, and a registry of the size that a large house has.

use std::sync::Arc;

use hark_core::store::{Event, Op, Select, Store};
use hark_core::time::ManualClock;
use hark_harness::etcd::Binary;
use hark_store::EtcdStore;
use hark_store::view::StoreView;

use super::{answers, root, start, store, under};
use crate::support::{always, beside, entries, newest, next, put, run, within};

/// Writes so many keys under `prefix`, a hundred at a time.
async fn fill(store: &EtcdStore, prefix: &str, count: usize, value: &str) {
    let numbers: Vec<_> = (0..count).collect();
    for some in numbers.chunks(100) {
        let op = |n: &usize| put(&under(&format!("{prefix}/{n:05}")), value);
        run(store, some.iter().map(op).collect()).await;
    }
}

#[tokio::test]
async fn a_view_holds_a_large_house() {
    for binary in Binary::all() {
        let etcd = start(&binary, 1);
        let store = Arc::new(store(&etcd));
        answers(&*store).await;
        fill(&store, "device", 5_000, &"x".repeat(60)).await;
        fill(&store, "speaker", 200, &"x".repeat(120)).await;
        let shared: Arc<dyn Store> = Arc::clone(&store) as _;
        let clock = Arc::new(ManualClock::default());
        let (view, driver) = StoreView::open(shared, root(), clock);
        let body = async {
            let began = std::time::Instant::now();
            let all = within(view.ready()).await.unwrap();
            println!("5,200 keys in {:?}", began.elapsed());
            assert_eq!(all.entries.len(), 5_200);
            let at = run(&*store, vec![put(&under("device/00007"), "on")]).await;
            let changed = within(view.reached(at)).await.unwrap();
            assert_eq!(changed.entry(&under("device/00007")).unwrap().value, b"on");
        };
        beside(driver, body).await;
    }
}

#[tokio::test]
async fn a_read_beyond_one_answer_is_whole() {
    for binary in Binary::all() {
        let etcd = start(&binary, 1);
        let store = store(&etcd);
        answers(&store).await;
        let value = "0123456789abcdef".repeat(50_000);
        for n in 0..9 {
            run(&store, vec![put(&under(&format!("big/{n}")), &value)]).await;
        }
        let found = entries(&store, &under("big/")).await;
        assert_eq!(found.len(), 9);
        assert!(found.iter().all(|e| e.value == value.as_bytes()));
        // In a transaction there are no pages; it is read only, so nothing has happened.
        let all = Op::Get(Select::Prefix(under("big/")));
        let error = store.txn(always(vec![all])).await.unwrap_err();
        assert!(
            matches!(error, hark_core::store::Error::TooLarge(_)),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_revision_in_pieces_is_one_batch() {
    for binary in Binary::all() {
        let etcd = start(&binary, 1);
        let store = store(&etcd);
        answers(&store).await;
        let long = "many-keys-with-long-names-that-take-much-space-in-an-answer-".repeat(4);
        fill(&store, &long, 9_000, "").await;
        let from = newest(&store).await.next();
        let mut live = store.watch(root(), from).await.unwrap();
        let all = Op::Delete(Select::Prefix(under(&long)));
        let revision = run(&store, vec![all]).await;
        let mut replayed = store.watch(root(), from).await.unwrap();
        for watch in [&mut live, &mut replayed] {
            let batch = next(watch).await.unwrap();
            assert_eq!((batch.revision, batch.events.len()), (revision, 9_000));
            assert!(batch.events.is_sorted_by_key(|e| match e {
                Event::Delete(key) => key.clone(),
                Event::Put(entry) => entry.key.clone(),
            }));
        }
    }
}

#[tokio::test]
async fn large_revisions_are_replayed_one_by_one() {
    for binary in Binary::all() {
        let etcd = start(&binary, 1);
        let store = store(&etcd);
        answers(&store).await;
        let from = newest(&store).await.next();
        let value = "0123456789abcdef".repeat(60_000);
        for _ in 0..8 {
            run(
                &store,
                vec![put(&under("big"), &value), put(&under("small"), "1")],
            )
            .await;
        }
        let mut watch = store.watch(root(), from).await.unwrap();
        let mut expected = from;
        for _ in 0..8 {
            let batch = next(&mut watch).await.unwrap();
            assert_eq!((batch.revision, batch.events.len()), (expected, 2));
            expected = expected.next();
        }
    }
}
