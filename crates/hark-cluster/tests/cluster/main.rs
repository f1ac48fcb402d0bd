//! Processes that find each other, on addresses of loopback and with a store in memory:
//! who is stopped, cut off or hangs gets no work, and nothing is lost that was not in
//! flight on it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails to set up should stop"
)]

mod calls;
mod liveness;
mod proxy;
mod registration;
mod support;
