//! Shorthand for talking to a store in tests.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt;
use hark_core::store::{
    Batch, Compare, Entry, Error, Event, Key, LeaseId, Op, Revision, Select, Store, Txn, TxnResult,
    Watch,
};

/// Long enough that only a hang exceeds it.
pub const HANG: Duration = Duration::from_secs(60);

/// The shortest lease.
pub const TTL: Duration = Duration::from_secs(5);

/// A key.
pub fn key(text: &str) -> Key {
    Key::new(text)
}

/// Writes a key.
pub fn put(key: &Key, value: &str) -> Op {
    Op::Put {
        key: key.clone(),
        value: value.as_bytes().to_vec(),
        lease: None,
    }
}

/// Writes a key that hangs on a lease.
pub fn put_on(lease: LeaseId, key: &Key, value: &str) -> Op {
    Op::Put {
        key: key.clone(),
        value: value.as_bytes().to_vec(),
        lease: Some(lease),
    }
}

/// Deletes a key.
pub fn delete(key: &Key) -> Op {
    Op::Delete(Select::Key(key.clone()))
}

/// A transaction without conditions.
pub fn always(success: Vec<Op>) -> Txn {
    Txn {
        success,
        ..Txn::default()
    }
}

/// A transaction that does nothing unless all conditions hold.
pub fn only_if(compares: Vec<Compare>, success: Vec<Op>) -> Txn {
    Txn {
        compares,
        success,
        ..Txn::default()
    }
}

/// Runs operations that must succeed; the revision after them.
pub async fn run(store: &dyn Store, ops: Vec<Op>) -> Revision {
    txn(store, always(ops)).await.revision
}

/// Runs a transaction that must be accepted.
pub async fn txn(store: &dyn Store, txn: Txn) -> TxnResult {
    store.txn(txn).await.unwrap()
}

/// The entry under a key.
pub async fn entry(store: &dyn Store, key: &Key) -> Option<Entry> {
    let select = Select::Key(key.clone());
    store.range(select).await.unwrap().entries.pop()
}

/// The entries under a prefix.
pub async fn entries(store: &dyn Store, prefix: &Key) -> Vec<Entry> {
    let select = Select::Prefix(prefix.clone());
    store.range(select).await.unwrap().entries
}

/// The newest revision.
pub async fn newest(store: &dyn Store) -> Revision {
    let select = Select::Key(key("there is no such key"));
    store.range(select).await.unwrap().revision
}

/// What a watch says next.
pub async fn next(watch: &mut Watch) -> Result<Batch, Error> {
    within(watch.next()).await.expect("a watch has no end")
}

/// The next `count` batches of a watch.
pub async fn next_batches(watch: &mut Watch, count: usize) -> Vec<Batch> {
    let mut batches = Vec::new();
    while batches.len() < count {
        batches.push(next(watch).await.unwrap());
    }
    batches
}

/// Everything that is kept of a store's history, from the first revision that can be
/// watched.
pub async fn kept_history(store: &dyn Store) -> Vec<Batch> {
    let newest = newest(store).await;
    let mut from = Revision(0);
    let mut watch = match store.watch(key(""), from).await {
        Err(Error::Compacted { min }) => {
            from = min;
            store.watch(key(""), from).await.unwrap()
        }
        watch => watch.unwrap(),
    };
    let mut batches: Vec<Batch> = Vec::new();
    while batches.last().map_or(Revision(0), |b| b.revision) < newest {
        batches.push(next(&mut watch).await.unwrap());
    }
    batches
}

/// Asserts that no revision is missing between batches.
pub fn assert_no_gap(batches: &[Batch]) {
    for pair in batches.windows(2) {
        assert_eq!(pair[1].revision, pair[0].revision.next());
    }
}

/// The events of a batch, told shortly: `+key=value` and `-key`, without `prefix`.
pub fn told(prefix: &Key, batch: &Batch) -> Vec<String> {
    let short = |key: &Key| key.strip_prefix(prefix).unwrap().to_owned();
    let tell = |event: &Event| match event {
        Event::Put(e) => {
            let value = String::from_utf8_lossy(&e.value);
            format!("+{}={value}", short(&e.key))
        }
        Event::Delete(key) => format!("-{}", short(key)),
    };
    batch.events.iter().map(tell).collect()
}

/// Waits for something that must happen.
pub async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(HANG, future).await.expect("it hangs")
}

/// Runs `body` while `driver` runs beside it.
pub async fn beside<T>(driver: impl Future, body: impl Future<Output = T>) -> T {
    tokio::select! {
        _ = driver => panic!("the driver ended"),
        value = body => value,
    }
}

/// Runs a future to its end on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// A sequence of numbers that depends on nothing but its seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number under `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
