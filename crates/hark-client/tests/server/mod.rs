//! A server on loopback that keeps what it is sent and answers by a script: what the
//! client must get right on the wire, without the rest of Hark.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::{Stream, StreamExt as _};
use hark_core::{HomeId, Principal};
use hark_proto::v1::attach_request::Request as FromSpeaker;
use hark_proto::v1::attach_response::Response as ToSpeaker;
use hark_proto::v1::cluster_server::{Cluster, ClusterServer};
use hark_proto::v1::home_server::{Home, HomeServer};
use hark_proto::v1::recognizer_server::{Recognizer, RecognizerServer};
use hark_proto::v1::speakers_server::{Speakers, SpeakersServer};
use hark_proto::v1::speech_server::{Speech, SpeechServer};
use hark_proto::v1::streaming_recognize_request::Request as FromMic;
use hark_proto::v1::streaming_recognize_response::Response as ToMic;
use hark_proto::v1::*;
use tokio::task::JoinSet;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

/// What the server was sent, and what it is to do.
#[derive(Debug, Default)]
pub struct Seen {
    pub config: Option<StreamingConfig>,
    pub chunks: Vec<AudioChunk>,
    pub authorization: Vec<Option<String>>,
    pub had_deadline: Vec<bool>,
    pub hello: Option<SpeakerHello>,
    pub acknowledged: Vec<String>,
    pub page_tokens: Vec<String>,
    pub clip: Option<RecognizeRequest>,
    /// Answer nothing at all.
    pub is_mute: bool,
    /// Say no to what comes.
    pub refusal: Option<hark_proto::Error>,
}

/// A server that runs.
#[derive(Debug)]
pub struct Serving {
    pub address: SocketAddr,
    _tasks: JoinSet<Result<(), tonic::transport::Error>>,
}

#[derive(Debug, Clone, Default)]
pub struct Server(pub Arc<Mutex<Seen>>);

impl Server {
    /// Starts serving; ends when what this gives is dropped.
    pub async fn start(&self) -> Serving {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(SpeechServer::new(self.clone()))
            .add_service(SpeakersServer::new(self.clone()))
            .add_service(HomeServer::new(self.clone()))
            .add_service(RecognizerServer::new(self.clone()))
            .add_service(ClusterServer::new(self.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let mut tasks = JoinSet::new();
        tasks.spawn(server);
        Serving {
            address,
            _tasks: tasks,
        }
    }

    pub fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }

    fn take_note<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let mut seen = self.seen();
        let text = |name| {
            request
                .metadata()
                .get(name)
                .map(|v| v.to_str().unwrap().to_owned())
        };
        let (token, deadline) = (text("authorization"), text("grpc-timeout"));
        seen.authorization.push(token);
        seen.had_deadline.push(deadline.is_some());
        seen.refusal.clone().map_or(Ok(()), |e| Err(e.into()))
    }
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Speech for Server {
    type StreamingRecognizeStream = Answers<StreamingRecognizeResponse>;

    async fn streaming_recognize(
        &self,
        request: Request<Streaming<StreamingRecognizeRequest>>,
    ) -> Result<Response<Self::StreamingRecognizeStream>, Status> {
        self.take_note(&request)?;
        if self.seen().is_mute {
            return Ok(Response::new(Box::pin(futures_util::stream::pending())));
        }
        let mut requests = request.into_inner();
        while let Some(message) = requests.message().await? {
            match message.request {
                Some(FromMic::Config(config)) => self.seen().config = Some(config),
                Some(FromMic::Audio(chunk)) => self.seen().chunks.push(chunk),
                None => {}
            }
        }
        let config = self.seen().config.clone().unwrap_or_default();
        let answers = script(&config).map(|response| {
            let response = Some(response);
            Ok(StreamingRecognizeResponse { response })
        });
        Ok(Response::new(Box::pin(futures_util::stream::iter(answers))))
    }

    async fn converse(
        &self,
        request: Request<ConverseRequest>,
    ) -> Result<Response<ConverseResponse>, Status> {
        self.take_note(&request)?;
        let mute = self.seen().is_mute;
        if mute {
            futures_util::future::pending::<()>().await;
        }
        let request = request.into_inner();
        Ok(Response::new(ConverseResponse {
            session_id: request.session_id,
            outcome: Some(outcome(&request.text)),
            timings: Some(Timings::default()),
        }))
    }
}

fn script(config: &StreamingConfig) -> [ToMic; 3] {
    let ordinal = config.resume.map_or(0, |r| r.ordinal);
    let language = config
        .languages
        .first()
        .cloned()
        .unwrap_or_else(|| "de".to_owned());
    let transcript = "Schalte das Licht im Flur ein".to_owned();
    let alternatives = vec![Alternative {
        transcript,
        confidence: 0.9,
        words: vec![],
    }];
    [
        ToMic::Started(SessionStarted {
            session_id: config.session_id.clone(),
            principal: Some(principal()),
            languages: config.languages.clone(),
            area_id: config.area.clone(),
            next_ordinal: ordinal,
        }),
        ToMic::Result(RecognitionResult {
            ordinal,
            is_final: true,
            alternatives,
            language,
            ..Default::default()
        }),
        ToMic::Outcome(OutcomeResult {
            ordinal,
            outcome: Some(outcome("Das Licht im Flur ist an.")),
            timings: Some(Timings::default()),
        }),
    ]
}

fn principal() -> hark_proto::v1::Principal {
    Principal::in_process(HomeId::parse("home").unwrap()).into()
}

fn outcome(text: &str) -> UtteranceOutcome {
    let reply = Reply {
        code: "light_on".to_owned(),
        language: "de".to_owned(),
        text: text.to_owned(),
        ..Default::default()
    };
    UtteranceOutcome {
        outcome: Outcome::Done.into(),
        reply: Some(reply),
        ..Default::default()
    }
}

#[tonic::async_trait]
impl Speakers for Server {
    type AttachStream = Answers<AttachResponse>;

    /// Greets, sends one push, and ends once it is acknowledged.
    async fn attach(
        &self,
        request: Request<Streaming<AttachRequest>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        self.take_note(&request)?;
        let answer = |response| {
            Ok(AttachResponse {
                response: Some(response),
            })
        };
        let attached = Attached {
            speaker_id: "speaker-1".to_owned(),
            principal: Some(principal()),
            area_id: Some("hallway".to_owned()),
        };
        let push = |id: &str, action| Push {
            push_id: id.to_owned(),
            expires_at: Some(prost_types::Timestamp::default()),
            action: Some(action),
        };
        let settings = push("p-0", push::Action::Settings(SpeakerSettings::default()));
        let stop = push("p-1", push::Action::Stop(StopRing::default()));
        let first = [
            answer(ToSpeaker::Attached(attached)),
            answer(ToSpeaker::Push(settings)),
            answer(ToSpeaker::Push(stop)),
        ];
        let this = self.clone();
        let rest = request.into_inner().filter_map(move |message| {
            this.keep(message.unwrap());
            std::future::ready(None)
        });
        let rest = rest.take_until(self.clone().acknowledgement());
        Ok(Response::new(Box::pin(
            futures_util::stream::iter(first).chain(rest),
        )))
    }
}

impl Server {
    fn keep(&self, message: AttachRequest) {
        match message.request {
            Some(FromSpeaker::Hello(hello)) => self.seen().hello = Some(hello),
            Some(FromSpeaker::Acknowledgement(a)) => self.seen().acknowledged.push(a.push_id),
            None => {}
        }
    }

    async fn acknowledgement(self) {
        while self.seen().acknowledged.is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

/// Areas of the home, of which a page has two.
pub const AREAS: [&str; 5] = ["bath", "bedroom", "hallway", "kitchen", "office"];

#[tonic::async_trait]
impl Home for Server {
    type WatchDevicesStream = Answers<WatchDevicesResponse>;
    type WatchTimersStream = Answers<WatchTimersResponse>;

    async fn list_areas(
        &self,
        request: Request<ListAreasRequest>,
    ) -> Result<Response<ListAreasResponse>, Status> {
        self.take_note(&request)?;
        let token = request.into_inner().page_token;
        self.seen().page_tokens.push(token.clone());
        let from: usize = token.parse().unwrap_or(0);
        let to = AREAS.len().min(from + 2);
        let area = |id: &&str| Area {
            id: (*id).to_owned(),
            ..Default::default()
        };
        Ok(Response::new(ListAreasResponse {
            areas: AREAS[from..to].iter().map(area).collect(),
            next_page_token: match to < AREAS.len() {
                true => to.to_string(),
                false => String::new(),
            },
        }))
    }

    async fn list_devices(
        &self,
        _: Request<ListDevicesRequest>,
    ) -> Result<Response<ListDevicesResponse>, Status> {
        let devices = vec![Device {
            id: "light.hallway".to_owned(),
            domain: "toaster".to_owned(),
            ..Default::default()
        }];
        Ok(Response::new(ListDevicesResponse {
            devices,
            ..Default::default()
        }))
    }

    async fn watch_devices(
        &self,
        _: Request<WatchDevicesRequest>,
    ) -> Result<Response<Self::WatchDevicesStream>, Status> {
        let update = WatchDevicesResponse {
            revision: 7,
            resync: true,
            ..Default::default()
        };
        let updates = futures_util::stream::iter([Ok(update)]);
        Ok(Response::new(Box::pin(updates)))
    }

    async fn execute(
        &self,
        _: Request<ExecuteRequest>,
    ) -> Result<Response<ExecuteResponse>, Status> {
        Err(hark_proto::Error::not_found("device", "light.cellar").into())
    }

    async fn list_timers(
        &self,
        _: Request<ListTimersRequest>,
    ) -> Result<Response<ListTimersResponse>, Status> {
        // Never the last page.
        let next_page_token = "more".to_owned();
        let timers = vec![];
        Ok(Response::new(ListTimersResponse {
            timers,
            next_page_token,
        }))
    }

    async fn watch_timers(
        &self,
        _: Request<WatchTimersRequest>,
    ) -> Result<Response<Self::WatchTimersStream>, Status> {
        Ok(Response::new(Box::pin(futures_util::stream::empty())))
    }

    async fn list_lists(
        &self,
        _: Request<ListListsRequest>,
    ) -> Result<Response<ListListsResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

#[tonic::async_trait]
impl Recognizer for Server {
    async fn recognize(
        &self,
        request: Request<RecognizeRequest>,
    ) -> Result<Response<RecognizeResponse>, Status> {
        self.take_note(&request)?;
        let request = request.into_inner();
        let language = request.languages.first().cloned().unwrap_or_default();
        self.seen().clip = Some(request);
        let transcript = "Turn on the light".to_owned();
        let alternative = Alternative {
            transcript,
            confidence: 0.75,
            words: vec![],
        };
        Ok(Response::new(RecognizeResponse {
            result: Some(RecognitionResult {
                is_final: true,
                alternatives: vec![alternative],
                language,
                no_speech_probability: 0.25,
                ..Default::default()
            }),
            outcome: None,
            timings: Some(Timings {
                decode: Some(prost_types::Duration {
                    seconds: 1,
                    nanos: 500,
                }),
                ..Default::default()
            }),
        }))
    }
}

#[tonic::async_trait]
impl Cluster for Server {
    async fn get_status(
        &self,
        request: Request<GetStatusRequest>,
    ) -> Result<Response<GetStatusResponse>, Status> {
        self.take_note(&request)?;
        let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
        Ok(Response::new(GetStatusResponse {
            warnings: vec!["listens for everybody".to_owned()],
            version: "0.1.0".to_owned(),
            uptime: seconds(62),
            home_id: "home".to_owned(),
            languages: vec!["de".to_owned(), "en".to_owned()],
            parts: vec![PartStatus {
                name: "inference".to_owned(),
                ready: false,
                reason: "loading".to_owned(),
            }],
            store: Some(StoreStatus {
                kind: "redb".to_owned(),
                revision: 7,
                age: seconds(1),
            }),
            model: None,
            attached_speakers: 2,
            open_streams: 1,
        }))
    }

    async fn list_nodes(
        &self,
        request: Request<ListNodesRequest>,
    ) -> Result<Response<ListNodesResponse>, Status> {
        self.take_note(&request)?;
        let (nodes, age) = nodes();
        Ok(Response::new(ListNodesResponse { nodes, age }))
    }

    type WatchNodesStream = Pin<Box<dyn Stream<Item = Result<WatchNodesResponse, Status>> + Send>>;

    async fn watch_nodes(
        &self,
        _: Request<WatchNodesRequest>,
    ) -> Result<Response<Self::WatchNodesStream>, Status> {
        let (nodes, age) = nodes();
        let response = WatchNodesResponse { nodes, age };
        Ok(Response::new(tokio_stream::iter([Ok(response)]).boxed()))
    }

    async fn drain_node(
        &self,
        request: Request<DrainNodeRequest>,
    ) -> Result<Response<DrainNodeResponse>, Status> {
        match request.get_ref().node_id.as_str() {
            "attic" => Ok(Response::new(DrainNodeResponse {})),
            other => Err(hark_proto::Error::not_found("node", other).into()),
        }
    }
}

fn nodes() -> (Vec<Node>, Option<prost_types::Duration>) {
    let node = Node {
        id: "attic".to_owned(),
        addresses: vec!["127.0.0.1:7710".to_owned()],
        parts: vec![PartStatus {
            name: "inference".to_owned(),
            ready: false,
            reason: "suspected".to_owned(),
        }],
        draining: false,
        version: "0.1.0".to_owned(),
        started_at: Some(prost_types::Timestamp {
            seconds: 1,
            nanos: 500_000_000,
        }),
        model: Some(ModelStatus {
            name: "hark-nano".to_owned(),
            engine: "candle".to_owned(),
            languages: vec!["de".to_owned()],
            tier: 3,
        }),
        in_flight: 2,
        is_self: true,
    };
    let age = prost_types::Duration {
        seconds: 1,
        nanos: 0,
    };
    (vec![node], Some(age))
}
