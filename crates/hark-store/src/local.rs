//! What the backends share: the committed state that readers look at, and the handle
//! that puts requests before the store's thread.

use std::collections::VecDeque;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use hark_core::store::{
    Error, Key, LeaseId, Revision, Select, Snapshot, Txn, TxnResult, Watch, check_txn,
};
use hark_core::time::{Clock, Monotonic};
use tokio::sync::{oneshot, watch};

use crate::state::State;
use crate::watching::Cursor;
use crate::worker::{Log, Request, Worker};

/// What is committed, for readers and the store's thread.
pub(crate) struct Shared {
    state: RwLock<State>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Shared {
    /// Looks at what is committed.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().expect("no one panics while changing it")
    }

    /// Changes what is committed; only the store's thread does.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().expect("no one panics while changing it")
    }
}

/// The handle of a running store. Dropping it lets the thread finish what waits, and
/// waits for that.
pub(crate) struct Local {
    shared: Arc<Shared>,
    newest: watch::Receiver<Revision>,
    requests: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Local {
    /// Starts the thread.
    pub(crate) fn start(
        state: State,
        log: impl Log,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, crate::Error> {
        let (requests, received) = sync_channel(state.limits.queue);
        let (newest, newest_seen) = watch::channel(state.revision);
        let shared = Arc::new(Shared {
            state: RwLock::new(state),
            clock,
        });
        let worker = Worker {
            shared: Arc::clone(&shared),
            log,
            requests: received,
            newest,
            unsettled: None,
            expire_after: Monotonic::default(),
        };
        let thread = std::thread::Builder::new()
            .name("hark-store".to_owned())
            .spawn(|| worker.run())
            .map_err(crate::Error::Thread)?;
        Ok(Self {
            shared,
            newest: newest_seen,
            requests: Some(requests),
            thread: Some(thread),
        })
    }

    pub(crate) async fn range(&self, select: Select) -> Result<Snapshot, Error> {
        let now = self.shared.clock.monotonic();
        let deadline = self.shared.read().next_deadline();
        if deadline.is_some_and(|deadline| deadline <= now) {
            // If the leases can't be ended now, then their keys are still there.
            drop(self.ask(Request::Expire).await);
        }
        Ok(self.shared.read().range(&select))
    }

    pub(crate) async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        check_txn(&txn)?;
        self.ask(|to| Request::Txn(txn, to)).await
    }

    pub(crate) fn watch(
        &self,
        prefix: Key,
        from: Revision,
        progress: bool,
    ) -> Result<Watch, Error> {
        self.shared.read().check_watch(from)?;
        let cursor = Cursor {
            shared: Arc::clone(&self.shared),
            newest: self.newest.clone(),
            prefix,
            next: from,
            progress,
            found: VecDeque::new(),
            ended: false,
        };
        Ok(cursor.into_watch())
    }

    pub(crate) async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.ask(|to| Request::Grant(ttl, to)).await
    }

    pub(crate) async fn keep_alive(&self, lease: LeaseId) -> Result<(), Error> {
        self.ask(|to| Request::KeepAlive(lease, to)).await
    }

    pub(crate) async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.ask(|to| Request::Revoke(lease, to)).await
    }

    pub(crate) async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.ask(|to| Request::Compact(revision, to)).await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, Error>>) -> Request,
    ) -> Result<T, Error> {
        let requests = self.requests.as_ref().expect("it is only taken in drop");
        let (to, answer) = oneshot::channel();
        requests.try_send(request(to)).map_err(|error| {
            Error::Unavailable(match error {
                TrySendError::Full(_) => "too many requests wait already; try again".to_owned(),
                TrySendError::Disconnected(_) => "the store's thread has ended".to_owned(),
            })
        })?;
        let ended = |_| Error::Indeterminate("the store's thread ended meanwhile".to_owned());
        answer.await.map_err(ended)?
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's thread panicked");
        }
    }
}

/// Implements the store port for a type whose field 0 is a [`Local`].
macro_rules! implement_store {
    ($store:ty, $kind:literal) => {
        #[async_trait::async_trait]
        impl hark_core::store::Store for $store {
            fn kind(&self) -> &'static str {
                $kind
            }

            async fn range(&self, select: Select) -> Result<Snapshot, store::Error> {
                self.0.range(select).await
            }

            async fn txn(&self, txn: Txn) -> Result<TxnResult, store::Error> {
                self.0.txn(txn).await
            }

            async fn watch(&self, prefix: Key, from: Revision) -> Result<Watch, store::Error> {
                self.0.watch(prefix, from, false)
            }

            async fn watch_with_progress(
                &self,
                prefix: Key,
                from: Revision,
            ) -> Result<Watch, store::Error> {
                self.0.watch(prefix, from, true)
            }

            async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, store::Error> {
                self.0.grant_lease(ttl).await
            }

            async fn keep_alive(&self, lease: LeaseId) -> Result<(), store::Error> {
                self.0.keep_alive(lease).await
            }

            async fn revoke_lease(&self, lease: LeaseId) -> Result<(), store::Error> {
                self.0.revoke_lease(lease).await
            }

            async fn compact(&self, revision: Revision) -> Result<(), store::Error> {
                self.0.compact(revision).await
            }
        }
    };
}

pub(crate) use implement_store;
