//! A transaction as the ledger makes it: one key must be absent, another unchanged, and
//! two are written. In memory, and in a file that is synced before the answer; one at a
//! time, and sixteen at once, which share commits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, Throughput};
use hark_core::store::{Compare, Key, Op, Store, Txn};
use hark_runtime::clock::SystemClock;
use hark_store::{MemoryStore, RedbStore};
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
    criterion.final_summary();
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
