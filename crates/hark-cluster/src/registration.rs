//! Keeps this process's parts registered, each under `instance/<role>/<node>` and all
//! under one lease: again when the lease was lost or a key vanished, no more once the
//! process drains.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hark_core::HomeId;
use hark_core::backoff::Backoff;
use hark_core::cluster::Instance;
use hark_core::keys::KeySpace;
use hark_core::store::{self, Key, LeaseId, Op, Revision, Store, Txn};
use hark_core::time::Clock;
use hark_proto::stored::stored::Value;
use hark_proto::value;
use hark_runtime::drain::Drain;
use hark_runtime::tasks;
use hark_store::lease::Keeper;
use hark_store::view::{Snapshot, StoreView};

use crate::Me;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long deregistering may take; after that the lease does it.
const DEREGISTER_WITHIN: Duration = Duration::from_secs(2);

/// Keeps this process's parts registered.
pub struct Registration {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keys: KeySpace,
    ttl: Duration,
    lease: Mutex<Option<LeaseId>>,
}

/// A part as it is to be in the store.
struct Entry {
    key: Key,
    value: Vec<u8>,
}

impl Registration {
    /// One that registers nothing yet.
    pub fn new(home: &HomeId, me: &Me, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            keys: KeySpace::new(home),
            ttl: me.lease_ttl,
            lease: Mutex::new(None),
        }
    }

    /// Keeps `parts` registered until the drain is requested; then takes them back, so
    /// that nobody sends new work while the process finishes what it has.
    pub async fn run(self, parts: Vec<Instance>, drain: Drain) {
        let entry = |part: Instance| Entry {
            key: self.keys.instance(part.role, &part.node),
            value: value::encode(Value::Instance(part.into())),
        };
        let entries: Vec<_> = parts.into_iter().map(entry).collect();
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let (view, driver) = StoreView::open(store, self.keys.instances(), clock);
        tokio::select! {
            () = driver => {}
            () = self.keep(&view, &entries) => {}
            () = drain.requested() => {}
        }
        self.deregister().await;
    }

    async fn keep(&self, view: &StoreView, entries: &[Entry]) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let began = tokio::time::Instant::now();
            if let Err(error) = self.hold(view, entries).await {
                tracing::warn!(%error, "not registered, trying again");
            }
            let pause = backoff.after_running(began.elapsed(), tasks::unit_random());
            tokio::time::sleep(pause).await;
        }
    }

    /// Registers, and returns once the lease is lost.
    async fn hold(&self, view: &StoreView, entries: &[Entry]) -> Result<(), store::Error> {
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let (keeper, alive) = Keeper::grant(store, self.ttl, clock).await?;
        let lease = keeper.lease();
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = Some(lease);
        let all: Vec<_> = entries.iter().collect();
        let written = self.put(&all, lease).await?;
        tracing::info!(parts = entries.len(), "registered");
        tokio::select! {
            ended = alive => ended,
            failed = self.guard(view, entries, lease, written) => failed,
        }
    }

    /// Puts keys back that vanish.
    async fn guard(
        &self,
        view: &StoreView,
        entries: &[Entry],
        lease: LeaseId,
        written: Revision,
    ) -> Result<(), store::Error> {
        let ended = || store::Error::Unavailable("the registry is not followed".to_owned());
        let mut snapshot = view.reached(written).await.ok_or_else(ended)?;
        loop {
            let gone: Vec<_> = entries.iter().filter(|e| is_gone(e, &snapshot)).collect();
            let seen = match gone.is_empty() {
                true => snapshot.changed,
                false => {
                    tracing::warn!(keys = gone.len(), "registration vanished, putting it back");
                    let written = self.put(&gone, lease).await?;
                    snapshot = view.reached(written).await.ok_or_else(ended)?;
                    continue;
                }
            };
            snapshot = view.changed(seen).await.ok_or_else(ended)?;
        }
    }

    async fn put(&self, entries: &[&Entry], lease: LeaseId) -> Result<Revision, store::Error> {
        let put = |entry: &&Entry| Op::Put {
            key: entry.key.clone(),
            value: entry.value.clone(),
            lease: Some(lease),
        };
        let txn = Txn {
            success: entries.iter().map(put).collect(),
            ..Txn::default()
        };
        Ok(self.store.txn(txn).await?.revision)
    }

    /// The keys go with their lease. Where that fails, the lease's end does it.
    async fn deregister(&self) {
        let lease = self
            .lease
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(lease) = lease else {
            return;
        };
        let revoked = tokio::time::timeout(DEREGISTER_WITHIN, self.store.revoke_lease(lease));
        match revoked.await {
            Ok(Ok(()) | Err(store::Error::LeaseNotFound(_))) => tracing::info!("deregistered"),
            Ok(Err(error)) => tracing::warn!(%error, "not deregistered; the lease will end"),
            Err(_) => tracing::warn!("not deregistered in time; the lease will end"),
        }
    }
}

/// Whether a part is not registered any more. Where another process took its name, that
/// one stays: both putting it back in turns would help nobody.
fn is_gone(entry: &Entry, snapshot: &Snapshot) -> bool {
    match snapshot.entry(&entry.key) {
        None => true,
        Some(there) => {
            if there.value != entry.value {
                tracing::error!(key = %entry.key, "another process has this node's name; see node.name");
            }
            false
        }
    }
}
