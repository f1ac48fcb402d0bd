//! The hardened gRPC server that every Hark service listens with.
//!
//! Everything a caller can make it hold is bounded: connections (in all, and by
//! address), TLS handshakes, streams and calls by connection, headers, windows, resets, the time to say
//! hello and the time to answer. Every call has a [`hark_core::Principal`] and, where it
//! has one, a [`Deadline`] in its extensions, and `hark_core::access` has allowed it.
//! `grpc.health.v1` and reflection are part of it.

mod body;
mod certificate;
mod config;
mod connection;
mod guard;
mod health;
mod incoming;
mod metrics;
mod serve;
mod services;

use std::net::SocketAddr;

use hark_core::Principal;
use hark_tls::ServerTls;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::{Request, Status};

pub use config::{
    CONNECTION_WINDOW_BYTES, Config, MAX_HEADER_LIST_BYTES, MAX_LOCAL_ERROR_RESETS,
    MAX_PENDING_ACCEPT_RESETS, STREAM_WINDOW_BYTES,
};
pub(crate) use connection::Connection;
pub(crate) use incoming::{Incoming, Limits};

use crate::auth::Authenticator;
use crate::deadline::Deadline;
use crate::drain::Drain;
use crate::health::Health;
use crate::{Error, memory};
use services::Services;

/// A server before it listens.
#[derive(Debug)]
pub struct Server {
    config: Config,
    auth: Authenticator,
    health: Health,
    services: Services,
}

/// A server that has its address.
#[derive(Debug)]
pub struct Bound {
    server: Server,
    listener: TcpListener,
    tls: Option<ServerTls>,
    local_addr: SocketAddr,
}

impl Server {
    /// A server with `grpc.health.v1` and reflection only.
    pub fn new(config: Config, auth: Authenticator, health: &Health) -> Self {
        Self {
            config,
            auth,
            health: health.clone(),
            services: Services::new(health),
        }
    }

    /// Adds services. `descriptors` is the encoded `FileDescriptorSet` that has them,
    /// `names` their full names, as reflection lists them.
    ///
    /// # Errors
    /// [`Error::Descriptors`] if the descriptors don't decode or lack one of the names.
    pub fn services(
        mut self,
        descriptors: &'static [u8],
        names: &[&'static str],
        routes: Routes,
    ) -> Result<Self, Error> {
        self.services.add(descriptors, names, routes)?;
        Ok(self)
    }

    /// Takes the address of the configuration. `setting` is what a person changes it
    /// with, like `--listen or server.listen`; errors name it.
    ///
    /// # Errors
    /// [`Error::Open`] if others could reach it without TLS and authentication;
    /// [`Error::Tls`] if its certificates can't be used; [`Error::Bind`] if the address
    /// can't be had.
    pub async fn bind(self, setting: &'static str) -> Result<Bound, Error> {
        let address = self.config.listen;
        let tls = self.config.tls.as_ref();
        let open = self.auth.check_bind(address, tls)?;
        if let Some(warning) = open {
            tracing::warn!(%address, warning, "insecure");
            self.health.warn(format!("{address}: {warning}"));
        }
        let tls = tls.map(ServerTls::new).transpose();
        let tls = tls.map_err(|source| Error::Tls {
            setting: "server.tls",
            source,
        })?;
        let failed = |source| Error::Bind {
            address,
            source,
            setting,
        };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let local_addr = listener.local_addr().map_err(failed)?;
        Ok(Bound {
            server: self,
            listener,
            tls,
            local_addr,
        })
    }

    /// Serves connections of this process until the drain is over. Their caller is this
    /// node.
    ///
    /// # Errors
    /// [`Error::Descriptors`] or [`Error::Serve`].
    pub async fn serve_memory(self, listener: memory::Listener, drain: Drain) -> Result<(), Error> {
        let limits = Limits::of(&self.config);
        let incoming = Incoming::memory(listener, limits);
        serve::serve(self, incoming, None, "memory".to_owned(), drain).await
    }
}

impl Bound {
    /// The address; with the port that was free, where port 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until the drain is requested, and calls that run have ended or its grace is
    /// over.
    ///
    /// # Errors
    /// [`Error::Descriptors`] or [`Error::Serve`].
    pub async fn serve(self, drain: Drain) -> Result<(), Error> {
        let limits = Limits::of(&self.server.config);
        let incoming = match &self.tls {
            Some(tls) => Incoming::tls(self.listener, limits, tls.clone()),
            None => Incoming::tcp(self.listener, limits),
        };
        let on = self.local_addr.to_string();
        serve::serve(self.server, incoming, self.tls, on, drain).await
    }
}

/// Who makes a call, as the server established it.
///
/// # Errors
/// `INTERNAL` if the request did not come through a [`Server`].
pub fn principal<T>(request: &Request<T>) -> Result<&Principal, Status> {
    let principal = request.extensions().get();
    principal.ok_or_else(|| Status::internal("the call has no principal"))
}

/// When a call's caller stops waiting; `None` of a stream that has no end.
pub fn deadline<T>(request: &Request<T>) -> Option<Deadline> {
    request.extensions().get().copied()
}
