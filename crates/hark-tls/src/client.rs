//! The client's end: connects, checks the server by the house's authority, and shows a
//! certificate where it has one.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::Service;

use crate::provider::provider;
use crate::reload::Reloading;
use crate::{Error, files};

/// How long a server may take to say its first byte after the handshake before that is
/// taken for a peculiarity of it.
const FIRST_WORD: Duration = Duration::from_millis(500);
/// Bytes that the first read may bring.
const FIRST_BYTES: usize = 1024;

/// How a client checks who a server is, and proves who it is itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The authority that issued the server's certificate, in PEM.
    pub ca_file: PathBuf,
    /// The client's own certificate, in PEM; only with its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<PathBuf>,
    /// That certificate's key, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The name that the server's certificate has to have. Absent: that of the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl ClientConfig {
    /// A client that checks servers by this authority, and shows no certificate.
    pub fn new(ca_file: impl Into<PathBuf>) -> Self {
        Self {
            ca_file: ca_file.into(),
            cert_file: None,
            key_file: None,
            domain: None,
        }
    }

    /// The same, with a certificate to show.
    #[must_use]
    pub fn with_certificate(self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            cert_file: Some(cert.into()),
            key_file: Some(key.into()),
            ..self
        }
    }
}

/// Makes TLS connections; a tower service from an address to a connection. Clones share
/// their files.
#[derive(Clone)]
pub struct Connector {
    reloading: Arc<Reloading<TlsConnector>>,
    domain: Option<ServerName<'static>>,
}

impl Connector {
    /// Reads the files.
    ///
    /// # Errors
    /// [`Error`] names the file or the setting that is wrong, and how.
    pub fn new(config: &ClientConfig) -> Result<Self, Error> {
        let mut paths = vec![config.ca_file.clone()];
        match (&config.cert_file, &config.key_file) {
            (Some(cert), Some(key)) => paths.extend([cert.clone(), key.clone()]),
            (None, None) => {}
            (Some(_), None) => return Err(alone("key_file", "cert_file")),
            (None, Some(_)) => return Err(alone("cert_file", "key_file")),
        }
        let domain = config.domain.clone().map(ServerName::try_from);
        let domain = domain.transpose().map_err(|_| Error::Setting {
            setting: "domain",
            problem: "is neither a host name nor an IP address".to_owned(),
        })?;
        let config = config.clone();
        let reloading = Reloading::new(paths, move |bytes| load(&config, bytes))?;
        Ok(Self {
            reloading: Arc::new(reloading),
            domain,
        })
    }

    /// Connects. Returns once the server has said something, for in TLS 1.3 that is how a
    /// client learns that the server took its certificate.
    ///
    /// # Errors
    /// What the operating system, the handshake or the server says;
    /// [`refusal`](crate::refusal()) tells what of that is about certificates.
    pub async fn connect(self, host: String, port: u16) -> io::Result<SecureStream> {
        if self.reloading.is_due() {
            let reloading = Arc::clone(&self.reloading);
            // It fails only when the runtime ends.
            let _ = tokio::task::spawn_blocking(move || reloading.look()).await;
        }
        let bare = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = match self.domain {
            Some(name) => name,
            None => ServerName::try_from(bare.clone()).map_err(io::Error::other)?,
        };
        let tcp = TcpStream::connect((bare.as_str(), port)).await?;
        tcp.set_nodelay(true)?;
        let stream = self.reloading.current().connect(name, tcp).await?;
        SecureStream::begin(stream).await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<SecureStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let host = address.host().unwrap_or_default().to_owned();
        let port = address.port_u16().unwrap_or(443);
        let connecting = self.clone().connect(host, port);
        Box::pin(async move { Ok(TokioIo::new(connecting.await?)) })
    }
}

fn alone(missing: &'static str, given: &'static str) -> Error {
    Error::Setting {
        setting: missing,
        problem: format!("is missing: {given} is of no use without it"),
    }
}

fn load(config: &ClientConfig, bytes: &[Vec<u8>]) -> Result<TlsConnector, Error> {
    let roots = files::roots(&config.ca_file, &bytes[0])?;
    let builder = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring has TLS 1.2 and 1.3")
        .with_root_certificates(roots);
    let mut tls = match (&config.cert_file, &config.key_file, bytes) {
        (Some(cert), Some(key), [_, chain, secret]) => {
            let chain = files::certificates(cert, chain)?;
            let secret = files::key(key, secret)?;
            let pair = builder.with_client_auth_cert(chain, secret);
            pair.map_err(|e| Error::Pair {
                cert: cert.clone(),
                key: key.clone(),
                problem: e.to_string(),
            })?
        }
        _ => builder.with_no_client_auth(),
    };
    tls.alpn_protocols = vec![b"h2".to_vec()];
    tls.resumption = Resumption::disabled();
    Ok(TlsConnector::from(Arc::new(tls)))
}

/// A connection to a server.
#[derive(Debug)]
pub struct SecureStream {
    /// What the server said first and nobody has read yet.
    first: Vec<u8>,
    stream: Box<TlsStream<TcpStream>>,
}

impl SecureStream {
    async fn begin(stream: TlsStream<TcpStream>) -> io::Result<Self> {
        let mut stream = Box::new(stream);
        let mut first = vec![0; FIRST_BYTES];
        let read = tokio::time::timeout(FIRST_WORD, stream.read(&mut first));
        let count = match read.await {
            Ok(Ok(0)) => {
                let closed = "the server closed the connection after the handshake";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, closed));
            }
            Ok(count) => count?,
            Err(_) => 0,
        };
        first.truncate(count);
        Ok(Self { first, stream })
    }
}

impl AsyncRead for SecureStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut *self.stream).poll_read(cx, buf);
        }
        let count = self.first.len().min(buf.remaining());
        buf.put_slice(&self.first[..count]);
        self.first.drain(..count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SecureStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(cx)
    }
}
