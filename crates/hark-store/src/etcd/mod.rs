//! The store of a cluster: etcd.
//!
//! Reads go on at another member until the request's time is over. What may have been
//! written is never repeated; it is `Indeterminate`. A watch outlives the member that it
//! runs on.

mod assemble;
mod config;
mod convert;
mod failure;
mod history;
mod inspect;
mod members;
mod range;
mod store;
mod version;
mod watch;

pub use config::Config;
pub use inspect::{Member, State, inspect};
pub(crate) use members::unit_random;
pub use store::EtcdStore;
