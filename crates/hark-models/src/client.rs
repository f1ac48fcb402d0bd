//! HTTP as far as downloads need it: one request a connection, every wait bounded, and
//! redirects that never lead to less than there was.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, HOST, HeaderName, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::Error;
use crate::address::Address;

/// How long to wait, and how often to try.
#[derive(Debug, Clone)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes.
    pub idle: Duration,
    /// Redirects in a row.
    pub redirects: usize,
    /// Tries in a row that brought nothing.
    pub attempts: usize,
    /// The first pause before another try, and the longest.
    pub pauses: (Duration, Duration),
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            redirects: 5,
            attempts: 5,
            pauses: (Duration::from_millis(500), Duration::from_secs(8)),
        }
    }
}

/// Who may be spoken to without TLS: this machine, and hosts that were named.
#[derive(Debug, Clone, Default)]
pub struct Plain {
    /// `host` or `host:port`.
    pub trusted: Vec<String>,
}

impl Plain {
    /// Whether an address may be asked.
    pub fn allows(&self, address: &Address) -> bool {
        let is = |host: &String| {
            *host == address.host || *host == format!("{}:{}", address.host, address.port)
        };
        address.secure || address.is_loopback() || self.trusted.iter().any(is)
    }

    /// Whether a redirect may be followed: from TLS only to TLS.
    pub fn allows_redirect(&self, from: &Address, to: &Address) -> bool {
        to.secure || (!from.secure && self.allows(to))
    }
}

/// Asks servers.
pub(crate) struct Client {
    tls: TlsConnector,
    pub limits: Limits,
    pub plain: Plain,
}

/// A server's answer, whose body is yet to come.
pub(crate) struct Response {
    /// Where it came from in the end.
    pub address: Address,
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Incoming,
    /// The connection, which has to be driven while the body is read.
    connection: Option<Connection>,
    idle: Duration,
}

struct Connection(Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Client {
    /// Trusts the authorities of a file, or those of this machine.
    pub fn new(limits: Limits, plain: Plain, authorities: Option<&Path>) -> Result<Self, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has the default versions")
            .with_root_certificates(roots(authorities)?)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            limits,
            plain,
        })
    }

    /// Asks for an address and follows redirects.
    pub async fn get(
        &self,
        address: &Address,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, Error> {
        let mut at = address.clone();
        for _ in 0..=self.limits.redirects {
            if !self.plain.allows(&at) {
                return Err(Error::Address {
                    address: at.to_string(),
                    reason: "only this machine and pip's trusted-host are asked without TLS"
                        .to_owned(),
                });
            }
            let response = self.ask(&at, headers).await?;
            if !response.status.is_redirection() || response.status == StatusCode::NOT_MODIFIED {
                return Ok(response);
            }
            let location = response.headers.get(LOCATION).and_then(|l| l.to_str().ok());
            let refused = |to: &str| Error::Address {
                address: at.to_string(),
                reason: format!("it redirects to {to}, which is not followed"),
            };
            let location = location.ok_or_else(|| refused("nowhere"))?;
            let to = at.join(location).map_err(|_| refused(location))?;
            if !self.plain.allows_redirect(&at, &to) {
                return Err(refused(&to.to_string()));
            }
            at = to;
        }
        Err(Error::Address {
            address: address.to_string(),
            reason: format!("it redirects more than {} times", self.limits.redirects),
        })
    }

    async fn ask(
        &self,
        address: &Address,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, Error> {
        let failed = |reason: String| Error::Network {
            address: address.to_string(),
            reason,
        };
        let stream = timeout(self.limits.connect, self.connect(address))
            .await
            .map_err(|_| failed("no connection came about in time".to_owned()))??;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| failed(e.to_string()))?;
        let mut connection = Some(Connection(Box::pin(connection)));
        let request = request(address, headers).map_err(|e| failed(e.to_string()))?;
        let answer = sender.send_request(request);
        tokio::pin!(answer);
        let asked = async {
            loop {
                tokio::select! {
                    answer = &mut answer => return answer,
                    _ = driven(&mut connection) => connection = None,
                }
            }
        };
        let answer = timeout(self.limits.idle, asked)
            .await
            .map_err(|_| failed("it does not answer".to_owned()))?
            .map_err(|e| failed(e.to_string()))?;
        let (parts, body) = answer.into_parts();
        Ok(Response {
            address: address.clone(),
            status: parts.status,
            headers: parts.headers,
            body,
            connection,
            idle: self.limits.idle,
        })
    }

    async fn connect(&self, address: &Address) -> Result<Box<dyn Stream>, Error> {
        let failed = |reason: String| Error::Network {
            address: address.to_string(),
            reason,
        };
        let stream = TcpStream::connect((address.host.as_str(), address.port))
            .await
            .map_err(|e| failed(e.to_string()))?;
        if !address.secure {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(address.host.clone()).map_err(|e| failed(e.to_string()))?;
        let stream = self.tls.connect(name, stream).await;
        Ok(Box::new(stream.map_err(|e| failed(e.to_string()))?))
    }
}

fn request(
    address: &Address,
    headers: &[(HeaderName, String)],
) -> Result<Request<Empty<Bytes>>, http::Error> {
    let mut request = Request::get(&address.target)
        .header(HOST, address.authority())
        .header(USER_AGENT, concat!("hark/", env!("CARGO_PKG_VERSION")))
        // A part of something compressed is a part of nothing.
        .header(ACCEPT_ENCODING, "identity");
    if let Some(credentials) = address.credentials() {
        let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        let mut value = HeaderValue::from_str(&value)?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.body(Empty::new())
}

/// Drives a connection; never ready where there is none any more.
async fn driven(connection: &mut Option<Connection>) {
    match connection {
        // What went wrong with it is seen where its answer is read.
        Some(Connection(connection)) => drop(connection.await),
        None => std::future::pending().await,
    }
}

impl Response {
    /// The next bytes of the body; none at its end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let failed = |reason: String| Error::Network {
            address: self.address.to_string(),
            reason,
        };
        let (body, connection) = (&mut self.body, &mut self.connection);
        let next = async {
            loop {
                tokio::select! {
                    frame = body.frame() => match frame {
                        None => return Ok(None),
                        Some(frame) => if let Ok(data) = frame?.into_data() {
                            return Ok(Some(data));
                        }
                    },
                    () = driven(connection) => *connection = None,
                }
            }
        };
        timeout(self.idle, next)
            .await
            .map_err(|_| failed("it stopped sending".to_owned()))?
            .map_err(|e: hyper::Error| failed(format!("it broke off ({e})")))
    }

    /// The whole body, of at most `most` bytes.
    pub async fn bytes(mut self, most: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            all.extend_from_slice(&chunk);
            if all.len() > most {
                return Err(Error::Size {
                    address: self.address.to_string(),
                    expected: most as u64,
                    sent: all.len() as u64,
                });
            }
        }
        Ok(all)
    }

    /// A header's text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    match authorities {
        Some(path) => {
            let wrong = |reason: String| Error::Io {
                path: path.to_owned(),
                source: std::io::Error::other(reason),
            };
            let all = CertificateDer::pem_file_iter(path).map_err(|e| wrong(e.to_string()))?;
            for certificate in all {
                let certificate = certificate.map_err(|e| wrong(e.to_string()))?;
                roots.add_parsable_certificates([certificate]);
            }
        }
        None => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_never_lead_to_less() {
        let plain = Plain {
            trusted: vec!["mirror".to_owned(), "other:81".to_owned()],
        };
        for (from, to, expect) in [
            ("https://a/", "https://b/", true),
            ("https://a/", "http://b/", false),
            ("https://a/", "http://127.0.0.1/", false),
            ("https://a/", "http://mirror/", false),
            ("http://127.0.0.1/", "https://b/", true),
            ("http://127.0.0.1/", "http://localhost:9/", true),
            ("http://127.0.0.1/", "http://b/", false),
            ("http://mirror/", "http://other:81/", true),
            ("http://mirror/", "http://other/", false),
        ] {
            let [from, to] = [from, to].map(|text| Address::parse(text).unwrap());
            assert_eq!(plain.allows_redirect(&from, &to), expect, "{from} {to}");
        }
    }

    #[test]
    fn a_password_goes_into_a_header_and_nowhere_else() {
        let address = Address::parse("https://user:pa%3Ass@h:8/x").unwrap();
        let request = request(&address, &[]).unwrap();
        assert_eq!(request.headers()[AUTHORIZATION], "Basic dXNlcjpwYTpzcw==");
        assert_eq!(request.headers()[HOST], "h:8");
        assert_eq!(request.uri(), "/x");
    }
}
