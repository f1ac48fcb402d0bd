//! Who a caller is, from the connection and a bearer token; never from what it says.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hark_core::principal::{Authentication, Kind};
use hark_core::{HomeId, Principal};
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::config::Secret;

/// How callers prove who they are.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// A file with the token of people and their programs.
    pub token_file: Option<PathBuf>,
    /// A file with the token of the other processes of the cluster.
    pub node_token_file: Option<PathBuf>,
    /// Let everybody who reaches the server in, as anonymous. They still can't call what
    /// is for nodes only.
    pub insecure: bool,
}

/// Where a call comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// From this very process.
    Memory,
    /// Over the network, or loopback.
    Tcp(SocketAddr),
}

/// Establishes who callers are. Clones share it.
#[derive(Debug, Clone)]
pub struct Authenticator(Arc<Known>);

#[derive(Debug)]
struct Known {
    home: HomeId,
    person: Option<Secret>,
    node: Option<Secret>,
    insecure: bool,
}

/// Why somebody is not let in; tells a caller what to do, and no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no token, and it is not on loopback.
    #[error("send a token: metadata `authorization: Bearer TOKEN`")]
    NoToken,
    /// The token is not one that is known.
    #[error("the token is not known here")]
    WrongToken,
}

impl Authenticator {
    /// Reads the tokens.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Secret`].
    pub fn new(config: &Config, home: HomeId) -> Result<Self, Error> {
        let read = |path: &Option<PathBuf>| path.as_deref().map(Secret::read).transpose();
        Ok(Self(Arc::new(Known {
            home,
            person: read(&config.token_file)?,
            node: read(&config.node_token_file)?,
            insecure: config.insecure,
        })))
    }

    /// Checks that a server may listen on `address`: others must not reach it without
    /// authentication, unless its owner said so.
    ///
    /// # Errors
    /// [`Error::Open`].
    pub fn check_bind(&self, address: SocketAddr) -> Result<(), Error> {
        let has_token = self.0.person.is_some() || self.0.node.is_some();
        if is_loopback(address) || has_token || self.0.insecure {
            return Ok(());
        }
        Err(Error::Open {
            address,
            remedy: "name a file with a token in `auth.token_file`, or set `auth.insecure = true`",
        })
    }

    /// Who makes a call.
    ///
    /// # Errors
    /// [`Refusal`]; a wrong token is refused wherever it comes from.
    pub fn identify(&self, peer: Peer, headers: &HeaderMap) -> Result<Principal, Refusal> {
        let known = &*self.0;
        let home = known.home.clone();
        let address = match peer {
            Peer::Memory => return Ok(Principal::in_process(home)),
            Peer::Tcp(address) => address,
        };
        let Some(header) = headers.get(http::header::AUTHORIZATION) else {
            return match (is_loopback(address), known.insecure) {
                (true, _) => Ok(Principal::anonymous(home, Authentication::Loopback)),
                (_, true) => Ok(Principal::anonymous(home, Authentication::Insecure)),
                _ => Err(Refusal::NoToken),
            };
        };
        let token = header.to_str().ok().and_then(bearer);
        let is = |secret: &Option<Secret>| {
            secret
                .as_ref()
                .zip(token)
                .is_some_and(|(s, t)| s.matches(t))
        };
        let (kind, id) = match (is(&known.node), is(&known.person)) {
            (true, _) => (Kind::Node, "node"),
            (_, true) => (Kind::Person, "token"),
            _ => return Err(Refusal::WrongToken),
        };
        Ok(Principal {
            kind,
            id: id.to_owned(),
            authentication: Authentication::Token,
            home,
            area: None,
        })
    }
}

/// Whether only this machine reaches an address.
pub(crate) fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authenticator(person: Option<&str>, node: Option<&str>, insecure: bool) -> Authenticator {
        let secret = |t: Option<&str>| t.map(|t| Secret::parse(t).unwrap());
        Authenticator(Arc::new(Known {
            home: HomeId::parse("home").unwrap(),
            person: secret(person),
            node: secret(node),
            insecure,
        }))
    }

    fn tcp(address: &str) -> Peer {
        Peer::Tcp(address.parse().unwrap())
    }

    #[test]
    fn callers_are_who_their_connection_and_token_say() {
        let home = authenticator(Some("p"), Some("n"), false);
        let open = authenticator(None, None, true);
        let (local, far) = (tcp("127.0.0.1:9"), tcp("192.168.1.9:9"));
        let mapped = tcp("[::ffff:127.0.0.1]:9");
        use Authentication::{InProcess, Insecure, Loopback, Token};
        for (auth, peer, header, expect) in [
            (&home, Peer::Memory, None, Ok((Kind::Node, InProcess))),
            (&home, local, None, Ok((Kind::Anonymous, Loopback))),
            (&home, mapped, None, Ok((Kind::Anonymous, Loopback))),
            (&home, far, None, Err(Refusal::NoToken)),
            (&home, far, Some("Bearer p"), Ok((Kind::Person, Token))),
            (&home, far, Some("bearer p"), Ok((Kind::Person, Token))),
            (&home, far, Some("Bearer n"), Ok((Kind::Node, Token))),
            (&home, local, Some("Bearer x"), Err(Refusal::WrongToken)),
            (&home, local, Some("Bearer "), Err(Refusal::WrongToken)),
            (&home, far, Some("Basic p"), Err(Refusal::WrongToken)),
            (&home, far, Some("p"), Err(Refusal::WrongToken)),
            (&open, far, None, Ok((Kind::Anonymous, Insecure))),
            (&open, far, Some("Bearer x"), Err(Refusal::WrongToken)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert("authorization", header.parse().unwrap());
            }
            let got = auth.identify(peer, &headers);
            let got = got.map(|p| (p.kind, p.authentication));
            assert_eq!(got, expect, "{peer:?} {header:?}");
        }
    }

    #[test]
    fn others_are_not_let_near_a_server_without_authentication() {
        for (person, insecure, address, ok) in [
            (None, false, "127.0.0.1:1", true),
            (None, false, "[::1]:1", true),
            (None, false, "0.0.0.0:1", false),
            (None, false, "[::]:1", false),
            (None, false, "192.168.1.2:1", false),
            (Some("p"), false, "0.0.0.0:1", true),
            (None, true, "0.0.0.0:1", true),
        ] {
            let auth = authenticator(person, None, insecure);
            let got = auth.check_bind(address.parse().unwrap());
            assert_eq!(got.is_ok(), ok, "{address} {person:?} {insecure}");
            if let Err(error) = got {
                let text = error.to_string();
                assert!(
                    text.contains(address) && text.contains("auth.token_file"),
                    "{text}"
                );
            }
        }
    }
}
