//! What a speaker can do wrong while it streams, and what it is told.

use hark_proto::v1::audio_format::Encoding;
use hark_proto::v1::streaming_recognize_request::Request;
use hark_proto::{Error, v1};
use tonic::{Code, Status};

use crate::house::{House, Wish, format};
use crate::speech::{Session, config};

fn chunk(sequence: u64, offset_samples: u64, data: &[u8]) -> Request {
    Request::Audio(v1::AudioChunk {
        sequence,
        offset_samples,
        data: data.to_vec().into(),
        packets: Vec::new(),
    })
}

#[track_caller]
fn check(status: Status, code: Code, field: &str) {
    assert_eq!(status.code(), code, "{status}");
    let error = Error::from(status);
    assert_eq!(error.violations()[0].field, field, "{error}");
}

#[tokio::test]
async fn messages_out_of_sequence_are_named() {
    let house = House::new().await;
    for (second, field) in [
        (chunk(2, 100, &[0; 200]), "audio.sequence"),
        (chunk(0, 100, &[0; 200]), "audio.sequence"),
        (chunk(1, 101, &[0; 200]), "audio.offset_samples"),
        (chunk(1, 0, &[0; 200]), "audio.offset_samples"),
        (chunk(1, 100, &[0; 201]), "audio.data"),
        (chunk(1, 100, &[]), "audio.data"),
        (Request::Config(config()), "config"),
    ] {
        let session = Session::with(&house, config()).await;
        session.request(chunk(0, 0, &[0; 200])).await;
        session.request(second).await;
        check(session.fail().await, Code::InvalidArgument, field);
    }
    house.end().await;
}

#[tokio::test]
async fn the_config_comes_first() {
    let house = House::new().await;
    let session = Session::open(&house).await;
    session.request(chunk(0, 0, &[0; 200])).await;
    check(session.fail().await, Code::InvalidArgument, "config");

    let mut session = Session::open(&house).await;
    let (send, _) = tokio::sync::mpsc::channel(1);
    session.send = send;
    check(session.fail().await, Code::InvalidArgument, "config");
    house.end().await;
}

#[tokio::test]
async fn what_can_not_be_read_is_named() {
    let house = House::new().await;
    for (change, code, field) in [
        (
            v1::StreamingConfig {
                format: Some(format(Encoding::Mulaw, 8_000)),
                ..config()
            },
            Code::Unimplemented,
            "config.format.encoding",
        ),
        (
            v1::StreamingConfig {
                languages: vec!["klingonisch".into()],
                ..config()
            },
            Code::InvalidArgument,
            "config.languages[0]",
        ),
        (
            v1::StreamingConfig {
                session_id: "kitchen".into(),
                ..config()
            },
            Code::InvalidArgument,
            "config.session_id",
        ),
    ] {
        let session = Session::with(&house, change).await;
        check(session.fail().await, code, field);
    }
    house.end().await;
}

#[tokio::test]
async fn samples_that_are_not_numbers_are_refused() {
    let house = House::new().await;
    let floats = v1::StreamingConfig {
        format: Some(format(Encoding::Float32, 16_000)),
        ..config()
    };
    let session = Session::with(&house, floats).await;
    session.request(chunk(0, 0, &f32::NAN.to_le_bytes())).await;
    let status = session.fail().await;
    assert!(status.message().contains("finite"), "{status}");
    check(status, Code::InvalidArgument, "audio.data");
    house.end().await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused() {
    let house = House::new().await;
    let session = Session::with(&house, config()).await;
    session.request(chunk(0, 0, &[0; 70_000])).await;
    let status = session.fail().await;
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    house.end().await;
}

#[tokio::test]
async fn a_speaker_that_falls_silent_is_let_go() {
    let mut wish = Wish::default();
    wish.ingest.idle_gap_ms = 50;
    let house = House::with(wish).await;
    let session = Session::with(&house, config()).await;
    let status = session.fail().await;
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    house.end().await;
}

#[tokio::test]
async fn more_streams_than_allowed_are_refused() {
    let mut wish = Wish::default();
    wish.ingest.max_streams = 1;
    let house = House::with(wish).await;
    let first = Session::with(&house, config()).await;
    let mut client = v1::speech_client::SpeechClient::new(house.channel.clone());
    let request = v1::StreamingRecognizeRequest {
        request: Some(Request::Config(config())),
    };
    let status = client
        .streaming_recognize(tokio_stream::once(request))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(Error::from(status).retry_after().is_some());
    first.close().await;
    house.end().await;
}

#[tokio::test]
async fn no_worker_is_said_to_be_no_worker() {
    let mut wish = Wish {
        inference: false,
        ..Wish::default()
    };
    wish.ingest.transcribe_timeout_ms = 2_000;
    let house = House::with(wish).await;
    let mut session = Session::with(&house, config()).await;
    session.say_sentence().await;
    let status = session.fail().await;
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    house.end().await;
}
