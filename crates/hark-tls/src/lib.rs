//! TLS for Hark, over rustls: the house's own certificates and the names in them.
//!
//! [`Authority`] is the house's certificate authority. [`ServerTls`] and [`Connector`] are
//! the two ends of a connection; both read their files again when those change, and keep
//! what they had where the new files are broken. [`Presented`] is what a client's
//! certificate said, once the handshake has checked its issuer and its time.

mod authority;
mod certificate;
mod client;
mod error;
mod files;
mod provider;
mod refusal;
mod reload;
mod server;

pub use authority::{Authority, Issued, NODE_DOMAIN, Names, Validity};
pub use certificate::{Presented, read_pem};
pub use client::{ClientConfig, Connector, SecureStream};
pub use error::Error;
pub use provider::install_provider;
pub use refusal::{Refusal, refusal};
pub use server::{Accepting, PeerCertificate, ServerConfig, ServerTls};
