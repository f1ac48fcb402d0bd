//! Who may come in: tokens and revocations, kept in the store.
//!
//! A [`Registry`] gives out tokens, lists and revokes them, and stands behind the
//! [`Credentials`](hark_core::credentials::Credentials) port: it follows the store with a
//! view, so that whoever was known stays known while the store is gone, and a revocation
//! counts as soon as its watch delivers it.

mod error;
mod registry;
mod token;

pub use error::Error;
pub use registry::{MAX_CREDENTIALS, MAX_OF_ONE, New, Registry};
pub use token::Token;
