//! The one error of this crate. What goes wrong within a call is a
//! [`hark_proto::Error`].

use std::fmt::Display;

/// Why hearing speakers can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is out of range.
    #[error("the setting `{key}` of ingest {message}")]
    Config {
        /// Which.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// The home has no language.
    #[error("the home has no language: name at least one, like `de`")]
    NoLanguage,
    /// A setting of the process makes no sense.
    #[error("the setting `{key}` {message}")]
    Setting {
        /// Which.
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The sentences to reply with can't be read.
    #[error("the built-in replies: {0}")]
    Replies(#[from] hark_intents::Error),
    /// The process can't start or go on.
    #[error(transparent)]
    Runtime(#[from] hark_runtime::Error),
    /// The process can't say who it is.
    #[error(transparent)]
    Cluster(#[from] hark_cluster::Error),
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] hark_store::Error),
}

impl Error {
    pub(crate) fn config(key: &str, message: impl Display) -> Self {
        Self::Config {
            key: key.to_owned(),
            message: message.to_string(),
        }
    }
}
