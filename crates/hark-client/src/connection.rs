//! A connection to the first of several addresses that answers.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use hark_tls::{ClientConfig, Connector};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Response, Status, TimeoutExpired};

use crate::{Error, Trace};

/// Where to connect and how long to wait.
#[derive(Debug, Clone)]
pub struct Options {
    /// Addresses, `host:port`, tried in this order; with `https://` or `http://` before,
    /// or what fits [`Options::tls`].
    pub addresses: Vec<String>,
    /// What proves who is calling, if anything does. It never goes beyond this machine in
    /// the clear.
    pub token: Option<Token>,
    /// How servers are checked, and the certificate that is shown to them.
    pub tls: Option<ClientConfig>,
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
            tls: None,
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
    /// [`Error::Address`] if one is no address, [`Error::Tls`] if certificates can't be
    /// used, [`Error::Clear`] if a token would be sent in the clear, [`Error::Connect`] if
    /// none answers.
    pub async fn connect(options: &Options) -> Result<Self, Error> {
        let mut tried = Vec::new();
        let tls = options.tls.as_ref().map(Connector::new).transpose()?;
        for address in &options.addresses {
            match open(address, options, tls.as_ref()).await? {
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

/// Connects to one address; the inner error is that nobody answers there.
async fn open(
    address: &str,
    options: &Options,
    tls: Option<&Connector>,
) -> Result<Result<Channel, tonic::transport::Error>, Error> {
    let uri = parse(address, options)?;
    if uri.scheme_str() != Some("https") {
        return Ok(endpoint(uri, options).connect().await);
    }
    let bad = |message: String| Error::Address {
        address: address.to_owned(),
        message,
    };
    let Some(tls) = tls else {
        let message = "https needs the certificate of the house's authority".to_owned();
        return Err(bad(message));
    };
    // TLS is the connector's affair, so tonic sees an address without it.
    let authority = uri.authority().map_or("", |a| a.as_str());
    let plain = Uri::try_from(format!("http://{authority}/"));
    let plain = plain.map_err(|e| bad(e.to_string()))?;
    let endpoint = endpoint(plain, options).origin(uri);
    Ok(endpoint.connect_with_connector(tls.clone()).await)
}

fn parse(address: &str, options: &Options) -> Result<Uri, Error> {
    let bad = |message: String| Error::Address {
        address: address.to_owned(),
        message,
    };
    let text = match address.split_once("://") {
        None if options.tls.is_some() => format!("https://{address}"),
        None => format!("http://{address}"),
        Some(("http" | "https", _)) => address.to_owned(),
        Some((scheme, _)) => return Err(bad(format!("`{scheme}` is not supported"))),
    };
    let uri = Uri::try_from(text).map_err(|e| bad(reason(&e)))?;
    if uri.port_u16().is_none() {
        return Err(bad("it has no port".to_owned()));
    }
    let is_clear = uri.scheme_str() != Some("https") && !is_here(&uri);
    match options.token.is_some() && is_clear {
        true => Err(Error::Clear(address.to_owned())),
        false => Ok(uri),
    }
}

/// Whether an address is on this very machine.
fn is_here(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse::<IpAddr>().map(|ip| ip.to_canonical());
    bare == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

fn endpoint(uri: Uri, options: &Options) -> Endpoint {
    Endpoint::from(uri)
        .connect_timeout(options.connect_timeout)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
}

/// Whether a status is tonic's way to say that the deadline passed on this side.
fn is_timeout(status: &Status) -> bool {
    let first = std::error::Error::source(status);
    std::iter::successors(first, |e| e.source()).any(|e| e.is::<TimeoutExpired>())
}

/// The innermost reason of an error: what the operating system said, or what there is
/// about certificates.
fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(refusal) = hark_tls::refusal(error) {
        return refusal.to_string();
    }
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
        let plain = Options::new(["x:1"]);
        let tls = Options {
            tls: Some(ClientConfig::new("ca.crt")),
            ..plain.clone()
        };
        let known = Options {
            token: Some("t".parse().unwrap()),
            ..plain.clone()
        };
        for (address, options, expect) in [
            ("127.0.0.1:7700", &plain, Ok("http://127.0.0.1:7700/")),
            ("http://[::1]:7700", &plain, Ok("http://[::1]:7700/")),
            ("hark.local:7700", &plain, Ok("http://hark.local:7700/")),
            ("hark.local:7700", &tls, Ok("https://hark.local:7700/")),
            (
                "http://hark.local:7700",
                &tls,
                Ok("http://hark.local:7700/"),
            ),
            ("[::1]:7700", &known, Ok("http://[::1]:7700/")),
            ("localhost:7700", &known, Ok("http://localhost:7700/")),
            ("hark.local:7700", &known, Err("in the clear")),
            (
                "https://hark.local:7700",
                &known,
                Ok("https://hark.local:7700/"),
            ),
            ("127.0.0.1", &plain, Err("no port")),
            (
                "ftp://hark.local:7700",
                &plain,
                Err("`ftp` is not supported"),
            ),
            ("", &plain, Err("is not an address")),
            ("two words:1", &plain, Err("is not an address")),
        ] {
            match (parse(address, options), expect) {
                (Ok(uri), Ok(expect)) => assert_eq!(uri.to_string(), expect),
                (Err(error), Err(part)) => {
                    assert!(error.to_string().contains(part), "{address}: {error}");
                }
                (got, _) => panic!("{address}: {got:?}"),
            }
        }
    }

    #[tokio::test]
    async fn https_needs_an_authority() {
        let options = Options::new(["https://127.0.0.1:1"]);
        let error = Client::connect(&options).await.unwrap_err().to_string();
        assert!(error.contains("authority"), "{error}");
        let options = Options {
            tls: Some(ClientConfig::new("/no/such/ca.crt")),
            ..options
        };
        let error = Client::connect(&options).await.unwrap_err().to_string();
        assert!(error.contains("/no/such/ca.crt"), "{error}");
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
