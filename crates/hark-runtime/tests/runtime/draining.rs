//! How a server ends.

use futures_util::stream;
use hark_proto::v1::speakers_client::SpeakersClient;
use hark_runtime::server::Config;
use tokio::net::TcpStream;
use tonic::{Code, Request};

use crate::support::{House, PATIENCE, config, tell};

#[tokio::test]
async fn a_call_that_runs_is_finished_and_nothing_new_begins() {
    let house = House::open(config()).await;
    let call = tell(house.channel(), "wait");
    let end = async {
        house.gate.begun().await;
        house.drain.request();
        // The listener goes first, while the call still runs.
        while TcpStream::connect(house.addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
        house.gate.open();
    };
    let (answer, ()) = tokio::join!(call, end);
    assert_eq!(answer.unwrap(), "waited");
    house.close().await.unwrap();
    let error = tell(house.channel(), "who").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
}

#[tokio::test]
async fn a_stream_that_is_told_can_say_goodbye() {
    let house = House::open(config()).await;
    let mut client = SpeakersClient::new(house.channel());
    let answers = client.attach(stream::pending()).await;
    let mut answers = answers.unwrap().into_inner();
    answers.message().await.unwrap().expect("a greeting");
    house.drain.request();
    answers.message().await.unwrap().expect("a goodbye");
    assert!(answers.message().await.unwrap().is_none());
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_does_not_end_is_cut_after_the_grace() {
    let house = House::open(Config {
        drain_grace_ms: 50,
        ..config()
    })
    .await;
    assert_cut(&house, || house.drain.request()).await;
}

#[tokio::test]
async fn a_second_signal_cuts_at_once() {
    let house = House::open(Config {
        drain_grace_ms: 3_600_000,
        ..config()
    })
    .await;
    assert_cut(&house, || house.drain.cut_short()).await;
}

async fn assert_cut(house: &House, end: impl Fn()) {
    let mut request = Request::new(stream::pending());
    request
        .metadata_mut()
        .insert("stubborn", "yes".parse().unwrap());
    let mut client = SpeakersClient::new(house.channel());
    let mut answers = client.attach(request).await.unwrap().into_inner();
    answers.message().await.unwrap().expect("a greeting");
    end();
    answers.message().await.unwrap_err();
    tokio::time::timeout(PATIENCE, house.close())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_connection_that_never_spoke_does_not_hold_the_end_up() {
    let house = House::open(Config {
        handshake_timeout_ms: 3_600_000,
        drain_grace_ms: 3_600_000,
        ..config()
    })
    .await;
    let _silent = TcpStream::connect(house.addr).await.unwrap();
    tell(house.channel(), "who").await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, house.close()).await;
    ended.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_in_memory_ends_too() {
    let (house, channel) = House::in_memory(config());
    assert_eq!(
        tell(channel.clone(), "who").await.unwrap(),
        "node InProcess"
    );
    house.close().await.unwrap();
    let error = tell(channel, "who").await.unwrap_err();
    assert_eq!(error.code(), Code::Unavailable, "{error:?}");
}
