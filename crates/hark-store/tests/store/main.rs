//! What the stores promise: one conformance suite that every backend passes, a model
//! they are compared with, and what a file survives: kills, power cuts, full disks and
//! damage.

#![expect(
    clippy::unwrap_used,
    reason = "everything here is a test or serves one; clippy knows only functions marked so"
)]

mod conformance;
mod damage;
mod disk_full;
mod keeper;
mod kill;
mod limits;
mod medium;
mod model;
mod power;
mod reopen;
mod support;
mod view;
