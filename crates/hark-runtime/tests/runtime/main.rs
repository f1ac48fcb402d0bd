//! The chassis over real sockets: what it lets in, what it bounds, how it ends.
#![allow(clippy::unwrap_used, reason = "tests")]

mod access;
mod admin;
mod bounds;
mod deadlines;
mod draining;
mod identity;
mod lookup;
mod pki;
mod signals;
mod support;
mod tls;
mod trace;
