//! Why somebody is not let in; tells a caller what to do, and no secret.

use hark_core::credentials::{Identity, Refused};
use tonic::Status;

/// Why somebody is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It proves nothing, and does not connect from where that is enough.
    #[error(
        "say who you are: show a certificate of this home, or send metadata `authorization: Bearer TOKEN`"
    )]
    Nothing,
    /// What it sent is no bearer token.
    #[error("the metadata `authorization` has to be `Bearer TOKEN`")]
    Malformed,
    /// Its token does not count.
    #[error("the token {0}")]
    Token(Refused),
    /// Its certificate does not count.
    #[error("the certificate {0}")]
    Certificate(Refused),
    /// Its certificate is from the right authority, and names nobody.
    #[error("the certificate names nobody: {0}")]
    Nameless(String),
    /// Its certificate names somebody of another home.
    #[error("the certificate is for {0}, of another home")]
    Elsewhere(Identity),
    /// The token of nodes came over a connection that others can read.
    #[error("the token of nodes was sent in the clear; use TLS, and another token from now on")]
    Clear,
    /// It is not known yet what counts.
    #[error("who may come in has not been read from the store yet; try again")]
    NotReady,
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotReady => Self::unavailable(refusal.to_string()),
            _ => Self::unauthenticated(refusal.to_string()),
        }
    }
}
