//! The one error of this crate.

use std::time::Duration;

use hark_core::store;
use hark_proto::ErrorCode;

/// When to try again what somebody else was faster with.
const RETRY: Duration = Duration::from_secs(1);

/// Why somebody was not let in or out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store was not read yet.
    #[error("who may come in has not been read from the store yet; try again")]
    NotReady,
    /// There are as many as may be.
    #[error("there are {0} tokens already, as many as may be; revoke some first")]
    TooMany(usize),
    /// Tokens are for speakers and people.
    #[error("tokens are for speakers and people; nodes have certificates")]
    Kind,
    /// There is no such credential.
    #[error("there is no credential {0}")]
    Unknown(String),
    /// Others changed the same all the while.
    #[error("others changed the same at the same time; try again")]
    Conflict,
    /// The system has no randomness.
    #[error("the system has no randomness for a token")]
    Randomness,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<Error> for hark_proto::Error {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::NotReady => Self::unavailable(message),
            Error::TooMany(_) | Error::Conflict => Self::overloaded(message, RETRY),
            Error::Kind => Self::invalid_field("kind", message),
            Error::Unknown(id) => Self::not_found("credential", &id),
            Error::Randomness => Self::new(ErrorCode::Internal, message),
            Error::Store(error) => error.into(),
        }
    }
}
