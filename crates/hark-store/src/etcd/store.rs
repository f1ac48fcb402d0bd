//! [`EtcdStore`]: the port, in etcd's calls.

use std::sync::Arc;
use std::time::Duration;

use etcd_client::Client;
use hark_core::store::{
    Error, Key, LeaseId, MIN_LEASE_TTL, Op, Revision, Select, Snapshot, Store, Txn, TxnResult,
    Watch, check_txn,
};

use super::failure::Repeat;
use super::members::Members;
use super::watch::Follower;
use super::{Config, convert, history, range};

/// A store in an etcd of one member or more. It connects when it is first used, and again
/// whenever it has to.
pub struct EtcdStore {
    members: Arc<Members>,
}

impl EtcdStore {
    /// A store that was not asked for anything yet.
    ///
    /// # Errors
    /// [`crate::Error::Setting`].
    pub fn open(config: &Config) -> Result<Self, crate::Error> {
        let members = Members::new(config.settings()?);
        Ok(Self {
            members: Arc::new(members),
        })
    }

    /// Asks whether etcd is there and lets us read `prefix`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if it isn't there (yet); anything else if that will not
    /// change by itself.
    pub async fn check(&self, prefix: &Key) -> Result<(), Error> {
        let bounds = convert::Bounds::of_prefix(prefix);
        let ask = |client: Client| {
            let (first, options) = (bounds.first.clone(), bounds.get().with_count_only());
            async move { client.kv_client().get(first, Some(options)).await }
        };
        self.members.call(Repeat::Safe, ask).await.map(drop)
    }

    /// The members, for a person.
    pub fn endpoints(&self) -> String {
        self.members.told()
    }

    /// etcd does not say which lease it did not find: the first in the branch that would
    /// have run.
    async fn missing_lease(&self, txn: &Txn) -> Error {
        let branch = Txn {
            compares: txn.compares.clone(),
            ..Txn::default()
        };
        let ops = match self.run(&branch).await {
            Ok(result) if result.succeeded => &txn.success,
            Ok(_) => &txn.failure,
            Err(error) => return error,
        };
        let lease = |op: &Op| match op {
            Op::Put { lease, .. } => *lease,
            _ => None,
        };
        let leases: Vec<_> = ops.iter().filter_map(lease).collect();
        for lease in &leases {
            let ask = async |mut client: Client| client.lease_time_to_live(lease.0, None).await;
            let left = self.members.call(Repeat::Safe, ask).await;
            if left.is_ok_and(|left| left.ttl() <= 0) {
                return Error::LeaseNotFound(*lease);
            }
        }
        Error::LeaseNotFound(leases.first().copied().unwrap_or(LeaseId(0)))
    }

    async fn run(&self, txn: &Txn) -> Result<TxnResult, Error> {
        let request = convert::txn(txn);
        let reads_only = |op: &Op| matches!(op, Op::Get(_));
        let repeat = match txn.success.iter().chain(&txn.failure).all(reads_only) {
            true => Repeat::Safe,
            false => Repeat::Never,
        };
        let ask = |client: Client| {
            let request = request.clone();
            async move { client.kv_client().txn(request).await }
        };
        convert::txn_result(&self.members.call(repeat, ask).await?)
    }
}

/// The error, about this lease where etcd did not name it.
fn about(lease: LeaseId) -> impl Fn(Error) -> Error {
    move |error| match error {
        Error::LeaseNotFound(_) => Error::LeaseNotFound(lease),
        other => other,
    }
}

#[async_trait::async_trait]
impl Store for EtcdStore {
    fn kind(&self) -> &'static str {
        "etcd"
    }

    async fn range(&self, select: Select) -> Result<Snapshot, Error> {
        range::read(&self.members, &select).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        check_txn(&txn)?;
        match self.run(&txn).await {
            Err(Error::LeaseNotFound(_)) => Err(self.missing_lease(&txn).await),
            done => done,
        }
    }

    async fn watch(&self, prefix: Key, from: Revision) -> Result<Watch, Error> {
        Follower::open(Arc::clone(&self.members), prefix, from, false).await
    }

    async fn watch_with_progress(&self, prefix: Key, from: Revision) -> Result<Watch, Error> {
        Follower::open(Arc::clone(&self.members), prefix, from, true).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        if ttl < MIN_LEASE_TTL {
            let what = format!("a lease of {ttl:?}; at least {MIN_LEASE_TTL:?}");
            return Err(Error::Invalid(what));
        }
        // etcd counts whole seconds, and grants more where its elections take longer.
        let seconds = ttl.as_nanos().div_ceil(1_000_000_000);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let ask = async |mut client: Client| client.lease_grant(seconds, None).await;
        // One that is granted and not known to us ends by itself.
        let granted = self.members.call(Repeat::Safe, ask).await?;
        Ok(LeaseId(granted.id()))
    }

    async fn keep_alive(&self, lease: LeaseId) -> Result<(), Error> {
        let ask = async |mut client: Client| client.lease_keep_alive(lease.0).await;
        let kept = self.members.call(Repeat::Safe, ask).await;
        kept.map(drop).map_err(about(lease))
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        let ask = async |mut client: Client| client.lease_revoke(lease.0).await;
        let revoked = self.members.call(Repeat::Never, ask).await;
        revoked.map(drop).map_err(about(lease))
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        history::compact(&self.members, revision).await
    }
}
