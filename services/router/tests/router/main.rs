//! A whole router over the built-in home, real sentences and a store in memory, called
//! through its gRPC services as other processes call it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod home;
mod once;
mod sentences;
mod timers;
mod world;
