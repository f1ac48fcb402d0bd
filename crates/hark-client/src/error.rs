//! Why a call failed, as the caller sees it.

use std::time::Duration;

use hark_proto::ErrorCode;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address can't be used.
    #[error("`{address}` is not an address: {message}; give host:port, like 127.0.0.1:7700")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        message: String,
    },
    /// None of the addresses answers.
    #[error("no Hark answers at {tried}")]
    Connect {
        /// Each address with what came of it.
        tried: String,
    },
    /// Certificates can't be used.
    #[error("certificates: {0}")]
    Tls(#[from] hark_tls::Error),
    /// A token would be sent so that others can read it.
    #[error(
        "refusing to send a token to {0} in the clear: use an https:// address, and the \
         certificate of the house's authority (--ca-file)"
    )]
    Clear(String),
    /// The server answered with an error.
    #[error(transparent)]
    Server(#[from] hark_proto::Error),
    /// The server said nothing for too long.
    #[error("the server said nothing for {} ms", .0.as_millis())]
    Silent(Duration),
    /// The server sent something that makes no sense.
    #[error("the server sent {0}")]
    Protocol(String),
    /// Audio that can't be sent.
    #[error("the audio can't be sent: {0}")]
    Audio(String),
}

impl Error {
    /// The server's code, where it was the server that said no.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Server(error) => Some(error.code()),
            _ => None,
        }
    }

    /// What could not be read of a server's answer.
    pub(crate) fn unreadable(what: &str, error: &hark_proto::Error) -> Self {
        Self::Protocol(format!("{what} that can't be read: {error}"))
    }
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Self {
        Self::Server(status.into())
    }
}
