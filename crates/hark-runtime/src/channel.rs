//! Client channels: with deadlines, keep-alive, TLS, the caller's token and trace context.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hark_core::access;
use hark_tls::{ClientConfig, Connector, Refusal};
use http::{HeaderValue, Request, Response, Uri};
use tonic::body::Body;
use tonic::transport::Endpoint;
use tonic::{Code, Status, TimeoutExpired};
use tower::Service;
use tracing::Span;

use crate::Error;
use crate::config::Secret;
use crate::{memory, trace};

/// How a channel behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long a call may take to answer, if it sets no shorter `grpc-timeout` itself;
    /// of a stream, to begin answering.
    pub timeout: Duration,
    /// How often an idle connection is probed.
    pub keepalive_interval: Duration,
    /// How long a probe may take.
    pub keepalive_timeout: Duration,
    /// The token to send. It never goes beyond loopback in the clear.
    pub token: Option<Secret>,
    /// How servers are checked, and what is shown to them. Addresses without a scheme are
    /// `https://` then; those with `http://` stay as they are.
    pub tls: Option<ClientConfig>,
}

impl Default for Options {
    /// For clients of the house.
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            keepalive_interval: Duration::from_secs(20),
            keepalive_timeout: Duration::from_secs(10),
            token: None,
            tls: None,
        }
    }
}

impl Options {
    /// Between processes of a cluster, where a lost peer must be noticed soon.
    pub fn between_nodes() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            keepalive_interval: Duration::from_secs(3),
            keepalive_timeout: Duration::from_secs(3),
            ..Self::default()
        }
    }

    fn endpoint(&self, uri: Uri) -> Endpoint {
        Endpoint::from(uri)
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .http2_keep_alive_interval(self.keepalive_interval)
            .keep_alive_timeout(self.keepalive_timeout)
            .keep_alive_while_idle(true)
            .http2_max_header_list_size(crate::server::MAX_HEADER_LIST_BYTES)
            .initial_stream_window_size(crate::server::STREAM_WINDOW_BYTES)
            .initial_connection_window_size(crate::server::CONNECTION_WINDOW_BYTES)
            .tcp_nodelay(true)
    }
}

/// A channel to one server; connects when it is first used, and again when the connection
/// is lost. Cheap to clone. Generated clients take it as it is.
#[derive(Debug, Clone)]
pub struct Channel {
    inner: tonic::transport::Channel,
    authorization: Option<HeaderValue>,
}

/// A channel to a server at an address like `https://hark.local:7700`. A scheme that is
/// left out is `https://` with [`Options::tls`], else `http://`. Must be called within a
/// runtime.
///
/// # Errors
/// [`Error::Address`] if it is no address; [`Error::Tls`] if certificates can't be used;
/// [`Error::Clear`] if a token would go beyond loopback in the clear.
pub fn connect(address: &str, options: &Options) -> Result<Channel, Error> {
    let wrong = |message| Error::Address {
        address: address.to_owned(),
        message,
    };
    let uri = parse(address, options.tls.is_some()).map_err(wrong)?;
    if uri.scheme_str() != Some("https") {
        if options.token.is_some() && !is_local(&uri) {
            let address = address.to_owned();
            return Err(Error::Clear { address });
        }
        return Ok(Channel::new(options.endpoint(uri).connect_lazy(), options));
    }
    let Some(tls) = &options.tls else {
        let message = "https needs the file of the house's authority".to_owned();
        return Err(wrong(message));
    };
    let connector = Connector::new(tls).map_err(|source| Error::Tls {
        setting: "tls",
        source,
    })?;
    // TLS is the connector's affair, so tonic sees an address without it.
    let plain = plain(&uri).map_err(|e| wrong(e.to_string()))?;
    let endpoint = options.endpoint(plain).origin(uri);
    let inner = endpoint.connect_with_connector_lazy(connector);
    Ok(Channel::new(inner, options))
}

/// A channel within this process. Must be called within a runtime.
pub fn in_memory(connector: &memory::Connector, options: &Options) -> Channel {
    let connector = connector.clone();
    let endpoint = options.endpoint(Uri::from_static("http://in-memory"));
    let connect = tower::service_fn(move |_: Uri| connector.clone().connect());
    Channel::new(endpoint.connect_with_connector_lazy(connect), options)
}

/// Checks that [`connect`] would take an address.
///
/// # Errors
/// [`Error::Address`] if it is none.
pub fn check(address: &str) -> Result<(), Error> {
    let checked = parse(address, false).map(drop);
    checked.map_err(|message| Error::Address {
        address: address.to_owned(),
        message,
    })
}

fn parse(address: &str, is_secure: bool) -> Result<Uri, String> {
    let full = match address.split_once("://") {
        None if is_secure => format!("https://{address}"),
        None => format!("http://{address}"),
        Some(("http" | "https", _)) => address.to_owned(),
        Some((scheme, _)) => return Err(format!("{scheme} is not supported")),
    };
    let uri: Uri = full
        .parse()
        .map_err(|e: http::uri::InvalidUri| e.to_string())?;
    match uri.host() {
        None | Some("") => Err("it has no host".to_owned()),
        Some(_) => Ok(uri),
    }
}

/// The same address with the scheme of what carries TLS.
fn plain(uri: &Uri) -> Result<Uri, http::Error> {
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16());
    Uri::builder()
        .scheme("http")
        .authority(format!("{host}:{}", port.unwrap_or(443)))
        .path_and_query("/")
        .build()
}

/// Whether an address is on this very machine.
fn is_local(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<IpAddr>().map(|ip| ip.to_canonical());
    bare == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

impl Channel {
    fn new(inner: tonic::transport::Channel, options: &Options) -> Self {
        let header = |token: &Secret| {
            let text = format!("Bearer {}", token.expose());
            let mut value = HeaderValue::try_from(text).expect("a secret is printable ASCII");
            value.set_sensitive(true);
            value
        };
        Self {
            inner,
            authorization: options.token.as_ref().map(header),
        }
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Status>> {
        self.inner.poll_ready(cx).map_err(status)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let method = access::declared(request.uri().path());
        let span = method.map_or_else(Span::none, |path| trace::client_span(&path[1..]));
        trace::inject(&span, request.headers_mut());
        if let Some(authorization) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(http::header::AUTHORIZATION, authorization.clone());
        }
        let response = span.in_scope(|| self.inner.call(request));
        Box::pin(async move {
            let response = response.await.map_err(status);
            trace::client_ended(&span, code(&response));
            response
        })
    }
}

/// How a call ended, as far as its first answer tells.
fn code(response: &Result<Response<Body>, Status>) -> Code {
    match response {
        Ok(response) => response
            .headers()
            .get(Status::GRPC_STATUS)
            .map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes())),
        Err(status) => status.code(),
    }
}

/// As tonic would, but a deadline that passed says so, rather than `CANCELLED`, and so do
/// certificates; a connection that broke is `UNAVAILABLE`, rather than `UNKNOWN`.
fn status(error: tonic::transport::Error) -> Status {
    let source = std::error::Error::source(&error);
    if source.is_some_and(|s| s.is::<TimeoutExpired>()) {
        return Status::deadline_exceeded("no answer before the deadline");
    }
    match hark_tls::refusal(&error) {
        Some(refusal @ Refusal::Ours(_)) => Status::unauthenticated(refusal.to_string()),
        Some(refusal @ Refusal::Theirs(_)) => Status::unavailable(refusal.to_string()),
        None => lost(Status::from_error(error.into())),
    }
}

/// A status without a better name is that of a connection that broke.
fn lost(status: Status) -> Status {
    match status.code() {
        Code::Unknown => {
            Status::unavailable(format!("the connection was lost: {}", status.message()))
        }
        _ => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_or_explained() {
        for (address, is_secure, expect) in [
            ("127.0.0.1:7700", false, Ok("http://127.0.0.1:7700/")),
            ("127.0.0.1:7700", true, Ok("https://127.0.0.1:7700/")),
            (
                "http://hark.local:7700",
                true,
                Ok("http://hark.local:7700/"),
            ),
            ("[::1]:7700", false, Ok("http://[::1]:7700/")),
            ("https://hark.local", false, Ok("https://hark.local/")),
            ("ftp://hark.local", false, Err("ftp is not supported")),
            ("", false, Err("empty")),
            ("http://", false, Err("empty")),
            ("two words", false, Err("invalid")),
        ] {
            let got = parse(address, is_secure);
            match (&got, expect) {
                (Ok(uri), Ok(expect)) => assert_eq!(uri.to_string(), expect),
                (Err(error), Err(part)) => assert!(error.contains(part), "{address}: {error}"),
                _ => panic!("{address}: {got:?}"),
            }
        }
    }

    #[test]
    fn tls_is_carried_by_an_address_with_a_port() {
        for (address, expect) in [
            ("https://hark.local", "http://hark.local:443/"),
            ("https://[::1]:7700", "http://[::1]:7700/"),
        ] {
            let uri = plain(&parse(address, true).unwrap()).unwrap();
            assert_eq!(uri.to_string(), expect);
        }
    }

    #[tokio::test]
    async fn a_token_does_not_leave_this_machine_in_the_clear() {
        let options = Options {
            token: Some(Secret::parse("t").unwrap()),
            ..Options::default()
        };
        for (address, ok) in [
            ("127.0.0.1:1", true),
            ("[::1]:1", true),
            ("localhost:1", true),
            ("192.168.1.9:1", false),
            ("hark.local:1", false),
            ("localhost.example:1", false),
        ] {
            let got = connect(address, &options);
            assert_eq!(got.is_ok(), ok, "{address}");
            if let Err(error) = got {
                assert!(error.to_string().contains("https://"), "{error}");
            }
        }
        let error = connect("https://h:1", &options).unwrap_err().to_string();
        assert!(error.contains("authority"), "{error}");
    }
}
