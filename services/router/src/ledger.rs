//! The ledger in the store: claims, outcomes beside the reply, and what is swept out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hark_core::ledger::{Entry, is_expired};
use hark_core::outcome::UtteranceOutcome;
use hark_core::store::{
    self, Compare, Key, MAX_TXN_OPS, Op, OpResult, Revision, Select, Store, Txn,
};
use hark_core::time::Clock;
use hark_proto::stored::stored::Value;
use hark_proto::{Error, value};
use tokio::sync::Notify;
use tracing::Instrument as _;

use crate::trace;

/// Outcomes that may wait to be recorded; beyond them, a reply waits for its record.
const MAX_WAITING: usize = 256;
/// How often what has expired is swept out.
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// How long to wait after the store failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The ledger. Clones share it.
#[derive(Clone)]
pub(crate) struct Ledger(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    prefix: Key,
    retention: Duration,
    /// Finished entries that the store does not have yet, with the revision of their
    /// claim. A replay is answered from here.
    waiting: Mutex<BTreeMap<Key, (Entry, Revision)>>,
    more: Notify,
}

/// What became of a claim.
pub(crate) enum Claim {
    /// It is made, at this revision.
    Made(Revision),
    /// There is an entry already, written at this revision.
    Exists(Box<Entry>, Revision),
    /// This router may not decide any more.
    Fenced,
    /// What it was decided from has changed.
    Conflict,
}

impl Ledger {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        prefix: Key,
        retention: Duration,
    ) -> Self {
        let waiting = Mutex::default();
        let more = Notify::new();
        Self(Arc::new(Inner {
            store,
            clock,
            prefix,
            retention,
            waiting,
            more,
        }))
    }

    /// The entry under a key, and the revision at which it was written.
    ///
    /// # Errors
    /// What the store says; `INTERNAL` if the entry can't be read.
    pub(crate) async fn find(&self, key: &Key) -> Result<Option<(Entry, Revision)>, Error> {
        if let Some(waiting) = self.waiting().get(key) {
            return Ok(Some(waiting.clone()));
        }
        let span = trace::ledger("hark.ledger.find");
        let finding = async {
            let found = self.0.store.range(Select::Key(key.clone())).await?;
            found.entries.first().map(read).transpose()
        };
        let found = finding.instrument(span.clone()).await;
        trace::failed_if(&span, &found);
        found
    }

    /// Writes an entry where there is none, together with `effects`, if `fence` and
    /// `conditions` hold.
    ///
    /// # Errors
    /// As [`Ledger::find`].
    pub(crate) async fn claim(
        &self,
        key: &Key,
        entry: &Entry,
        fence: Compare,
        conditions: Vec<Compare>,
        effects: Vec<Op>,
    ) -> Result<Claim, Error> {
        let mut compares = conditions;
        compares.extend([fence.clone(), Compare::absent(key.clone())]);
        let mut success = effects;
        success.push(put(key, entry));
        let failure = [key, fence.key()].map(|key| Op::Get(Select::Key(key.clone())));
        let txn = self.0.store.txn(Txn {
            compares,
            success,
            failure: failure.to_vec(),
        });
        let span = trace::ledger("hark.ledger.claim");
        let result = txn.instrument(span.clone()).await.map_err(Error::from);
        trace::failed_if(&span, &result);
        drop(span);
        let result = result?;
        if result.succeeded {
            return Ok(Claim::Made(result.revision));
        }
        let found = |at: usize| match result.results.get(at) {
            Some(OpResult::Entries(entries)) => entries.first(),
            _ => None,
        };
        match found(0) {
            Some(entry) => {
                let (entry, revision) = read(entry)?;
                Ok(Claim::Exists(Box::new(entry), revision))
            }
            None if fence.holds(found(1)) => Ok(Claim::Conflict),
            None => Ok(Claim::Fenced),
        }
    }

    /// Records what came of a claim, beside the reply: returns at once unless too many
    /// wait already.
    pub(crate) async fn record(
        &self,
        key: Key,
        mut entry: Entry,
        claimed: Revision,
        outcome: UtteranceOutcome,
    ) {
        entry.outcome = Some(outcome);
        if self.waiting().len() < MAX_WAITING {
            self.waiting().insert(key, (entry, claimed));
            self.0.more.notify_one();
            return;
        }
        if let Err(error) = self.write(&key, &entry, claimed).await {
            tracing::warn!(%error, "outcome not recorded");
        }
    }

    /// Writes what waits, and sweeps out what has expired, for as long as it runs.
    pub(crate) async fn run(&self) {
        tokio::join!(self.keep_recording(), self.keep_sweeping());
    }

    /// Writes everything that waits, once.
    pub(crate) async fn flush(&self) -> Result<(), store::Error> {
        loop {
            let next = self
                .waiting()
                .first_key_value()
                .map(|(k, v)| (k.clone(), v.clone()));
            let Some((key, (entry, claimed))) = next else {
                return Ok(());
            };
            self.write(&key, &entry, claimed).await?;
            self.waiting().remove(&key);
        }
    }

    async fn keep_recording(&self) {
        loop {
            if let Err(error) = self.flush().await {
                tracing::warn!(%error, "outcome not recorded yet");
                tokio::time::sleep(AFTER_FAILURE).await;
                continue;
            }
            self.0.more.notified().await;
        }
    }

    /// One entry with its outcome, unless somebody else recorded one.
    async fn write(&self, key: &Key, entry: &Entry, claimed: Revision) -> Result<(), store::Error> {
        let compares = vec![Compare::ModRevision(key.clone(), claimed)];
        let txn = Txn {
            compares,
            success: vec![put(key, entry)],
            failure: Vec::new(),
        };
        self.0.store.txn(txn).await.map(drop)
    }

    async fn keep_sweeping(&self) {
        loop {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "ledger not swept");
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    }

    /// Deletes what has expired. Only what it saw: an entry that changed meanwhile stays,
    /// and so does what can't be read, which a newer version may have written.
    pub(crate) async fn sweep(&self) -> Result<usize, store::Error> {
        let now = self.0.clock.wall();
        let all = self
            .0
            .store
            .range(Select::Prefix(self.0.prefix.clone()))
            .await?;
        let has_expired = |e: &&store::Entry| match read(e) {
            Ok((entry, _)) => is_expired(&entry, now, self.0.retention),
            Err(error) => {
                tracing::warn!(%error, "ledger entry is unreadable");
                false
            }
        };
        let expired: Vec<_> = all.entries.iter().filter(has_expired).collect();
        for some in expired.chunks(MAX_TXN_OPS) {
            let compares = some
                .iter()
                .map(|e| Compare::ModRevision(e.key.clone(), e.mod_revision));
            let success = some.iter().map(|e| Op::Delete(Select::Key(e.key.clone())));
            let txn = Txn {
                compares: compares.collect(),
                success: success.collect(),
                failure: Vec::new(),
            };
            self.0.store.txn(txn).await?;
        }
        Ok(expired.len())
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Key, (Entry, Revision)>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(key: &Key, entry: &Entry) -> Op {
    let value = value::encode(Value::LedgerEntry(entry.clone().into()));
    Op::Put {
        key: key.clone(),
        value,
        lease: None,
    }
}

fn read(found: &store::Entry) -> Result<(Entry, Revision), Error> {
    match value::decode(found)? {
        Value::LedgerEntry(entry) => Ok((entry.try_into()?, found.mod_revision)),
        _ => Err(Error::internal(format!(
            "{} in the store is no ledger entry",
            found.key
        ))),
    }
}
