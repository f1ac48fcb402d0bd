//! Device adapters: the built-in virtual home.
//!
//! [`Description`] is a home as a TOML file describes it, checked; [`VirtualHome`] is
//! the [`hark_core::home::DeviceAdapter`] of its devices, whose states live in the
//! store and hence survive whatever the process does not.

mod check;
mod description;
mod error;
mod file;
mod virtual_home;

pub use description::Description;
pub use error::Error;
pub use virtual_home::VirtualHome;
