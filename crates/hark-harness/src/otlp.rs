//! An OpenTelemetry collector: a real OTLP receiver over gRPC that keeps what it gets, can
//! be slow, and can come late; and a hole that takes connections and never answers.

mod read;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tokio::sync::oneshot;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tonic::{Request, Response, Status};

use crate::Error;
use crate::tls::Tls;
pub use read::Span;

/// How long a test waits for telemetry before it gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A collector that runs until it is dropped.
#[derive(Debug)]
pub struct Collector {
    endpoint: String,
    shared: Arc<Shared>,
    _stop: oneshot::Sender<()>,
}

/// How a collector is.
#[derive(Debug, Default)]
pub struct Options {
    /// Where it listens; a free port if nothing is said.
    pub address: Option<SocketAddr>,
    /// How long it takes to answer each request.
    pub pause: Duration,
    /// Its certificate, and the authority that its clients must have theirs from.
    pub tls: Option<Tls>,
}

#[derive(Debug, Default)]
struct Shared {
    received: Mutex<Received>,
    more: Condvar,
    pause: Duration,
}

/// All that came.
#[derive(Debug, Default)]
struct Received {
    spans: Vec<Span>,
    metrics: BTreeSet<String>,
    resources: BTreeSet<(String, String)>,
    headers: BTreeSet<(String, String)>,
    bytes: Vec<u8>,
}

impl Collector {
    /// One on a free port.
    ///
    /// # Errors
    /// [`Error::Io`] if it can't listen.
    pub fn start() -> Result<Self, Error> {
        Self::start_as(&Options::default())
    }

    /// One as it is wanted.
    ///
    /// # Errors
    /// [`Error::Io`] if it can't listen, or a certificate can't be read.
    pub fn start_as(options: &Options) -> Result<Self, Error> {
        let address = options.address.unwrap_or_else(crate::ports::free);
        let tls = options.tls.as_ref().map(tls_config).transpose()?;
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let shared = Arc::new(Shared {
            pause: options.pause,
            ..Shared::default()
        });
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("collector".to_owned())
            .spawn(move || runtime.block_on(serve(listener, tls, serving, stopped)))?;
        Ok(Self {
            endpoint: format!("{scheme}://{address}"),
            shared,
            _stop: stop,
        })
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` has to be.
    pub fn endpoint(&self) -> String {
        self.endpoint.clone()
    }

    /// The spans that came so far.
    pub fn spans(&self) -> Vec<Span> {
        self.received().spans.clone()
    }

    /// Waits until the spans that came are as wanted, and gives them.
    ///
    /// # Panics
    /// If that does not happen within a minute; it says what did come.
    pub fn until(&self, wanted: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let received = self.wait(|r| wanted(&r.spans));
        received.spans.clone()
    }

    /// Waits until a metric came.
    ///
    /// # Panics
    /// If it does not within a minute.
    pub fn until_metric(&self, name: &str) {
        drop(self.wait(|r| r.metrics.contains(name)));
    }

    /// The names of the metrics that came.
    pub fn metrics(&self) -> BTreeSet<String> {
        self.received().metrics.clone()
    }

    /// What the senders said they are: keys and values of their resources.
    pub fn resources(&self) -> BTreeSet<(String, String)> {
        self.received().resources.clone()
    }

    /// The headers that came with requests.
    pub fn headers(&self) -> BTreeSet<(String, String)> {
        self.received().headers.clone()
    }

    /// Every message that came, encoded.
    pub fn bytes(&self) -> Vec<u8> {
        self.received().bytes.clone()
    }

    fn wait(&self, wanted: impl Fn(&Received) -> bool) -> MutexGuard<'_, Received> {
        let deadline = Instant::now() + PATIENCE;
        let mut received = self.received();
        while !wanted(&received) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not what was wanted: {received:#?}");
            let more = self.shared.more.wait_timeout(received, left);
            received = more.unwrap_or_else(PoisonError::into_inner).0;
        }
        received
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.shared.lock()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take<M>(&self, request: Request<M>, read: impl Fn(&mut Received, &M))
    where
        M: prost::Message,
    {
        tokio::time::sleep(self.pause).await;
        let mut received = self.lock();
        for (name, value) in request.metadata().clone().into_headers().iter() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            received.headers.insert((name.to_string(), value));
        }
        let message = request.into_inner();
        received.bytes.extend(message.encode_to_vec());
        read(&mut received, &message);
        self.more.notify_all();
    }
}

fn tls_config(tls: &Tls) -> Result<ServerTlsConfig, Error> {
    let (cert, key) = (&tls.server.cert, &tls.server.key);
    let identity = Identity::from_pem(std::fs::read(cert)?, std::fs::read(key)?);
    let ca = Certificate::from_pem(std::fs::read(&tls.ca)?);
    Ok(ServerTlsConfig::new().identity(identity).client_ca_root(ca))
}

async fn serve(
    listener: TcpListener,
    tls: Option<ServerTlsConfig>,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("it is non-blocking");
    let traces = TraceServiceServer::new(Services(Arc::clone(&shared)));
    let metrics = MetricsServiceServer::new(Services(shared));
    let mut server = tonic::transport::Server::builder();
    if let Some(tls) = tls {
        server = server.tls_config(tls).expect("the certificates are right");
    }
    let serving = server
        .add_service(traces)
        .add_service(metrics)
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::select! {
        served = serving => served.expect("the collector serves"),
        // Cut, as a collector that dies does.
        _ = stopped => {}
    }
}

struct Services(Arc<Shared>);

#[tonic::async_trait]
impl TraceService for Services {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let read = |received: &mut Received, message: &ExportTraceServiceRequest| {
            let (spans, resources) = read::spans(message);
            received.spans.extend(spans);
            received.resources.extend(resources);
        };
        self.0.take(request, read).await;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Services {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let read = |received: &mut Received, message: &ExportMetricsServiceRequest| {
            received.metrics.extend(read::metrics(message));
        };
        self.0.take(request, read).await;
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

/// An address that takes connections and never answers.
#[derive(Debug)]
pub struct Hole(TcpListener);

impl Hole {
    /// One on a free port.
    ///
    /// # Errors
    /// [`Error::Io`] if it can't listen.
    pub fn open() -> Result<Self, Error> {
        Ok(Self(TcpListener::bind(crate::ports::free())?))
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` has to be.
    ///
    /// # Errors
    /// [`Error::Io`] if the system does not tell.
    pub fn endpoint(&self) -> Result<String, Error> {
        Ok(format!("http://{}", self.0.local_addr()?))
    }
}
