//! A transaction as the ledger makes it: one key must be absent, another unchanged, and
//! two are written. In memory, and in a file that is synced before the answer; one at a
//! time, and sixteen at once, which share commits. And how long a process that starts takes
//! until it knows a large house, from a real etcd where there is one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, Throughput};
use hark_core::store::{Compare, Key, Op, Store, Txn};
use hark_harness::etcd::{Binary, Etcd, Options};
use hark_runtime::clock::SystemClock;
use hark_store::view::StoreView;
use hark_store::{EtcdStore, MemoryStore, RedbStore, etcd};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Of a typical ledger entry.
const VALUE_BYTES: usize = 256;

fn main() {
    let mut criterion = hark_benches::criterion();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = Arc::new(SystemClock::new());
    let memory = MemoryStore::open(clock.clone()).expect("memory opens");
    let redb = RedbStore::open(&folder.path().join("bench.redb"), clock).expect("redb opens");
    let stores: [(_, Arc<dyn Store>); 2] = [("memory", Arc::new(memory)), ("redb", Arc::new(redb))];
    for (name, store) in &stores {
        transactions(&mut criterion, name, store);
    }
    for binary in Binary::all() {
        large_house(&mut criterion, &binary);
    }
    criterion.final_summary();
}

/// 5,000 devices and 200 speakers in an etcd of one member: until a view has them all.
fn large_house(criterion: &mut Criterion, binary: &Binary) {
    let runtime = Runtime::new().expect("a runtime");
    let etcd = Etcd::start_with(binary, &Options::default()).expect("etcd starts");
    let config = etcd::Config {
        endpoints: etcd.endpoints(),
        ..etcd::Config::default()
    };
    let store: Arc<dyn Store> = Arc::new(EtcdStore::open(&config).expect("it is configured"));
    for (kind, count) in [("device", 5_000), ("speaker", 200)] {
        runtime.block_on(fill(&store, kind, count));
    }
    let mut group = criterion.benchmark_group(format!("store/{}", binary.name()));
    group.bench_function("a view of 5,200 keys", |b| {
        b.to_async(&runtime).iter(|| view(&store));
    });
    group.finish();
}

async fn fill(store: &Arc<dyn Store>, kind: &str, count: usize) {
    let put = |n: usize| Op::Put {
        key: Key::new(format!("/hark/v1/home/{kind}/{n:05}")),
        value: vec![7; 100],
        lease: None,
    };
    for first in (0..count).step_by(100) {
        let txn = Txn {
            success: (first..first + 100).map(put).collect(),
            ..Txn::default()
        };
        store.txn(txn).await.expect("the store commits");
    }
}

async fn view(store: &Arc<dyn Store>) {
    let clock = Arc::new(SystemClock::new());
    let root = Key::new("/hark/v1/home/");
    let (view, driver) = StoreView::open(Arc::clone(store), root, clock);
    tokio::select! {
        () = driver => unreachable!("the view is held"),
        all = view.ready() => {
            assert_eq!(all.expect("the driver runs").entries.len(), 5_200);
        }
    }
}

fn transactions(criterion: &mut Criterion, name: &str, store: &Arc<dyn Store>) {
    let runtime = Runtime::new().expect("a runtime");
    let next = Arc::new(AtomicU64::new(0));
    let mut group = criterion.benchmark_group(format!("store/{name}"));
    group.bench_function("one", |b| {
        b.to_async(&runtime).iter(|| commit(store, &next));
    });
    group.throughput(Throughput::Elements(16));
    group.bench_function("sixteen at once", |b| {
        b.to_async(&runtime).iter(|| sixteen(store, &next));
    });
    group.finish();
}

async fn sixteen(store: &Arc<dyn Store>, next: &Arc<AtomicU64>) {
    let mut set = JoinSet::new();
    for _ in 0..16 {
        let (store, next) = (Arc::clone(store), Arc::clone(next));
        set.spawn(async move { commit(&store, &next).await });
    }
    while let Some(done) = set.join_next().await {
        done.expect("a commit does not panic");
    }
}

/// Writes to one of a thousand ledger entries and one of a hundred devices.
async fn commit(store: &Arc<dyn Store>, next: &AtomicU64) {
    let n = next.fetch_add(1, Ordering::Relaxed);
    let ledger = Key::new(format!("/hark/v1/home/ledger/{}", n % 1000));
    let device = Key::new(format!("/hark/v1/home/device/{}", n % 100));
    let put = |key: &Key| Op::Put {
        key: key.clone(),
        value: vec![7; VALUE_BYTES],
        lease: None,
    };
    let txn = Txn {
        compares: vec![
            Compare::absent(Key::new("/hark/v1/home/never")),
            Compare::absent(Key::new("/hark/v1/home/written")),
        ],
        success: vec![put(&ledger), put(&device)],
        failure: Vec::new(),
    };
    let done = store.txn(txn).await.expect("the store commits");
    assert!(done.succeeded);
}
