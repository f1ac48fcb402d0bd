//! The one error of this crate.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::config::Origin;

/// Why a process can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of settings, or one that settings name, can't be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of settings is not TOML.
    #[error("{} is not valid TOML: {message}", path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where and why.
        message: String,
    },
    /// There is no such setting.
    #[error("{origin}: unknown key `{key}`; known here: {known}")]
    UnknownKey {
        /// Where it was given.
        origin: Origin,
        /// Its dotted path.
        key: String,
        /// The keys that are known there.
        known: String,
    },
    /// A setting has a value that it can't have.
    #[error("{origin}: `{key}` {message}")]
    Value {
        /// Where it was given.
        origin: Origin,
        /// Its dotted path.
        key: String,
        /// What is wrong with it.
        message: String,
    },
    /// A setting can't be written down; a mistake in this program.
    #[error("the settings can't be written as TOML: {0}")]
    Print(String),
    /// A file should hold a secret, and does not.
    #[error("{} should hold one secret on one line: {reason}", path.display())]
    Secret {
        /// Which.
        path: PathBuf,
        /// What it holds instead.
        reason: &'static str,
    },
    /// An address can't be listened on.
    #[error("cannot listen on {address}: {source}; choose another address with {setting}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
        /// What sets the address.
        setting: &'static str,
    },
    /// An address that others reach would be open to all.
    #[error(
        "refusing to listen on {address}, which others can reach, without authentication: {remedy}"
    )]
    Open {
        /// Which.
        address: SocketAddr,
        /// What to do.
        remedy: &'static str,
    },
    /// Certificates can't be used.
    #[error("`{setting}`: {source}")]
    Tls {
        /// The section of the settings that names them.
        setting: &'static str,
        /// What is wrong.
        source: hark_tls::Error,
    },
    /// A token would be sent so that others can read it.
    #[error(
        "refusing to send a token to {address} in the clear: use https://, with the file of the house's authority"
    )]
    Clear {
        /// Where to.
        address: String,
    },
    /// The address of a server can't be understood.
    #[error(
        "`{address}` is not the address of a server: {message}; give one like http://127.0.0.1:7700"
    )]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        message: String,
    },
    /// The descriptors of a service can't be read; a mistake in this program.
    #[error("the descriptors of the services can't be read: {0}")]
    Descriptors(String),
    /// Logs or metrics can't be set up.
    #[error("cannot set up telemetry: {0}")]
    Telemetry(String),
    /// Signals can't be received.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    /// A server stopped by itself.
    #[error("the server on {on} stopped: {message}")]
    Serve {
        /// What it listened on.
        on: String,
        /// Why.
        message: String,
    },
    /// A task that the process can't do without failed.
    #[error("the task `{name}` failed: {message}")]
    Task {
        /// Which.
        name: &'static str,
        /// Why.
        message: String,
    },
}
