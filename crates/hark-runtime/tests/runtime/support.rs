//! A server to call, whose methods do as their caller tells them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use hark_core::HomeId;
use hark_proto::internal::inference_server::{Inference, InferenceServer};
use hark_proto::internal::{
    DescribeRequest, DescribeResponse, TranscribeRequest, TranscribeResponse,
};
use hark_proto::v1::recognizer_client::RecognizerClient;
use hark_proto::v1::recognizer_server::{Recognizer, RecognizerServer};
use hark_proto::v1::speakers_server::{Speakers, SpeakersServer};
use hark_proto::v1::{
    AttachRequest, AttachResponse, RecognitionResult, RecognizeRequest, RecognizeResponse,
};
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{self, Channel, Options};
use hark_runtime::config::Secret;
use hark_runtime::drain::Drain;
use hark_runtime::health::{Health, Part};
use hark_runtime::server::{self, Config, Server};
use hark_runtime::tasks::{OnFailure, Tasks};
use hark_runtime::{Error, memory};
use opentelemetry::trace::TraceContextExt as _;
use tokio::sync::Semaphore;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

pub const PERSON: &str = "person-token";
pub const NODE: &str = "node-token";
/// Longer than any test should need; only a hang meets it.
pub const PATIENCE: Duration = Duration::from_secs(60);

const NAMES: &[&str] = &[
    "hark.v1.Recognizer",
    "hark.v1.Speakers",
    "hark.internal.v1.Inference",
];
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// A server that runs.
pub struct House {
    pub addr: SocketAddr,
    pub drain: Drain,
    pub health: Health,
    pub part: Part,
    pub gate: Gate,
    pub tasks: Tasks,
}

/// Lets tests know that a call has begun, and lets it go on.
#[derive(Clone)]
pub struct Gate {
    begun: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl Gate {
    fn new() -> Self {
        Self {
            begun: Arc::new(Semaphore::new(0)),
            go: Arc::new(Semaphore::new(0)),
        }
    }

    async fn pass(&self) {
        self.begun.add_permits(1);
        self.go.acquire().await.unwrap().forget();
    }

    pub async fn begun(&self) {
        self.begun.acquire().await.unwrap().forget();
    }

    pub fn open(&self) {
        self.go.add_permits(1);
    }
}

pub fn config() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::for_devices()
    }
}

pub fn authenticator() -> Authenticator {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, token: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, token).unwrap();
        Some(path)
    };
    let config = auth::Config {
        token_file: file("person", PERSON),
        node_token_file: file("node", NODE),
        ..auth::Config::default()
    };
    Authenticator::new(&config, HomeId::parse("home").unwrap()).unwrap()
}

pub fn server(config: Config, health: &Health, drain: &Drain, gate: &Gate) -> Server {
    server_for(config, authenticator(), health, drain, gate)
}

fn server_for(
    config: Config,
    auth: Authenticator,
    health: &Health,
    drain: &Drain,
    gate: &Gate,
) -> Server {
    let told = Told {
        gate: gate.clone(),
        drain: drain.clone(),
    };
    let routes = Routes::new(
        RecognizerServer::new(told.clone()).max_decoding_message_size(MAX_MESSAGE_BYTES),
    )
    .add_service(SpeakersServer::new(told.clone()))
    .add_service(InferenceServer::new(told));
    Server::new(config, auth, health)
        .services(hark_proto::FILE_DESCRIPTOR_SET, NAMES, routes)
        .unwrap()
}

impl House {
    pub async fn open(config: Config) -> Self {
        Self::open_for(config, authenticator()).await
    }

    pub async fn open_for(config: Config, auth: Authenticator) -> Self {
        let (health, drain, gate) = (Health::new(), Drain::new(), Gate::new());
        let part = health.part("test");
        let bound = server_for(config, auth, &health, &drain, &gate)
            .bind("--listen")
            .await
            .unwrap();
        let addr = bound.local_addr();
        let tasks = Tasks::new(drain.clone());
        tasks.spawn("server", OnFailure::Shutdown, bound.serve(drain.clone()));
        Self {
            addr,
            drain,
            health,
            part,
            gate,
            tasks,
        }
    }

    /// The same within this process.
    pub fn in_memory(config: Config) -> (Self, Channel) {
        let (health, drain, gate) = (Health::new(), Drain::new(), Gate::new());
        let part = health.part("test");
        let (connector, listener) = memory::pair();
        let server = server(config, &health, &drain, &gate);
        let tasks = Tasks::new(drain.clone());
        let serving = server.serve_memory(listener, drain.clone());
        tasks.spawn("server", OnFailure::Shutdown, serving);
        let house = Self {
            addr: SocketAddr::from(([0, 0, 0, 0], 0)),
            drain,
            health,
            part,
            gate,
            tasks,
        };
        let channel = channel::in_memory(&connector, &Options::default());
        (house, channel)
    }

    pub fn channel(&self) -> Channel {
        self.channel_with(&Options::default())
    }

    pub fn channel_with(&self, options: &Options) -> Channel {
        channel::connect(&self.addr.to_string(), options).unwrap()
    }

    pub fn with_token(&self, token: &str) -> Channel {
        self.channel_with(&Options {
            token: Some(Secret::parse(token).unwrap()),
            ..Options::default()
        })
    }

    /// Ends it, and waits until it has.
    pub async fn close(&self) -> Result<(), Error> {
        self.drain.request();
        self.tasks.finish(PATIENCE).await
    }
}

/// Calls `Recognizer/Recognize`, telling it what to do.
pub async fn tell(channel: Channel, what: &str) -> Result<String, Status> {
    tell_with(channel, Request::new(what)).await
}

pub async fn tell_with(channel: Channel, request: Request<&str>) -> Result<String, Status> {
    let request = request.map(|what| RecognizeRequest {
        languages: vec![what.to_owned()],
        ..RecognizeRequest::default()
    });
    let response = RecognizerClient::new(channel).recognize(request).await?;
    Ok(response.into_inner().result.unwrap_or_default().language)
}

/// Does as it is told.
#[derive(Clone)]
struct Told {
    gate: Gate,
    drain: Drain,
}

#[tonic::async_trait]
impl Recognizer for Told {
    async fn recognize(
        &self,
        request: Request<RecognizeRequest>,
    ) -> Result<Response<RecognizeResponse>, Status> {
        let what = request.get_ref().languages.first().cloned();
        let language = match what.as_deref().unwrap_or_default() {
            "who" => {
                let principal = server::principal(&request)?;
                format!("{} {:?}", principal.kind.as_str(), principal.authentication)
            }
            "deadline" => {
                let deadline = server::deadline(&request).expect("a unary call has one");
                deadline.remaining().as_secs().to_string()
            }
            "trace" => {
                let context = tracing::Span::current().context();
                context.span().span_context().trace_id().to_string()
            }
            "wait" => {
                self.gate.pass().await;
                "waited".to_owned()
            }
            "panic" => panic!("as told"),
            other => return Err(Status::invalid_argument(other)),
        };
        let result = RecognitionResult {
            language,
            ..RecognitionResult::default()
        };
        Ok(Response::new(RecognizeResponse {
            result: Some(result),
            ..RecognizeResponse::default()
        }))
    }
}

#[tonic::async_trait]
impl Speakers for Told {
    type AttachStream = BoxStream<'static, Result<AttachResponse, Status>>;

    /// One message at once, one when the drain is requested; a `stubborn` stream never
    /// ends.
    async fn attach(
        &self,
        request: Request<Streaming<AttachRequest>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let is_stubborn = request.metadata().contains_key("stubborn");
        let hello = stream::once(async { Ok(AttachResponse::default()) });
        let drain = self.drain.clone();
        let goodbye = stream::once(async move {
            drain.requested().await;
            Ok(AttachResponse::default())
        });
        let stream = match is_stubborn {
            true => hello.chain(stream::pending()).boxed(),
            false => hello.chain(goodbye).boxed(),
        };
        Ok(Response::new(stream))
    }
}

#[tonic::async_trait]
impl Inference for Told {
    async fn transcribe(
        &self,
        _: Request<TranscribeRequest>,
    ) -> Result<Response<TranscribeResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn describe(
        &self,
        _: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        Ok(Response::new(Default::default()))
    }
}
