//! What the stores promise: one conformance suite that every backend passes, a model
//! they are compared with, what a file survives: kills, power cuts, full disks and
//! damage; and what a cluster survives: members that die, hang and come back.

#![expect(
    clippy::unwrap_used,
    reason = "everything here is a test or serves one; clippy knows only functions marked so"
)]

mod conformance;
mod damage;
mod disk_full;
mod etcd;
mod keeper;
mod kill;
mod limits;
mod medium;
mod model;
mod power;
mod reopen;
mod support;
mod transfer;
mod view;
