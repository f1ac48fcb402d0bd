//! Real servers for tests. Each is started on ports of the loopback network that no one
//! else uses, with its files in a folder of its own, and is gone when its handle is
//! dropped, when the test panics, and when the test's process is killed. No product code
//! uses this crate.

pub mod error;
pub mod etcd;
pub mod http;
pub mod mirror;
pub mod otlp;
pub mod ports;
pub mod process;
pub mod tls;

pub use error::Error;
