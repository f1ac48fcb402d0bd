//! Models from elsewhere: where they are known to be, how they are downloaded, and how
//! they are installed.
//!
//! [`Sources`] is a readable file of models and of where each can be had, every file
//! pinned by its SHA-256. [`pull()`] tries a model's sources in order: a download goes on
//! where it broke off, is believed only by its digest, and becomes a model in the house's
//! folder in one step or not at all. [`mod@write`] is how any model is written to a disk.

pub mod address;
mod client;
mod download;
pub mod error;
mod index;
mod lock;
pub mod pip;
pub mod pull;
mod sources;
mod wheel;
pub mod write;

pub use client::{Limits, Plain};
pub use download::digest;
pub use error::Error;
pub use pull::{Observer, Settings, pull};
pub use sources::{Known, Sources};
