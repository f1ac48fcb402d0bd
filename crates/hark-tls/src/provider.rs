//! The one cryptography of this process.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;

/// Makes ring the cryptography of every TLS library in this process. Call it first thing
/// in `main`; again does nothing.
pub fn install_provider() {
    // It fails where a provider is there already, which only ever is this one.
    let _ = default_provider().install_default();
}

/// What this crate's own connections use, whether or not it was installed.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    match CryptoProvider::get_default() {
        Some(provider) => Arc::clone(provider),
        None => Arc::new(default_provider()),
    }
}
