//! One module a command: what it asks Hark for, and what it prints.

pub mod access;
pub mod areas;
pub mod bench;
pub mod certs;
pub mod config;
mod connect;
pub mod demo;
pub mod devices;
pub mod doctor;
pub mod drain;
pub mod eval;
mod explain;
mod follow;
pub mod intents;
pub mod model;
pub mod nodes;
pub mod paper;
pub mod say;
pub mod secret;
pub mod status;
pub mod store;
pub mod text;
pub mod timers;
pub mod transcribe;
pub mod up;
