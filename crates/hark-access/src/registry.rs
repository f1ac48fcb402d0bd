//! The home's tokens and revocations: written to the store, followed with a view.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hark_core::credentials::{Book, Credential, Credentials, Revocation};
use hark_core::keys::KeySpace;
use hark_core::principal::Kind;
use hark_core::store::{Compare, Entry, Key, Op, Revision, Select, Store, Txn};
use hark_core::time::{Clock, Timestamp};
use hark_core::{AreaId, CredentialId, HomeId, PrincipalId};
use hark_proto::convert::credential as convert;
use hark_proto::stored::stored::Value;
use hark_proto::value;
use hark_store::view::{Snapshot, StoreView};

use crate::token::credential_id;
use crate::{Error, Token};

/// The most tokens of a home, those that count no more included.
pub const MAX_CREDENTIALS: usize = 1000;
/// The most tokens of one principal: they are revoked in one transaction.
pub const MAX_OF_ONE: usize = 32;
/// How long a token that counts no more is still listed.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);
/// How often a change is tried again that others were faster with.
const TRIES: usize = 5;
/// How long a change may take to come back from the store.
const SEEN_WITHIN: Duration = Duration::from_secs(2);
/// The most old tokens that are forgotten at once.
const MAX_FORGOTTEN: usize = 64;

/// Who is to have a token.
#[derive(Debug, Clone)]
pub struct New {
    /// A speaker or a person.
    pub kind: Kind,
    /// Who.
    pub name: PrincipalId,
    /// Where it stands.
    pub area: Option<AreaId>,
    /// How long the token counts; `None`: until it is revoked.
    pub lifetime: Option<Duration>,
}

/// The home's tokens and revocations. Clones share them.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keys: KeySpace,
    view: StoreView,
    /// What the view last showed, read.
    read: Mutex<Option<(Revision, Arc<Book>)>>,
}

impl Registry {
    /// The registry of a home, and the future that keeps it up to date.
    pub fn open(
        home: &HomeId,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let keys = KeySpace::new(home);
        let (view, driver) = StoreView::open(Arc::clone(&store), keys.access(), Arc::clone(&clock));
        let inner = Inner {
            store,
            clock,
            keys,
            view,
            read: Mutex::new(None),
        };
        (Self(Arc::new(inner)), driver)
    }

    /// Waits until the store was read once. `false`: that will not happen any more.
    pub async fn ready(&self) -> bool {
        self.0.view.ready().await.is_some()
    }

    /// Gives out a token. When it returns, this node knows it.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::TooMany`], [`Error::NotReady`], [`Error::Store`].
    pub async fn add(&self, new: New) -> Result<(Credential, Token), Error> {
        let token = Token::generate(new.kind)?;
        let now = self.0.clock.wall();
        let snapshot = self.snapshot()?;
        let all: Vec<Credential> = credentials(&snapshot).map(|(_, c)| c).collect();
        let is_same =
            |c: &&Credential| c.kind == new.kind && c.name == new.name && c.check(now).is_ok();
        if all.len() >= MAX_CREDENTIALS || all.iter().filter(is_same).count() >= MAX_OF_ONE {
            return Err(Error::TooMany(all.len()));
        }
        let id = credential_id()?;
        let credential = Credential {
            id: CredentialId::parse(&id).expect("hexadecimal digits are an id"),
            kind: new.kind,
            name: new.name,
            area: new.area,
            digest: token.digest(),
            created_at: now,
            expires_at: new.lifetime.map(|lifetime| now.plus(lifetime)),
            revoked_at: None,
        };
        let key = self.0.keys.credential(&credential.id);
        let mut txn = Txn {
            compares: vec![Compare::absent(key.clone())],
            success: vec![put(key, Value::Credential(credential.clone().into()))],
            failure: Vec::new(),
        };
        txn.success.extend(forgotten(&snapshot, now));
        match self.write(txn).await? {
            true => Ok((credential, token)),
            false => Err(Error::Conflict),
        }
    }

    /// The tokens that were given out, in the order of their holders.
    ///
    /// # Errors
    /// [`Error::NotReady`].
    pub fn list(&self, kind: Option<Kind>) -> Result<Vec<Credential>, Error> {
        let snapshot = self.snapshot()?;
        let all = credentials(&snapshot).map(|(_, credential)| credential);
        let mut listed: Vec<_> = all
            .filter(|c| kind.is_none_or(|kind| c.kind == kind))
            .collect();
        listed.sort_by(|a, b| {
            let key = |c: &Credential| (c.kind.as_str(), c.name.clone(), c.created_at);
            key(a).cmp(&key(b))
        });
        Ok(listed)
    }

    /// Takes back all tokens of somebody, and all certificates issued to it until now.
    /// Returns how many tokens counted until then.
    ///
    /// # Errors
    /// [`Error::Conflict`], [`Error::NotReady`], [`Error::Store`].
    pub async fn revoke_principal(&self, kind: Kind, name: &PrincipalId) -> Result<usize, Error> {
        let what = Revocation::Principal(kind, name.clone());
        let key = self.0.keys.revoked_principal(kind, name);
        let is_of = |c: &Credential| c.kind == kind && c.name == *name;
        self.revoke(is_of, Some((key, what))).await
    }

    /// Takes back one token.
    ///
    /// # Errors
    /// [`Error::Unknown`], else as [`revoke_principal`](Self::revoke_principal).
    pub async fn revoke_credential(&self, id: &CredentialId) -> Result<usize, Error> {
        if !self.list(None)?.iter().any(|c| c.id == *id) {
            return Err(Error::Unknown(id.to_string()));
        }
        self.revoke(|c| c.id == *id, None).await
    }

    /// Takes back one certificate.
    ///
    /// # Errors
    /// As [`revoke_principal`](Self::revoke_principal).
    pub async fn revoke_certificate(
        &self,
        serial: hark_core::credentials::Serial,
    ) -> Result<(), Error> {
        let key = self.0.keys.revoked_serial(&serial);
        let what = Revocation::Serial(serial);
        self.revoke(|_| false, Some((key, what))).await.map(|_| ())
    }

    async fn revoke(
        &self,
        is_meant: impl Fn(&Credential) -> bool,
        also: Option<(Key, Revocation)>,
    ) -> Result<usize, Error> {
        for _ in 0..TRIES {
            let (snapshot, now) = (self.snapshot()?, self.0.clock.wall());
            let mut txn = Txn::default();
            for (entry, credential) in credentials(&snapshot) {
                if !is_meant(&credential) || credential.check(now).is_err() {
                    continue;
                }
                let key = entry.key.clone();
                let unchanged = Compare::ModRevision(key.clone(), entry.mod_revision);
                txn.compares.push(unchanged);
                let revoked = Credential {
                    revoked_at: Some(now),
                    ..credential
                };
                txn.success
                    .push(put(key, Value::Credential(revoked.into())));
            }
            let count = txn.success.len();
            if let Some((key, what)) = also.clone() {
                let revocation = convert::revocation_to_pb(what, now);
                txn.success.push(put(key, Value::Revocation(revocation)));
            }
            if txn.success.is_empty() || self.write(txn).await? {
                return Ok(count);
            }
        }
        Err(Error::Conflict)
    }

    /// Whether it was written; then this node's view has it, unless the store falls silent.
    async fn write(&self, txn: Txn) -> Result<bool, Error> {
        let result = self.0.store.txn(txn).await?;
        let seen = self.0.view.reached(result.revision);
        // Later is no failure: it is written.
        let _ = tokio::time::timeout(SEEN_WITHIN, seen).await;
        Ok(result.succeeded)
    }

    fn snapshot(&self) -> Result<Arc<Snapshot>, Error> {
        let snapshot = self.0.view.snapshot();
        match snapshot.confirmed {
            Some(_) => Ok(snapshot),
            None => Err(Error::NotReady),
        }
    }
}

impl Credentials for Registry {
    fn book(&self) -> Option<Arc<Book>> {
        let snapshot = self.snapshot().ok()?;
        let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, book)) = &*read
            && *revision == snapshot.changed
        {
            return Some(Arc::clone(book));
        }
        let book = Arc::new(book(&snapshot));
        *read = Some((snapshot.changed, Arc::clone(&book)));
        Some(book)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}

/// Everything that can be read. What can't is said, and leaves the rest as it is.
fn book(snapshot: &Snapshot) -> Book {
    let mut book = Book::default();
    for entry in snapshot.entries.values() {
        match value::decode(entry) {
            Ok(Value::Credential(message)) => match Credential::try_from(message) {
                Ok(credential) => book.add(credential),
                Err(error) => tracing::error!(%error, key = %entry.key, "a credential is damaged"),
            },
            Ok(Value::Revocation(message)) => match convert::revocation(message) {
                Ok((what, at)) => book.revoke(what, at),
                Err(error) => tracing::error!(%error, key = %entry.key, "a revocation is damaged"),
            },
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "who may come in can't be read whole"),
        }
    }
    book
}

fn credentials(snapshot: &Snapshot) -> impl Iterator<Item = (&Entry, Credential)> {
    snapshot.entries.values().filter_map(|entry| {
        let Ok(Value::Credential(message)) = value::decode(entry) else {
            return None;
        };
        Some((entry, Credential::try_from(message).ok()?))
    })
}

/// Deletes what has counted no more for long.
fn forgotten(snapshot: &Snapshot, now: Timestamp) -> Vec<Op> {
    let is_old = |c: &Credential| {
        let ends = [c.expires_at, c.revoked_at];
        let end = ends.into_iter().flatten().min();
        end.is_some_and(|end| now >= end.plus(REMEMBERED))
    };
    credentials(snapshot)
        .filter(|(_, credential)| is_old(credential))
        .map(|(entry, _)| Op::Delete(Select::Key(entry.key.clone())))
        .take(MAX_FORGOTTEN)
        .collect()
}

fn put(key: Key, value: Value) -> Op {
    Op::Put {
        key,
        value: value::encode(value),
        lease: None,
    }
}
