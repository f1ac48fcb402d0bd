//! The service as ingest calls it: over gRPC, with the bundled model and a real voice.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use hark_audio::decode_clip;
use hark_core::HomeId;
use hark_inference::{Config, EngineKind, Inference, NAMES};
use hark_proto::convert::audio::pcm16_to_pb;
use hark_proto::internal::inference_client::InferenceClient;
use hark_proto::internal::{DescribeRequest, TranscribeRequest};
use hark_proto::{Error, ErrorCode};
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{self, Channel, Options};
use hark_runtime::drain::Drain;
use hark_runtime::health::Health;
use hark_runtime::memory;
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::{OnFailure, Tasks};

const CLIP: &[u8] = include_bytes!("../../../crates/hark-whisper/tests/data/flur-ein.wav");

struct House {
    client: InferenceClient<Channel>,
    tasks: Tasks,
}

fn house(config: &Config) -> House {
    let health = Health::new();
    let inference = Inference::build(config, health.part("inference")).unwrap();
    let home = HomeId::parse("home").unwrap();
    let auth = Authenticator::new(&auth::Config::default(), home).unwrap();
    let server = Server::new(server::Config::for_nodes(0), auth, &health)
        .services(hark_proto::FILE_DESCRIPTOR_SET, NAMES, inference.routes())
        .unwrap();
    let (connector, listener) = memory::pair();
    let tasks = Tasks::new(Drain::new());
    let drain = tasks.drain().clone();
    tasks.spawn(
        "server",
        OnFailure::Shutdown,
        server.serve_memory(listener, drain),
    );
    let channel = channel::in_memory(&connector, &Options::default());
    House {
        client: InferenceClient::new(channel),
        tasks,
    }
}

fn request() -> TranscribeRequest {
    let clip = decode_clip(CLIP).unwrap();
    TranscribeRequest {
        pcm16: pcm16_to_pb(&clip.pcm),
        languages: vec!["de".to_owned()],
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundled_model_hears_a_voice() {
    let nano = Config {
        model: "nano".to_owned(),
        ..Config::default()
    };
    let mut house = house(&nano);
    let heard = house
        .client
        .transcribe(request())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(heard.text, "Schalte das Licht im Flur ein");
    assert_eq!(
        (heard.language.as_str(), heard.model.as_str()),
        ("de", "hark-nano")
    );
    assert!(!heard.tokens.is_empty() && heard.encode.is_some() && heard.decode.is_some());
    let described = house
        .client
        .describe(DescribeRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (described.engine.as_str(), described.queue_length),
        ("candle", 0)
    );
    house.tasks.drain().request();
    house
        .tasks
        .finish(std::time::Duration::from_secs(10))
        .await
        .unwrap();
}

#[tokio::test]
async fn bad_requests_are_named_by_field() {
    let fake = Config {
        engine: EngineKind::Fake,
        fake_transcript: "licht an".to_owned(),
        ..Config::default()
    };
    let mut house = house(&fake);
    for (request, code, says) in [
        (
            TranscribeRequest {
                pcm16: vec![0; 3].into(),
                ..request()
            },
            ErrorCode::InvalidAudio,
            "pcm16",
        ),
        (
            TranscribeRequest {
                pcm16: vec![0; 960_002].into(),
                ..request()
            },
            ErrorCode::InvalidAudio,
            "at most 30 s",
        ),
        (
            TranscribeRequest {
                pcm16: vec![].into(),
                ..request()
            },
            ErrorCode::InvalidAudio,
            "no samples",
        ),
        (
            TranscribeRequest {
                languages: vec!["klingonisch".to_owned()],
                ..request()
            },
            ErrorCode::UnknownLanguage,
            "languages[0]",
        ),
    ] {
        let status = house.client.transcribe(request).await.unwrap_err();
        let error = Error::from(status);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    let described = house
        .client
        .describe(DescribeRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(described.engine, "fake");
}
