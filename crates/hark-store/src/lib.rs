//! Backends of the store port ([`hark_core::store::Store`]): [`MemoryStore`] for tests
//! and [`RedbStore`], the durable default of a single machine; a watched copy of a
//! prefix that knows its age ([`view::StoreView`]), and a lease that is kept alive and
//! knows when it may no longer be trusted ([`lease::Keeper`]).
//!
//! Both backends run the same state machine: keys, leases and a bounded history of
//! revisions in memory, written by one thread of its own. redb adds a file that each
//! commit is synced to before anybody sees it.

pub mod config;
pub mod error;
pub mod lease;
pub mod memory;
pub mod redb;
pub mod view;

mod disk;
mod draft;
mod history;
mod local;
mod state;
mod watching;
mod worker;

pub use config::{Config, Kind, Limits, open};
pub use error::Error;
pub use memory::MemoryStore;
pub use redb::RedbStore;
