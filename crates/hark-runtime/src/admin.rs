//! The admin port: `/metrics` for Prometheus, `/livez` and `/readyz` for whoever keeps the
//! process running.
//!
//! It answers to the very end, so that a drain can be watched.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::auth::is_loopback;
use crate::health::Health;
use crate::server::{Connection, Incoming, Limits};
use crate::{Error, telemetry};

/// Few need this port, and each for a moment.
const LIMITS: Limits = Limits {
    handshakes: 0,
    total: 64,
    per_network: 32,
    hello: Duration::from_secs(5),
};

/// Where the admin port is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// Let everybody who reaches the address read metrics and health.
    pub insecure: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7701)),
            insecure: false,
        }
    }
}

/// An admin port that has its address.
#[derive(Debug)]
pub struct Bound {
    listener: TcpListener,
    local_addr: SocketAddr,
    health: Health,
}

/// Takes the address.
///
/// # Errors
/// [`Error::Open`] if others could reach it and nobody said they may; [`Error::Bind`] if
/// it can't be had.
pub async fn bind(config: &Config, health: &Health) -> Result<Bound, Error> {
    let address = config.listen;
    if !is_loopback(address) && !config.insecure {
        let remedy = "set `admin.insecure = true`; it shows metrics and health, nothing else";
        return Err(Error::Open { address, remedy });
    }
    let failed = |source| Error::Bind {
        address,
        source,
        setting: "--admin-listen or admin.listen",
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    Ok(Bound {
        local_addr: listener.local_addr().map_err(failed)?,
        listener,
        health: health.clone(),
    })
}

impl Bound {
    /// The address; with the port that was free, where port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Answers until it is stopped, when what is open is cut.
    ///
    /// # Errors
    /// [`Error::Serve`].
    pub async fn serve(self, stop: CancellationToken) -> Result<(), Error> {
        let incoming = Incoming::tcp(self.listener, LIMITS);
        let cut = incoming.cut();
        let serving = axum::serve(Admin(incoming, self.local_addr), router(self.health));
        let result = tokio::select! {
            result = serving.into_future() => result,
            () = stop.cancelled() => Ok(()),
        };
        cut.cancel();
        result.map_err(|e| Error::Serve {
            on: self.local_addr.to_string(),
            message: e.to_string(),
        })
    }
}

fn router(health: Health) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(health)
}

async fn readyz(State(health): State<Health>) -> Response {
    let snapshot = health.snapshot();
    let code = match snapshot.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = serde_json::to_string_pretty(&Readiness::from(snapshot))
        .expect("names, reasons and booleans are always JSON");
    (code, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

async fn metrics() -> Response {
    match telemetry::scrape() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// What `/readyz` answers.
#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    draining: bool,
    parts: Vec<Part>,
}

#[derive(Debug, Serialize)]
struct Part {
    name: &'static str,
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<crate::health::Snapshot> for Readiness {
    fn from(snapshot: crate::health::Snapshot) -> Self {
        let ready = snapshot.is_ready();
        let part = |(name, reason): (_, Option<String>)| Part {
            name,
            ready: reason.is_none(),
            reason,
        };
        Self {
            ready,
            draining: snapshot.draining,
            parts: snapshot.parts.into_iter().map(part).collect(),
        }
    }
}

/// The bounded acceptor, as axum wants it.
struct Admin(Incoming, SocketAddr);

impl axum::serve::Listener for Admin {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.0.accept().await {
            Some(connection) => (connection, self.1),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.1)
    }
}
