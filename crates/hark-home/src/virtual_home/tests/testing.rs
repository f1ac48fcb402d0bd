//! A store whose watches can be made to break off.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use hark_core::store::{
    Error, Key, LeaseId, Revision, Select, Snapshot, Store, Txn, TxnResult, Watch,
};
use tokio::sync::watch;

pub(super) struct BreakingStore {
    inner: Arc<dyn Store>,
    broken: watch::Sender<u32>,
}

impl BreakingStore {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        let broken = watch::Sender::new(0);
        Self { inner, broken }
    }

    /// Ends every watch that is open now with an error.
    pub fn break_watches(&self) {
        self.broken.send_modify(|count| *count += 1);
    }
}

#[async_trait]
impl Store for BreakingStore {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    async fn range(&self, select: Select) -> Result<Snapshot, Error> {
        self.inner.range(select).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        self.inner.txn(txn).await
    }

    async fn watch(&self, prefix: Key, from: Revision) -> Result<Watch, Error> {
        let watch = self.inner.watch(prefix, from).await?;
        let mut broken = self.broken.subscribe();
        broken.borrow_and_update();
        let end = async move { drop(broken.changed().await) };
        let error = Error::Unavailable("pulled the plug".to_owned());
        let rest = stream::once(async { Err(error) });
        Ok(Watch::new(watch.take_until(end).chain(rest)))
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.inner.grant_lease(ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Result<(), Error> {
        self.inner.keep_alive(lease).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.inner.revoke_lease(lease).await
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.inner.compact(revision).await
    }
}
