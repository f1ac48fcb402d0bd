//! This router in the store: a key of its own under its own lease.
//!
//! The key's create revision is the router's fencing token. Every transaction that
//! decides something compares it, so a router that was cut off for longer than its lease
//! can't act on what it decided before: its key is gone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hark_core::backoff::Backoff;
use hark_core::store::{self, Compare, Key, Op, Revision, Store, Txn};
use hark_core::time::Clock;
use hark_runtime::tasks;
use hark_store::lease::Keeper;
use tokio::sync::Notify;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A router's own key, and whether it may be relied on. Clones share it.
#[derive(Clone)]
pub(crate) struct Instance(Arc<Inner>);

struct Inner {
    key: Key,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ttl: Duration,
    held: Mutex<Option<Held>>,
    changed: Notify,
}

struct Held {
    keeper: Keeper,
    token: Revision,
}

impl Instance {
    /// One that holds nothing yet: [`Instance::hold`] does.
    pub(crate) fn new(
        key: Key,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ttl: Duration,
    ) -> Self {
        let held = Mutex::new(None);
        Self(Arc::new(Inner {
            key,
            store,
            clock,
            ttl,
            held,
            changed: Notify::new(),
        }))
    }

    /// The comparison that fails once this router's lease has ended; `None` where it may
    /// have ended already, so that nothing may be decided.
    pub(crate) fn fence(&self) -> Option<Compare> {
        let held = self.0.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.as_ref()?;
        held.keeper.claim()?;
        Some(Compare::CreateRevision(self.0.key.clone(), held.token))
    }

    /// Returns once the key is held.
    pub(crate) async fn held(&self) {
        loop {
            let changed = self.0.changed.notified();
            if self.fence().is_some() {
                return;
            }
            changed.await;
        }
    }

    /// The store said that `fence` does not hold: the key is gone, whatever the lease.
    /// It is taken anew.
    pub(crate) fn lost(&self, fence: &Compare) {
        if self.fence().as_ref() == Some(fence) {
            self.release();
        }
    }

    /// Lets the key go: its lease is given up as soon as nobody needs it.
    pub(crate) fn release(&self) {
        self.put(None);
    }

    /// Holds the key for as long as the future is polled: takes it, keeps its lease
    /// alive, and takes it again when that was lost. Never ends.
    pub(crate) async fn hold(&self) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            match self.hold_once().await {
                Ok(()) => {
                    tracing::warn!("lease of this router lost, taking it again");
                    backoff.reset();
                }
                Err(error) => tracing::warn!(%error, "cannot take the lease of this router"),
            }
            self.put(None);
            tokio::time::sleep(backoff.next(tasks::unit_random())).await;
        }
    }

    /// Returns once the lease is lost.
    async fn hold_once(&self) -> Result<(), store::Error> {
        let inner = &*self.0;
        let (store, clock) = (Arc::clone(&inner.store), Arc::clone(&inner.clock));
        let (keeper, alive) = Keeper::grant(store, inner.ttl, clock).await?;
        let lease = Some(keeper.lease());
        let put = Op::Put {
            key: inner.key.clone(),
            value: Vec::new(),
            lease,
        };
        // A key that an earlier lease of this router left must go, or the token would
        // be that one's.
        let clear = Op::Delete(store::Select::Key(inner.key.clone()));
        let cleared = Txn {
            success: vec![clear],
            ..Txn::default()
        };
        inner.store.txn(cleared).await?;
        let compares = vec![Compare::absent(inner.key.clone())];
        let taken = Txn {
            compares,
            success: vec![put],
            ..Txn::default()
        };
        let result = inner.store.txn(taken).await?;
        if !result.succeeded {
            let message = format!("another router calls itself {}", inner.key);
            return Err(store::Error::Invalid(message));
        }
        self.put(Some(Held {
            keeper,
            token: result.revision,
        }));
        alive.await
    }

    fn put(&self, held: Option<Held>) {
        *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use hark_core::time::{ManualClock, Timestamp};
    use hark_store::MemoryStore;

    use super::*;

    const TTL: Duration = Duration::from_secs(6);

    async fn until_held(instance: &Instance) -> Compare {
        loop {
            if let Some(fence) = instance.fence() {
                return fence;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn allows(store: &dyn Store, fence: Compare) -> bool {
        let txn = Txn {
            compares: vec![fence],
            ..Txn::default()
        };
        store.txn(txn).await.unwrap().succeeded
    }

    #[tokio::test]
    async fn the_fence_holds_while_the_lease_does_and_an_older_one_never_again() {
        let clock = ManualClock::starting_at(Timestamp::default());
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let store: Arc<dyn Store> = Arc::new(MemoryStore::open(Arc::clone(&clock)).unwrap());
        let key = Key::new("/hark/v1/home/router/a");
        let instance = Instance::new(key, Arc::clone(&store), clock, TTL);
        assert!(instance.fence().is_none(), "it holds nothing yet");

        let first = tokio::select! {
            fence = until_held(&instance) => fence,
            () = instance.hold() => unreachable!("it never ends"),
        };
        assert!(allows(&*store, first.clone()).await);

        // The first holder is gone; a second life of the same router takes the key.
        instance.put(None);
        let second = tokio::select! {
            fence = until_held(&instance) => fence,
            () = instance.hold() => unreachable!("it never ends"),
        };
        assert!(allows(&*store, second).await);
        assert!(!allows(&*store, first).await);
    }
}
