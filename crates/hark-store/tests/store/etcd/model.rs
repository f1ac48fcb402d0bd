//! Random transactions and compactions, put to etcd and to the store in memory, which has
//! passed its own comparison with the model: the same results, the same history.

use std::sync::Arc;

use hark_core::store::{Error, Revision, Store, Txn};
use hark_core::time::ManualClock;
use hark_harness::etcd::Binary;
use hark_store::MemoryStore;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{answers, random, start, store};
use crate::model::txns;
use crate::support::{always, entries, key, newest, next_batches, put, run};

const STEPS: usize = 400;

#[derive(Debug)]
enum Step {
    Txn(Txn),
    /// So many revisions back.
    Compact(i64),
}

/// Different in each run, the same for the same seed.
fn steps() -> Vec<Step> {
    let seed = random().0.to_le_bytes().repeat(4);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let step = prop_oneof![
        30 => txns().prop_map(without_leases).prop_map(Step::Txn),
        1 => (-1..6_i64).prop_map(Step::Compact),
    ];
    let steps = prop::collection::vec(step, STEPS);
    steps.new_tree(&mut runner).unwrap().current()
}

/// The two give leases different names.
fn without_leases(mut txn: Txn) -> Txn {
    for op in txn.success.iter_mut().chain(&mut txn.failure) {
        if let hark_core::store::Op::Put { lease, .. } = op {
            *lease = None;
        }
    }
    txn
}

#[tokio::test]
async fn etcd_does_what_the_store_in_memory_does() {
    let steps = steps();
    for binary in Binary::all() {
        let etcd = start(&binary, 1);
        let real = store(&etcd);
        answers(&real).await;
        let memory = MemoryStore::open(Arc::new(ManualClock::default())).unwrap();
        // etcd begins with 1, the other with 0; and there is something to compact.
        run(&memory, vec![put(&key("x"), "1")]).await;
        for n in 0..10 {
            let put = || always(vec![put(&key("x"), &n.to_string())]);
            memory.txn(put()).await.unwrap();
            real.txn(put()).await.unwrap();
        }
        let mut kept = newest(&memory).await;
        assert_eq!(newest(&real).await, kept);
        memory.compact(kept).await.unwrap();
        real.compact(kept).await.unwrap();
        for (number, step) in steps.iter().enumerate() {
            let said = (one(&memory, step).await, one(&real, step).await);
            assert_eq!(said.0, said.1, "step {number}: {step:?}");
            for prefix in ["a", "b"] {
                let prefix = key(prefix);
                let found = (
                    entries(&memory, &prefix).await,
                    entries(&real, &prefix).await,
                );
                assert_eq!(found.0, found.1, "step {number}: {step:?}");
            }
            if let (Step::Compact(_), Ok(Some(at))) = (step, &said.0) {
                kept = at.revision;
            }
        }
        same_history(&memory, &real, kept).await;
    }
}

/// What a step gave: of a compaction the revision that is kept.
async fn one(store: &dyn Store, step: &Step) -> Result<Option<hark_core::store::TxnResult>, Error> {
    match step {
        Step::Txn(txn) => store.txn(txn.clone()).await.map(Some),
        Step::Compact(back) => {
            let at = Revision(newest(store).await.0 - back);
            store.compact(at).await?;
            Ok(Some(hark_core::store::TxnResult {
                succeeded: true,
                revision: at,
                results: vec![],
            }))
        }
    }
}

async fn same_history(memory: &MemoryStore, real: &dyn Store, kept: Revision) {
    let older = Revision(kept.0 - 1);
    for prefix in ["a", "b"] {
        let compacted = Some(Error::Compacted { min: kept });
        assert_eq!(memory.watch(key(prefix), older).await.err(), compacted);
        assert_eq!(real.watch(key(prefix), older).await.err(), compacted);
    }
    let mut told = memory.watch(key(""), kept).await.unwrap();
    let mut told_by_real = real.watch(key(""), kept).await.unwrap();
    let count = usize::try_from(newest(memory).await.0 - kept.0 + 1).unwrap();
    let expected = next_batches(&mut told, count).await;
    assert_eq!(next_batches(&mut told_by_real, count).await, expected);
}
