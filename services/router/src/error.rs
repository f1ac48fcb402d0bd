//! The one error of this crate: why a router can't start or go on.

use hark_core::{Language, store};

/// Why a router can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting has a value that it can't have.
    #[error("`{setting}` {message}")]
    Setting {
        /// Its dotted path.
        setting: String,
        /// What is wrong with it.
        message: String,
    },
    /// A language of the home has no sentences.
    #[error("there are no sentences for the home's language {language}: {source}")]
    Language {
        /// Which.
        language: Language,
        /// Why.
        source: hark_intents::Error,
    },
    /// The home's time zone is not known.
    #[error("the home's time zone `{zone}` is not known: give an IANA name, like Europe/Berlin")]
    TimeZone {
        /// What was given.
        zone: String,
    },
    /// The home can't be read or opened.
    #[error(transparent)]
    Home(#[from] hark_home::Error),
    /// The process can't say who it is.
    #[error(transparent)]
    Cluster(#[from] hark_cluster::Error),
    /// The store can't be opened.
    #[error(transparent)]
    OpenStore(#[from] hark_store::Error),
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The process can't start or go on.
    #[error(transparent)]
    Runtime(#[from] hark_runtime::Error),
}
