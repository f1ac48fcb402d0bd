//! Backends of the store port ([`hark_core::store::Store`]): [`MemoryStore`] for tests,
//! [`RedbStore`], the durable default of a single machine, and [`EtcdStore`] for a
//! cluster; a watched copy of a prefix that knows its age ([`view::StoreView`]), and a lease that is kept alive and
//! knows when it may no longer be trusted ([`lease::Keeper`]).
//!
//! The first two run the same state machine: keys, leases and a bounded history of
//! revisions in memory, written by one thread of its own. redb adds a file that each
//! commit is synced to before anybody sees it.

pub mod check;
pub mod config;
pub mod error;
pub mod etcd;
pub mod lease;
pub mod memory;
pub mod redb;
pub mod transfer;
pub mod view;

mod disk;
mod draft;
mod history;
mod local;
mod state;
mod watching;
mod worker;

pub use config::{Config, Kind, Limits, open, open_now};
pub use error::Error;
pub use etcd::EtcdStore;
pub use memory::MemoryStore;
pub use redb::RedbStore;
