//! What every Hark process needs.
//!
//! [`config`] reads settings, [`process`] starts telemetry, signals and the admin port
//! and ends everything in order, [`tasks`] supervises what runs, [`server`] is the
//! hardened gRPC server, [`channel`] its client side, [`memory`] joins the two within one
//! process. Nothing here knows what Hark does, only who may call what
//! ([`hark_core::access`]).

pub mod admin;
pub mod auth;
pub mod channel;
pub mod clock;
pub mod config;
pub mod deadline;
mod dirs;
pub mod drain;
mod error;
pub mod health;
pub mod memory;
pub mod process;
pub mod server;
mod systemd;
pub mod tasks;
pub mod telemetry;
pub mod trace;

pub use dirs::data_dir;
pub use error::Error;
