//! Who a caller is: from its connection, its certificate, or a bearer token; never from
//! what it says about itself.
//!
//! A token that is sent decides; else a certificate that was shown; else where the caller
//! connects from. What proved who a caller is can stop counting, so it is asked again at
//! every call, and while a stream goes on.

mod refusal;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hark_core::credentials::{Certificate, Credentials, Digest, Refused};
use hark_core::principal::{Authentication, Kind};
use hark_core::time::Clock;
use hark_core::{HomeId, Principal};
use hark_tls::{PeerCertificate, Presented};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::Error;
use crate::clock::SystemClock;
use crate::config::Secret;
pub use refusal::Refusal;

/// How callers prove who they are.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A file with a token of people and their programs, beside those in the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// A file with the token of the other processes of the cluster, for clusters without
    /// certificates of their own. It counts over TLS and on loopback only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_token_file: Option<PathBuf>,
    /// Let in who connects from this very machine and proves nothing, as anonymous. Switch
    /// it off where a proxy on this machine forwards others.
    pub anonymous_loopback: bool,
    /// Let everybody who reaches the server in, as anonymous, and allow addresses that
    /// others reach without TLS. They still can't call what is for nodes only.
    pub insecure: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            token_file: None,
            node_token_file: None,
            anonymous_loopback: true,
            insecure: false,
        }
    }
}

/// Where a call comes from.
#[derive(Debug, Clone)]
pub enum Peer {
    /// From this very process.
    Memory,
    /// Over the network, or loopback, in the clear.
    Tcp(SocketAddr),
    /// The same over TLS, with what the client showed.
    Tls(SocketAddr, PeerCertificate),
}

/// Who makes a call, and what may be asked about that again.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who it is.
    pub principal: Principal,
    /// What proved that.
    pub standing: Standing,
}

/// What proved who a caller is.
#[derive(Debug, Clone)]
pub enum Standing {
    /// Something that does not end while the process runs.
    Lasting,
    /// A token of the store.
    Token(Digest),
    /// A certificate.
    Certificate(Box<Certificate>),
}

impl Standing {
    /// Whether it can stop counting.
    pub fn may_end(&self) -> bool {
        !matches!(self, Self::Lasting)
    }
}

/// Establishes who callers are. Clones share it.
#[derive(Clone)]
pub struct Authenticator(Arc<Known>);

#[derive(Clone)]
struct Known {
    home: HomeId,
    person: Option<Secret>,
    node: Option<Secret>,
    anonymous_loopback: bool,
    insecure: bool,
    credentials: Option<Arc<dyn Credentials>>,
    clock: Arc<dyn Clock>,
}

impl Authenticator {
    /// Reads the tokens of the settings. Certificates count by their issuer and time alone
    /// until [`with_credentials`](Self::with_credentials) says where revocations are.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Secret`].
    pub fn new(config: &Config, home: HomeId) -> Result<Self, Error> {
        let read = |path: &Option<PathBuf>| path.as_deref().map(Secret::read).transpose();
        Ok(Self(Arc::new(Known {
            home,
            person: read(&config.token_file)?,
            node: read(&config.node_token_file)?,
            anonymous_loopback: config.anonymous_loopback,
            insecure: config.insecure,
            credentials: None,
            clock: Arc::new(SystemClock::new()),
        })))
    }

    /// The same, with the home's tokens and revocations.
    #[must_use]
    pub fn with_credentials(self, credentials: Arc<dyn Credentials>) -> Self {
        let known = Known {
            credentials: Some(credentials),
            ..(*self.0).clone()
        };
        Self(Arc::new(known))
    }

    /// The same, by another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        let known = Known {
            clock,
            ..(*self.0).clone()
        };
        Self(Arc::new(known))
    }

    /// Checks that a server may listen on `address`: others must not reach it without TLS
    /// and authentication, unless its owner said so. Then, what the owner should know.
    ///
    /// # Errors
    /// [`Error::Open`].
    pub fn check_bind(
        &self,
        address: SocketAddr,
        tls: Option<&hark_tls::ServerConfig>,
    ) -> Result<Option<&'static str>, Error> {
        let known = &*self.0;
        if is_loopback(address) {
            return Ok(None);
        }
        let has_token = known.person.is_some() || known.node.is_some();
        let can_know = |tls: &hark_tls::ServerConfig| {
            tls.client_ca_file.is_some() || has_token || known.credentials.is_some()
        };
        let remedy = match (tls, known.insecure) {
            (_, true) => {
                return Ok(Some(
                    "`auth.insecure` lets everybody who reaches it in, as anonymous",
                ));
            }
            (Some(tls), false) if can_know(tls) => return Ok(None),
            (Some(_), false) => {
                "name the authority of clients in `server.tls.client_ca_file`, or a file with a \
                 token in `auth.token_file`, or set `auth.insecure = true`"
            }
            (None, false) => {
                "give it a certificate in `server.tls` (`hark certs init`, then `hark certs \
                 issue node`), or set `auth.insecure = true`"
            }
        };
        Err(Error::Open { address, remedy })
    }

    /// Who makes a call.
    ///
    /// # Errors
    /// [`Refusal`]; a wrong token is refused wherever it comes from.
    pub fn identify(&self, peer: &Peer, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let (address, certificate) = match peer {
            Peer::Memory => {
                let principal = Principal::in_process(self.0.home.clone());
                return Ok(lasting(principal));
            }
            Peer::Tcp(address) => (*address, None),
            Peer::Tls(address, certificate) => (*address, Some(certificate)),
        };
        if let Some(header) = headers.get(http::header::AUTHORIZATION) {
            let token = header.to_str().ok().and_then(bearer);
            let is_clear = certificate.is_none() && !is_loopback(address);
            return self.of_token(token.ok_or(Refusal::Malformed)?, is_clear);
        }
        match certificate.and_then(PeerCertificate::presented) {
            Some(Presented::Named(certificate)) => self.of_certificate(certificate),
            Some(Presented::Nameless(reason)) => Err(Refusal::Nameless(reason.clone())),
            Some(Presented::Nothing) | None => self.of_nobody(address),
        }
    }

    /// Whether what proved who a caller is still counts.
    ///
    /// # Errors
    /// [`Refusal`]: it does not.
    pub fn check(&self, standing: &Standing) -> Result<(), Refusal> {
        let now = self.0.clock.wall();
        match standing {
            Standing::Lasting => Ok(()),
            Standing::Token(digest) => {
                let book = self.book()?.ok_or(Refusal::Token(Refused::Unknown))?;
                book.token(digest, now).map_err(Refusal::Token).map(|_| ())
            }
            Standing::Certificate(certificate) => match self.book()? {
                Some(book) => book.certificate(certificate, now),
                None => certificate.check(now),
            }
            .map_err(Refusal::Certificate),
        }
    }

    fn of_token(&self, token: &str, is_clear: bool) -> Result<Caller, Refusal> {
        let known = &*self.0;
        let is = |secret: &Option<Secret>| secret.as_ref().is_some_and(|s| s.matches(token));
        if is(&known.node) {
            return match is_clear {
                true => Err(Refusal::Clear),
                false => Ok(lasting(self.principal(Kind::Node, "node"))),
            };
        }
        if is(&known.person) {
            return Ok(lasting(self.principal(Kind::Person, "token")));
        }
        let digest = digest(token);
        let book = self.book()?.ok_or(Refusal::Token(Refused::Unknown))?;
        let credential = book.token(&digest, known.clock.wall());
        let credential = credential.map_err(Refusal::Token)?;
        Ok(Caller {
            principal: Principal {
                area: credential.area.clone(),
                ..self.principal(credential.kind, credential.name.as_str())
            },
            standing: Standing::Token(digest),
        })
    }

    fn of_certificate(&self, certificate: &Certificate) -> Result<Caller, Refusal> {
        let identity = &certificate.identity;
        if identity.home != self.0.home {
            return Err(Refusal::Elsewhere(identity.clone()));
        }
        let standing = Standing::Certificate(Box::new(certificate.clone()));
        self.check(&standing)?;
        let principal = Principal {
            authentication: Authentication::Certificate,
            ..self.principal(identity.kind, identity.name.as_str())
        };
        Ok(Caller {
            principal,
            standing,
        })
    }

    fn of_nobody(&self, address: SocketAddr) -> Result<Caller, Refusal> {
        let known = &*self.0;
        let authentication = match is_loopback(address) {
            true if known.anonymous_loopback => Authentication::Loopback,
            _ if known.insecure => Authentication::Insecure,
            _ => return Err(Refusal::Nothing),
        };
        let principal = Principal::anonymous(known.home.clone(), authentication);
        Ok(lasting(principal))
    }

    fn principal(&self, kind: Kind, id: &str) -> Principal {
        Principal {
            kind,
            id: id.to_owned(),
            authentication: Authentication::Token,
            home: self.0.home.clone(),
            area: None,
        }
    }

    /// The home's credentials; `None` where this process has none.
    fn book(&self) -> Result<Option<Arc<hark_core::credentials::Book>>, Refusal> {
        match &self.0.credentials {
            None => Ok(None),
            Some(credentials) => credentials.book().map(Some).ok_or(Refusal::NotReady),
        }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator")
            .field("home", &self.0.home)
            .field("insecure", &self.0.insecure)
            .finish_non_exhaustive()
    }
}

/// What a token is looked up by.
pub fn digest(token: &str) -> Digest {
    Digest(sha2::Sha256::digest(token.as_bytes()).into())
}

/// Whether only this machine reaches an address.
pub(crate) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn lasting(principal: Principal) -> Caller {
    Caller {
        principal,
        standing: Standing::Lasting,
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests;
