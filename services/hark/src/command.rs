//! One module a command: what it asks Hark for, and what it prints.

pub mod areas;
pub mod config;
mod connect;
pub mod demo;
pub mod devices;
pub mod say;
pub mod status;
pub mod text;
pub mod timers;
pub mod transcribe;
pub mod up;
