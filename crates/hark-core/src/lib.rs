//! Domain types, decisions and ports of Hark.
//!
//! Nothing here does I/O, reads a clock, starts a task, or knows of tonic, etcd or
//! candle: time arrives as an argument, foreign systems stand behind the traits
//! ([`engine::Engine`], [`store::Store`], [`home::DeviceAdapter`], [`time::Clock`]),
//! and a decision is a function of its arguments.

pub mod access;
pub mod audio;
pub mod backoff;
pub mod capacity;
pub mod cluster;
pub mod credentials;
pub mod device;
pub mod endpointing;
pub mod engine;
pub mod home;
pub mod ids;
pub mod instruments;
pub mod intent;
pub mod keys;
pub mod ladder;
pub mod language;
pub mod ledger;
pub mod list;
pub mod outcome;
pub mod placement;
pub mod principal;
pub mod push;
pub mod queue;
pub mod reply;
pub mod resolve;
pub mod risk;
pub mod seats;
pub mod store;
pub mod time;
pub mod timer;
pub mod utterance;
pub mod words;

pub use ids::{
    AreaId, CredentialId, DeviceId, FloorId, HomeId, ListId, NodeId, Ordinal, PrincipalId, RunId,
    SessionId, SpeakerId, TimerId,
};
pub use language::Language;
pub use principal::Principal;
