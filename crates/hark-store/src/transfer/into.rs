//! Puts keys and values into a store, all of them or visibly not all.
//!
//! They need more than one transaction, so a marker key is there from the first one until
//! the last. Every transaction compares it: two imports can't mix. Where the marker is
//! left, an import was cut off; nothing works with such a store until it is repeated.

use std::time::Duration;

use hark_core::store::{
    Compare, Entry, Error as StoreError, Key, MAX_TXN_BYTES, MAX_TXN_OPS, Op, Revision, Select,
    Store, Txn,
};

use super::{Contents, Error};

/// So much of a transaction's bounds is used, keys and conditions aside.
const BATCH_BYTES: usize = MAX_TXN_BYTES / 2;
const BATCH_KEYS: usize = MAX_TXN_OPS / 2;
/// A transaction of an import can be repeated: it compares the marker, and writes what
/// is there already.
const ATTEMPTS: usize = 5;
const PAUSE: Duration = Duration::from_millis(300);

/// What to do with what there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Refuse, if there is anything.
    IntoEmpty,
    /// Delete it first.
    Replace,
}

/// The key that says that an import has not finished.
pub(super) fn marker(prefix: &Key) -> Key {
    Key::new(format!("{prefix}import"))
}

pub(super) fn unfinished(prefix: &Key) -> Error {
    Error::Unfinished {
        prefix: prefix.to_string(),
    }
}

/// Checks that no import into `prefix` was cut off.
///
/// # Errors
/// [`Error::Unfinished`], [`Error::Store`].
pub async fn check_complete(store: &dyn Store, prefix: &Key) -> Result<(), Error> {
    let found = store.range(Select::Key(marker(prefix))).await?;
    if found.entries.is_empty() {
        return Ok(());
    }
    Err(unfinished(prefix))
}

/// Puts `contents` under `prefix`, and tells `progress` how many keys are there.
///
/// # Errors
/// Before anything is written: [`Error::OtherHome`], [`Error::NotEmpty`],
/// [`Error::InUse`], [`Error::Unfinished`]. Later [`Error::Store`]; then the marker stays.
pub async fn import(
    store: &dyn Store,
    prefix: &Key,
    contents: &Contents,
    mode: Mode,
    progress: impl Fn(usize) + Send + Sync,
) -> Result<(), Error> {
    if contents.header.prefix != prefix.as_str() {
        return Err(Error::OtherHome {
            found: contents.header.prefix.clone(),
            expected: prefix.to_string(),
        });
    }
    let found = store.range(Select::Prefix(prefix.clone())).await?.entries;
    check_free(prefix, &found, mode)?;
    let token = begin(store, prefix, &found).await?;
    let ours = Compare::CreateRevision(marker(prefix), token);
    let mut written = 0;
    for batch in batches(&contents.pairs) {
        let put = |(key, value): &(Key, Vec<u8>)| Op::Put {
            key: key.clone(),
            value: value.clone(),
            lease: None,
        };
        commit(store, prefix, &ours, batch.iter().map(put).collect()).await?;
        written += batch.len();
        progress(written);
    }
    finish(store, prefix, &ours).await
}

/// Whether there is nothing in the way.
fn check_free(prefix: &Key, found: &[Entry], mode: Mode) -> Result<(), Error> {
    if let Some(leased) = found.iter().find(|e| e.lease.is_some()) {
        let key = leased.key.to_string();
        return Err(Error::InUse { key });
    }
    if mode == Mode::Replace || found.is_empty() {
        return Ok(());
    }
    if found.iter().any(|e| e.key == marker(prefix)) {
        return Err(unfinished(prefix));
    }
    Err(Error::NotEmpty {
        prefix: prefix.to_string(),
        count: found.len(),
    })
}

/// Sets the marker in the place of all that was found; its create revision.
async fn begin(store: &dyn Store, prefix: &Key, found: &[Entry]) -> Result<Revision, Error> {
    let marker = marker(prefix);
    let old = found.iter().find(|e| e.key == marker);
    let unchanged = Compare::CreateRevision(
        marker.clone(),
        old.map_or(Revision(0), |e| e.create_revision),
    );
    // The old marker goes in a transaction of its own, so that the new one's create
    // revision is new; without it nothing is there yet that must not be.
    let clear = Txn {
        compares: vec![unchanged],
        success: vec![Op::Delete(Select::Prefix(prefix.clone()))],
        failure: vec![],
    };
    if !found.is_empty() && !store.txn(clear).await?.succeeded {
        return Err(unfinished(prefix));
    }
    let set = Txn {
        compares: vec![Compare::absent(marker.clone())],
        success: vec![Op::Put {
            key: marker,
            value: vec![],
            lease: None,
        }],
        failure: vec![],
    };
    let set = store.txn(set).await?;
    if set.succeeded {
        return Ok(set.revision);
    }
    Err(unfinished(prefix))
}

/// One transaction under the marker, repeated where it is not known to have happened.
async fn commit(
    store: &dyn Store,
    prefix: &Key,
    ours: &Compare,
    ops: Vec<Op>,
) -> Result<(), Error> {
    let txn = Txn {
        compares: vec![ours.clone()],
        success: ops,
        failure: vec![],
    };
    let mut attempt = 1;
    loop {
        match store.txn(txn.clone()).await {
            Ok(done) if done.succeeded => return Ok(()),
            Ok(_) => return Err(unfinished(prefix)),
            Err(StoreError::Unavailable(_) | StoreError::Indeterminate(_))
                if attempt < ATTEMPTS =>
            {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Takes the marker away: from now on all of it is there.
async fn finish(store: &dyn Store, prefix: &Key, ours: &Compare) -> Result<(), Error> {
    let gone = vec![Op::Delete(Select::Key(marker(prefix)))];
    match commit(store, prefix, ours, gone).await {
        // An attempt whose answer was lost may have done it.
        Err(Error::Unfinished { .. }) => check_complete(store, prefix).await,
        done => done,
    }
}

/// The pairs in groups that fit into a transaction each.
fn batches(pairs: &[(Key, Vec<u8>)]) -> Vec<&[(Key, Vec<u8>)]> {
    let mut batches = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (at, (key, value)) in pairs.iter().enumerate() {
        let more = key.as_str().len() + value.len();
        if at > from && (at - from >= BATCH_KEYS || bytes + more > BATCH_BYTES) {
            batches.push(&pairs[from..at]);
            (from, bytes) = (at, 0);
        }
        bytes += more;
    }
    batches.extend((from < pairs.len()).then(|| &pairs[from..]));
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_lose_nothing_and_fit(sizes in prop::collection::vec(0..(MAX_TXN_BYTES * 3 / 5), 0..12), small in 0..300_usize) {
            let sizes = sizes.into_iter().chain(std::iter::repeat_n(3, small));
            let pair = |(n, size): (usize, usize)| (Key::new(format!("{n:06}")), vec![0; size]);
            let pairs: Vec<_> = sizes.enumerate().map(pair).collect();
            let batches = batches(&pairs);
            prop_assert_eq!(batches.concat(), pairs.clone());
            for batch in batches {
                let bytes: usize = batch.iter().map(|(k, v)| k.as_str().len() + v.len()).sum();
                prop_assert!(!batch.is_empty() && batch.len() <= BATCH_KEYS);
                prop_assert!(bytes <= BATCH_BYTES || batch.len() == 1);
            }
        }
    }
}
