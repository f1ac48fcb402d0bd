//! An engine in a process of its own, so that an abort in foreign code costs one utterance a
//! second try, and the house nothing.
//!
//! [`Apart`] is the engine as others see it: it starts the program that it is part of once
//! more, with [`SUBCOMMAND`], joined to it by a socket that has no name. [`run`] is that
//! other process. It ends with the one that started it, however that one ends.

mod client;
mod process;
mod serve;
mod slot;
mod supervisor;
mod wire;

use std::time::Duration;

pub use client::{Apart, Watch};
pub use process::{Program, SUBCOMMAND};
pub use serve::run;
pub use wire::Load;

/// How often an end that waits for the other looks whether it still should.
const POLL: Duration = Duration::from_millis(5);
