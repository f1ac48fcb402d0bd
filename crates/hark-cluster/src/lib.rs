//! How the processes of a house find each other.
//!
//! A process says who it is ([`Config::identify`]), registers its parts in the store
//! under a lease ([`Registration`]), follows what others registered ([`Peers`]), and places
//! its calls on those that are alive ([`Pool`]): one connection to each, watched
//! by `grpc.health.v1`, so that who is killed or hangs is out within seconds, whatever
//! the store says. Which one gets a call is [`hark_core::placement`]'s decision.

mod config;
mod error;
mod follow;
mod link;
mod node;
mod peers;
mod pool;
mod registration;
mod registry;

pub use config::{Config, Me};
pub use error::Error;
pub use node::{NAMES, routes};
pub use peers::Peers;
pub use pool::{Pool, Seen, Terms};
pub use registration::Registration;
pub use registry::Registry;
