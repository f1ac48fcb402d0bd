//! Client channels: with deadlines, keep-alive, the caller's token and trace context.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hark_core::access;
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
    /// The token to send.
    pub token: Option<Secret>,
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
        }
    }
}

impl Options {
    /// Between processes of a cluster, where a lost peer must be noticed soon.
    pub fn between_nodes() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            keepalive_interval: Duration::from_secs(5),
            keepalive_timeout: Duration::from_secs(5),
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

/// A channel to a server at an address like `http://127.0.0.1:7700`; `http://` may be
/// left out. Must be called within a runtime.
///
/// # Errors
/// [`Error::Address`] if it is no address.
pub fn connect(address: &str, options: &Options) -> Result<Channel, Error> {
    let uri = parse(address).map_err(|message| Error::Address {
        address: address.to_owned(),
        message,
    })?;
    Ok(Channel::new(options.endpoint(uri).connect_lazy(), options))
}

/// A channel within this process. Must be called within a runtime.
pub fn in_memory(connector: &memory::Connector, options: &Options) -> Channel {
    let connector = connector.clone();
    let endpoint = options.endpoint(Uri::from_static("http://in-memory"));
    let connect = tower::service_fn(move |_: Uri| connector.clone().connect());
    Channel::new(endpoint.connect_with_connector_lazy(connect), options)
}

fn parse(address: &str) -> Result<Uri, String> {
    let full = match address.split_once("://") {
        None => format!("http://{address}"),
        Some(("http", _)) => address.to_owned(),
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

/// As tonic would, but a deadline that passed says so, rather than `CANCELLED`.
fn status(error: tonic::transport::Error) -> Status {
    let source = std::error::Error::source(&error);
    if source.is_some_and(|s| s.is::<TimeoutExpired>()) {
        return Status::deadline_exceeded("no answer before the deadline");
    }
    Status::from_error(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_or_explained() {
        for (address, expect) in [
            ("127.0.0.1:7700", Ok("http://127.0.0.1:7700/")),
            ("http://hark.local:7700", Ok("http://hark.local:7700/")),
            ("[::1]:7700", Ok("http://[::1]:7700/")),
            ("https://hark.local", Err("https is not supported")),
            ("", Err("empty")),
            ("http://", Err("empty")),
            ("two words", Err("invalid")),
        ] {
            let got = parse(address);
            match (&got, expect) {
                (Ok(uri), Ok(expect)) => assert_eq!(uri.to_string(), expect),
                (Err(error), Err(part)) => assert!(error.contains(part), "{address}: {error}"),
                _ => panic!("{address}: {got:?}"),
            }
        }
    }
}
