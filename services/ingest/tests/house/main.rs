//! Ingest as speakers and programs meet it: over gRPC on loopback, with a real router, a
//! real store and the virtual home behind it. Only the engine is the fake one, which
//! hears what it is told to; everything before it is real audio.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails to set up should stop"
)]

mod clips;
mod house;
mod sentences;
mod speakers;
mod speech;
mod wrong;
