//! The speaker's side of Hark: streams audio, follows what was understood, and lets a
//! program look at the home.
//!
//! [`Client`] is a connection to one of the addresses it was given. [`Client::listen`]
//! opens a session of speech, [`Client::attach`] the stream by which the house reaches a
//! speaker; the other calls are single questions. Every call has a deadline, every
//! stream a longest silence, and nothing here starts a task: what is not polled stands
//! still.

mod access;
pub mod audio;
mod clip;
mod connection;
mod error;
mod home;
mod nodes;
mod speakers;
pub mod speech;
mod status;
mod text;
mod trace;

pub use access::{NewCredential, Revoke};
pub use clip::Recognition;
pub use connection::{Client, Options, Token};
pub use error::Error;
pub use home::{DevicesUpdate, TimersUpdate, Watch};
pub use nodes::{Node, Nodes};
pub use speakers::{Attachment, Hello};
pub use speech::{Event, Listen, Session};
pub use status::{Model, Part, Status, StoreStatus};
pub use text::{Converse, Conversed};
pub use trace::Trace;

pub use hark_proto::ErrorCode;
pub use hark_proto::convert::credential::Listed as Credential;
pub use hark_tls::ClientConfig as Tls;

use hark_core::SessionId;

/// A new session: a UUID version 7, as speakers make them.
pub fn new_session() -> SessionId {
    SessionId(uuid::Uuid::now_v7())
}
