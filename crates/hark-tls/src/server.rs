//! The server's end: a handshake that asks for a certificate, and what it brought.

use std::fmt;
use std::future::Future as _;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use hark_core::time::Timestamp;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

use crate::certificate::{Presented, expiry};
use crate::provider::provider;
use crate::reload::{EVERY, Reloading};
use crate::{Error, files};

/// How a server proves who it is, and whose certificates it trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// The server's certificate, in PEM, then those of authorities between it and the
    /// clients' own, if any.
    pub cert_file: PathBuf,
    /// The certificate's key, in PEM.
    pub key_file: PathBuf,
    /// The authority whose certificates clients may show, in PEM. Absent: no certificate
    /// of a client counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ca_file: Option<PathBuf>,
    /// Handshakes that may go on at once; more connections are closed at once.
    #[serde(default = "max_handshakes")]
    pub max_handshakes: usize,
}

const fn max_handshakes() -> usize {
    256
}

impl ServerConfig {
    /// A certificate and its key, and the authority of clients.
    pub fn new(
        cert_file: impl Into<PathBuf>,
        key_file: impl Into<PathBuf>,
        client_ca_file: Option<PathBuf>,
    ) -> Self {
        Self {
            cert_file: cert_file.into(),
            key_file: key_file.into(),
            client_ca_file,
            max_handshakes: max_handshakes(),
        }
    }
}

/// The server's end of TLS. Clones share it.
#[derive(Clone)]
pub struct ServerTls(Arc<Reloading<Loaded>>);

struct Loaded {
    acceptor: TlsAcceptor,
    expires_at: Option<Timestamp>,
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`Error`] names the file that is wrong, and how.
    pub fn new(config: &ServerConfig) -> Result<Self, Error> {
        let mut paths = vec![config.cert_file.clone(), config.key_file.clone()];
        paths.extend(config.client_ca_file.clone());
        let config = config.clone();
        let loading = Reloading::new(paths, move |bytes| load(&config, bytes))?;
        Ok(Self(Arc::new(loading)))
    }

    /// When the server's certificate expires.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.current().expires_at
    }

    /// Looks at the files every now and then, and exchanges the certificates when they
    /// have changed; calls `looked` after each look. Never returns.
    pub async fn keep_fresh(&self, mut looked: impl FnMut(&Self)) {
        loop {
            looked(self);
            tokio::time::sleep(EVERY).await;
            let reloading = Arc::clone(&self.0);
            // It fails only when the runtime ends.
            let _ = tokio::task::spawn_blocking(move || reloading.look()).await;
        }
    }

    /// Begins a handshake. It goes on when the connection is read or written.
    pub fn accept<IO>(&self, io: IO) -> Accepting<IO>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let accept = self.0.current().acceptor.accept(io);
        Accepting {
            state: State::Handshake(Box::new(accept)),
            peer: PeerCertificate::default(),
        }
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerTls")
    }
}

fn load(config: &ServerConfig, bytes: &[Vec<u8>]) -> Result<Loaded, Error> {
    let chain = files::certificates(&config.cert_file, &bytes[0])?;
    let key = files::key(&config.key_file, &bytes[1])?;
    let expires_at = expiry(&chain[0]);
    let builder = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has TLS 1.2 and 1.3");
    let builder = match (&config.client_ca_file, bytes.get(2)) {
        (Some(path), Some(pem)) => builder.with_client_cert_verifier(verifier(path, pem)?),
        _ => builder.with_no_client_auth(),
    };
    let mut tls = builder
        .with_single_cert(chain, key)
        .map_err(|e| Error::Pair {
            cert: config.cert_file.clone(),
            key: config.key_file.clone(),
            problem: e.to_string(),
        })?;
    tls.alpn_protocols = vec![b"h2".to_vec()];
    // A resumed session would not look at the client's certificate again.
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    Ok(Loaded {
        acceptor: TlsAcceptor::from(Arc::new(tls)),
        expires_at,
    })
}

/// Checks certificates that clients show; they need not show one.
fn verifier(
    path: &Path,
    pem: &[u8],
) -> Result<Arc<dyn rustls::server::danger::ClientCertVerifier>, Error> {
    let roots = files::roots(path, pem)?;
    WebPkiClientVerifier::builder_with_provider(roots, provider())
        .allow_unauthenticated()
        .build()
        .map_err(|e| files::content(path, e.to_string()))
}

/// What a client showed in its handshake; known before its first request. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct PeerCertificate(Arc<OnceLock<Presented>>);

impl PeerCertificate {
    /// What a client showed, for tests of what follows from that.
    pub fn of(presented: Presented) -> Self {
        Self(Arc::new(OnceLock::from(presented)))
    }

    /// What it showed; `None` while the handshake goes on.
    pub fn presented(&self) -> Option<&Presented> {
        self.0.get()
    }
}

/// A connection to a client, with its handshake before the first byte. Whoever polls it
/// drives the handshake, so a slow one holds up nobody else.
pub struct Accepting<IO> {
    state: State<IO>,
    peer: PeerCertificate,
}

enum State<IO> {
    Handshake(Box<Accept<IO>>),
    Open(Box<TlsStream<IO>>),
    Failed,
}

impl<IO: AsyncRead + AsyncWrite + Unpin> Accepting<IO> {
    /// What the client shows, once it has.
    pub fn peer(&self) -> &PeerCertificate {
        &self.peer
    }

    /// Whether the handshake is over, well or not.
    pub fn is_settled(&self) -> bool {
        !matches!(self.state, State::Handshake(_))
    }

    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut TlsStream<IO>>>> {
        if let State::Handshake(accept) = &mut self.state {
            match ready!(Pin::new(accept).poll(cx)) {
                Ok(stream) => {
                    let presented = Presented::of(stream.get_ref().1.peer_certificates());
                    // Nobody else fills it in.
                    let _ = self.peer.0.set(presented);
                    self.state = State::Open(Box::new(stream));
                }
                Err(error) => {
                    tracing::debug!(%error, "a TLS handshake failed");
                    self.state = State::Failed;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(match &mut self.state {
            State::Open(stream) => Ok(Pin::new(&mut **stream)),
            _ => Err(io::Error::new(
                io::ErrorKind::NotConnected,
                "the TLS handshake failed",
            )),
        })
    }
}

impl<IO> fmt::Debug for Accepting<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepting")
            .field("peer", &self.peer)
            .finish()
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Accepting<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buf)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Accepting<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    /// Nothing was said in a handshake that goes on or failed, so there is nothing to end.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state {
            State::Open(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            _ => Poll::Ready(Ok(())),
        }
    }
}
