//! What a server bounds, with defaults for devices and for nodes.

use std::net::SocketAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::deadline::Policy;

/// The most that the headers of a call may have, in bytes.
pub const MAX_HEADER_LIST_BYTES: u32 = 8 * 1024;
/// The flow-control window of a stream, in bytes.
pub const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// The flow-control window of a connection, in bytes.
pub const CONNECTION_WINDOW_BYTES: u32 = 512 * 1024;
/// Streams that a client may make us reset through errors of its own before the
/// connection is closed (CVE-2025-8671, "MadeYouReset").
pub const MAX_LOCAL_ERROR_RESETS: usize = 1024;
/// Streams that a client may open and reset before we have looked at them
/// (CVE-2023-44487, "rapid reset").
pub const MAX_PENDING_ACCEPT_RESETS: usize = 20;

/// Where a server listens, and what it bounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// How it proves who it is, and whose certificates it trusts. Absent: no TLS, which is
    /// for loopback only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<hark_tls::ServerConfig>,
    /// Connections in all; more are closed at once.
    pub max_connections: usize,
    /// Connections from one address (of IPv6, one /64); more are closed at once.
    pub max_connections_per_ip: usize,
    /// Streams that a connection may have open.
    pub max_concurrent_streams: u32,
    /// Calls of a connection that may wait for their answer to begin; more are answered
    /// `RESOURCE_EXHAUSTED`.
    pub concurrency_per_connection: usize,
    /// How long a connection may take to say that it speaks HTTP/2, the TLS handshake
    /// included, in milliseconds.
    pub handshake_timeout_ms: u64,
    /// How often an idle connection is probed, in milliseconds.
    pub keepalive_interval_ms: u64,
    /// How long a probe may take, in milliseconds.
    pub keepalive_timeout_ms: u64,
    /// How long a unary call may take whose caller does not say, in milliseconds.
    pub default_deadline_ms: u64,
    /// How long a unary call may take at most, in milliseconds.
    pub max_deadline_ms: u64,
    /// How long calls may go on after a signal to end, in milliseconds.
    pub drain_grace_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self::for_devices()
    }
}

impl Config {
    /// For speakers, people and their programs; on 127.0.0.1:7700.
    pub fn for_devices() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7700)),
            tls: None,
            max_connections: 1024,
            max_connections_per_ip: 64,
            max_concurrent_streams: 16,
            concurrency_per_connection: 8,
            handshake_timeout_ms: 5_000,
            keepalive_interval_ms: 20_000,
            keepalive_timeout_ms: 10_000,
            default_deadline_ms: 30_000,
            max_deadline_ms: 120_000,
            drain_grace_ms: 8_000,
        }
    }

    /// For the other processes of the cluster, which share few connections and must
    /// notice a lost peer soon; on a port of 127.0.0.1.
    pub fn for_nodes(port: u16) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], port)),
            max_concurrent_streams: 256,
            concurrency_per_connection: 256,
            keepalive_interval_ms: 5_000,
            keepalive_timeout_ms: 5_000,
            ..Self::for_devices()
        }
    }

    pub(super) fn drain_grace(&self) -> Duration {
        Duration::from_millis(self.drain_grace_ms)
    }

    pub(super) fn deadlines(&self) -> Policy {
        let most = Duration::from_millis(self.max_deadline_ms);
        Policy {
            default: Duration::from_millis(self.default_deadline_ms).min(most),
            most,
        }
    }
}
