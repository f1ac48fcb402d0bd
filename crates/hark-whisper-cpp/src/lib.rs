//! Whisper on whisper.cpp: the engine that runs `ggml-*.bin` files as they are, quantised
//! ones too.
//!
//! whisper.cpp computes; the rules by which an utterance is listened to and decoded are
//! [`hark_whisper`]'s own. What is wrong in its C++ ends the process: run a
//! [`WhisperCppEngine`] in one that may end.

mod engine;
mod error;
mod file;
mod model;

pub use engine::{NAME, Settings, WhisperCppEngine};
pub use error::Error;
pub use model::listens;
