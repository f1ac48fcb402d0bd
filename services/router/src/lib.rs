//! Turns words into actions: understands a sentence in this home, claims what it is to do
//! in the ledger, tells the devices, and answers; lets timers ring; shows the home.
//!
//! [`Config`] → [`Router::build`] → [`Router::public_routes`] and
//! [`Router::internal_routes`] for servers, [`Router::run`] for its life. Decisions are
//! `hark_core`'s ([`hark_core::resolve`], [`hark_core::ledger`], [`hark_core::timer`]).

mod config;
mod effects;
mod error;
mod grpc;
mod handle;
mod house;
mod instance;
mod ledger;
mod metrics;
mod part;
pub mod process;
mod reload;
mod ringer;
mod speech;
mod state;
mod trace;

pub use config::Config;
pub use error::Error;
pub use part::{Deps, INTERNAL_NAMES, PUBLIC_NAMES, Router};
