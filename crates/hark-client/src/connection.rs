//! A connection to the first of several addresses that answers.

use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status, TimeoutExpired};

use crate::{Error, Trace};

/// Where to connect and how long to wait.
#[derive(Debug, Clone)]
pub struct Options {
    /// Addresses, `host:port`, tried in this order.
    pub addresses: Vec<String>,
    /// What proves who is calling, if anything does.
    pub token: Option<Token>,
    /// How long one address may take to answer a connection.
    pub connect_timeout: Duration,
    /// The deadline of a single call, and of the first answer on a stream.
    pub timeout: Duration,
    /// How long a session of speech may go without any message from the server.
    pub longest_silence: Duration,
}

impl Options {
    /// The usual times, and these addresses.
    pub fn new(addresses: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            addresses: addresses.into_iter().map(Into::into).collect(),
            token: None,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(30),
            longest_silence: Duration::from_secs(60),
        }
    }
}

/// A bearer token. Never shown.
#[derive(Clone)]
pub struct Token(MetadataValue<Ascii>);

impl FromStr for Token {
    type Err = Error;

    fn from_str(token: &str) -> Result<Self, Error> {
        let mut value = MetadataValue::try_from(format!("Bearer {}", token.trim()))
            .map_err(|_| Error::Protocol("a token that is not plain ASCII".to_owned()))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A connection to a Hark server. Cheap to clone; clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    token: Option<Token>,
    trace: Option<Trace>,
    address: String,
    pub(crate) timeout: Duration,
    pub(crate) longest_silence: Duration,
}

impl Client {
    /// Connects to the first address that answers.
    ///
    /// # Errors
    /// [`Error::Address`] if one is no address, [`Error::Connect`] if none answers.
    pub async fn connect(options: &Options) -> Result<Self, Error> {
        let mut tried = Vec::new();
        for address in &options.addresses {
            match endpoint(address, options)?.connect().await {
                Ok(channel) => return Ok(Self::new(channel, address, options)),
                Err(error) => tried.push(format!("{address} ({})", reason(&error))),
            }
        }
        let tried = match tried.is_empty() {
            true => "no address at all".to_owned(),
            false => tried.join(", "),
        };
        Err(Error::Connect { tried })
    }

    /// The same connection, with all calls in a trace.
    #[must_use]
    pub fn within(&self, trace: &Trace) -> Self {
        Self {
            trace: Some(trace.clone()),
            ..self.clone()
        }
    }

    /// The address that answered.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn new(channel: Channel, address: &str, options: &Options) -> Self {
        Self {
            channel,
            token: options.token.clone(),
            trace: None,
            address: address.to_owned(),
            timeout: options.timeout,
            longest_silence: options.longest_silence,
        }
    }

    /// The channel that generated clients take.
    pub(crate) fn channel(&self) -> InterceptedService<Channel, Authorize> {
        let authorize = Authorize(self.token.clone(), self.trace.clone());
        InterceptedService::new(self.channel.clone(), authorize)
    }

    /// A request that carries this client's deadline.
    pub(crate) fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.set_timeout(self.timeout);
        request
    }

    /// Waits for an answer, or for the beginning of a stream of them, within the deadline.
    pub(crate) async fn within_deadline<M>(
        &self,
        call: impl Future<Output = Result<Response<M>, Status>>,
    ) -> Result<M, Error> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) if !is_timeout(&status) => Err(status.into()),
            _ => Err(Error::Silent(self.timeout)),
        }
    }
}

/// Adds the token, and the trace, to each call.
#[derive(Debug, Clone)]
pub(crate) struct Authorize(Option<Token>, Option<Trace>);

impl Interceptor for Authorize {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(Token(value)) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", value.clone());
        }
        if let Some(trace) = &self.1 {
            let metadata = request.metadata_mut();
            metadata.insert("traceparent", trace.header().clone());
        }
        Ok(request)
    }
}

fn endpoint(address: &str, options: &Options) -> Result<Endpoint, Error> {
    let bad = |message: String| Error::Address {
        address: address.to_owned(),
        message,
    };
    let uri = match address.split_once("://") {
        None => format!("http://{address}"),
        Some(("http", _)) => address.to_owned(),
        Some((scheme, _)) => return Err(bad(format!("`{scheme}` is not supported yet"))),
    };
    let endpoint = Endpoint::from_shared(uri).map_err(|e| bad(reason(&e)))?;
    if endpoint.uri().port_u16().is_none() {
        return Err(bad("it has no port".to_owned()));
    }
    Ok(endpoint
        .connect_timeout(options.connect_timeout)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .tcp_nodelay(true))
}

/// Whether a status is tonic's way to say that the deadline passed on this side.
fn is_timeout(status: &Status) -> bool {
    let first = std::error::Error::source(status);
    std::iter::successors(first, |e| e.source()).any(|e| e.is::<TimeoutExpired>())
}

/// The innermost reason of an error: what the operating system said.
fn reason(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked() {
        let options = Options::new(["x:1"]);
        for (address, problem) in [
            ("127.0.0.1:7700", None),
            ("http://[::1]:7700", None),
            ("hark.local:7700", None),
            ("127.0.0.1", Some("no port")),
            ("https://hark.local:7700", Some("`https` is not supported")),
            ("", Some("is not an address")),
            ("two words:1", Some("is not an address")),
        ] {
            let got = endpoint(address, &options).map(|_| ());
            match (got, problem) {
                (Ok(()), None) => {}
                (Err(error), Some(part)) => {
                    assert!(error.to_string().contains(part), "{address}: {error}");
                }
                (got, _) => panic!("{address}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let token: Token = "secret-of-mine".parse().unwrap();
        let options = Options {
            token: Some(token),
            ..Options::new(["x:1"])
        };
        assert!(!format!("{options:?}").contains("secret"));
        assert!("zeile\numbruch".parse::<Token>().is_err());
    }
}
