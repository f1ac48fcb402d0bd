//! What proves who a caller is, and whether it still does: names in certificates, digests
//! of tokens, and what was revoked.
//!
//! A [`Book`] is all of it at one moment. Whoever keeps one stands behind the
//! [`Credentials`] port; [`MemoryCredentials`] is the twin for tests.

mod certificate;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

pub use certificate::{Certificate, Identity, NameError, Serial};

use crate::ids::{AreaId, CredentialId, PrincipalId};
use crate::principal::Kind;
use crate::time::Timestamp;

/// The SHA-256 of a token. Never the token itself.
#[derive(Clone, Copy, Eq)]
pub struct Digest(pub [u8; 32]);

impl PartialEq for Digest {
    /// In a time that tells nothing about where they differ.
    fn eq(&self, other: &Self) -> bool {
        let differences = self.0.iter().zip(other.0).fold(0, |d, (a, b)| d | (a ^ b));
        std::hint::black_box(differences) == 0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

/// A token that was given out: whose it is and until when, but not the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Names the credential; no secret.
    pub id: CredentialId,
    /// What its holder is.
    pub kind: Kind,
    /// Who its holder is.
    pub name: PrincipalId,
    /// Where its holder stands, if that was said when it was made.
    pub area: Option<AreaId>,
    /// What the holder's token hashes to.
    pub digest: Digest,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it counts no more; `None`: it does not expire.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked; `None`: it was not.
    pub revoked_at: Option<Timestamp>,
}

impl Credential {
    /// Whether it counts at `now`.
    ///
    /// # Errors
    /// [`Refused::Revoked`] or [`Refused::Expired`].
    pub fn check(&self, now: Timestamp) -> Result<(), Refused> {
        if self.revoked_at.is_some() {
            return Err(Refused::Revoked);
        }
        match self.expires_at {
            Some(end) if now >= end => Err(Refused::Expired),
            _ => Ok(()),
        }
    }
}

/// What no longer counts although its issuer once said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revocation {
    /// One certificate.
    Serial(Serial),
    /// Every certificate of a principal that was issued until then.
    Principal(Kind, PrincipalId),
}

/// Why a credential is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nobody has that token.
    #[error("is not known here")]
    Unknown,
    /// It counted until some time ago.
    #[error("has expired")]
    Expired,
    /// It will count later; or a clock is wrong.
    #[error("is not valid yet: is this machine's clock right?")]
    NotYetValid,
    /// Somebody took it back.
    #[error("was revoked")]
    Revoked,
    /// It is not known yet what counts.
    #[error("can't be checked yet: the store has not been read")]
    NotReady,
}

/// All credentials and revocations of a home at one moment.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// By their digests.
    tokens: HashMap<[u8; 32], Credential>,
    serials: HashMap<Serial, Timestamp>,
    principals: HashMap<(Kind, PrincipalId), Timestamp>,
}

impl Book {
    /// Enters a credential.
    pub fn add(&mut self, credential: Credential) {
        self.tokens.insert(credential.digest.0, credential);
    }

    /// Enters a revocation of certificates.
    pub fn revoke(&mut self, what: Revocation, at: Timestamp) {
        match what {
            Revocation::Serial(serial) => drop(self.serials.insert(serial, at)),
            Revocation::Principal(kind, name) => {
                let newest = self.principals.entry((kind, name)).or_insert(at);
                *newest = at.max(*newest);
            }
        }
    }

    /// Marks all tokens of a principal as revoked.
    pub fn revoke_tokens(&mut self, kind: Kind, name: &PrincipalId, at: Timestamp) {
        let of = |c: &&mut Credential| c.kind == kind && c.name == *name;
        for credential in self.tokens.values_mut().filter(of) {
            credential.revoked_at.get_or_insert(at);
        }
    }

    /// Whose token that is.
    ///
    /// # Errors
    /// [`Refused`]: it is nobody's, or counts no more.
    pub fn token(&self, digest: &Digest, now: Timestamp) -> Result<&Credential, Refused> {
        let credential = self.tokens.get(&digest.0).ok_or(Refused::Unknown)?;
        credential.check(now)?;
        Ok(credential)
    }

    /// Whether a certificate, whose issuer was checked before, counts at `now`.
    ///
    /// # Errors
    /// [`Refused`]: it does not.
    pub fn certificate(&self, certificate: &Certificate, now: Timestamp) -> Result<(), Refused> {
        certificate.check(now)?;
        let name = certificate.identity.name.clone();
        let whole = self.principals.get(&(certificate.identity.kind, name));
        let is_revoked = self.serials.contains_key(&certificate.serial)
            || whole.is_some_and(|at| certificate.not_before <= *at);
        match is_revoked {
            true => Err(Refused::Revoked),
            false => Ok(()),
        }
    }

    /// Every credential, in no order.
    pub fn credentials(&self) -> impl Iterator<Item = &Credential> {
        self.tokens.values()
    }

    /// Every revocation of certificates, in no order.
    pub fn revocations(&self) -> impl Iterator<Item = (Revocation, Timestamp)> + '_ {
        let serials = self.serials.iter();
        let serials = serials.map(|(serial, at)| (Revocation::Serial(serial.clone()), *at));
        let whole = self.principals.iter();
        let whole = whole.map(|((k, n), at)| (Revocation::Principal(*k, n.clone()), *at));
        serials.chain(whole)
    }
}

/// Where the home's credentials are kept.
pub trait Credentials: fmt::Debug + Send + Sync + 'static {
    /// What is known now; `None` before it was read for the first time. It must not block:
    /// it is asked at every call.
    fn book(&self) -> Option<Arc<Book>>;
}

/// Credentials in memory, for tests. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MemoryCredentials(Arc<RwLock<Arc<Book>>>);

impl MemoryCredentials {
    /// Changes what is known.
    pub fn change(&self, change: impl FnOnce(&mut Book)) {
        let mut book = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut book));
    }
}

impl Credentials for MemoryCredentials {
    fn book(&self) -> Option<Arc<Book>> {
        let book = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&book))
    }
}

#[cfg(test)]
mod tests;
