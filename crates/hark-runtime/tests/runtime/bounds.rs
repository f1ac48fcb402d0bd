//! What callers can make a server hold is bounded, and others are served all the while.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hark_proto::v1::RecognizeRequest;
use hark_proto::v1::recognizer_client::RecognizerClient;
use hark_runtime::server::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic::transport::Endpoint;
use tonic::{Code, Request};

use crate::support::{House, PATIENCE, config, tell};

#[tokio::test]
async fn a_flood_from_one_address_does_not_silence_others() {
    let house = House::open(Config {
        max_connections_per_ip: 4,
        ..config()
    })
    .await;
    let mut flood = Vec::new();
    for _ in 0..64 {
        flood.push(TcpStream::connect(house.addr).await.unwrap());
    }
    // The connections beyond the fourth are closed at once.
    let mut closed = 0;
    for stream in &mut flood[4..] {
        closed += usize::from(is_closed(stream).await);
    }
    assert_eq!(closed, 60);

    let elsewhere = Endpoint::from_shared(format!("http://{}", house.addr))
        .unwrap()
        .local_address(Some(IpAddr::from([127, 0, 0, 2])));
    let mut client = RecognizerClient::new(elsewhere.connect_lazy());
    let request = RecognizeRequest {
        languages: vec!["who".to_owned()],
        ..RecognizeRequest::default()
    };
    client.recognize(request).await.unwrap();

    // A place is free again once its holder has left.
    drop(flood);
    until(async || tell(house.channel(), "who").await.is_ok()).await;
    house.close().await.unwrap();
}

#[tokio::test]
async fn connections_are_bounded_in_all() {
    let house = House::open(Config {
        max_connections: 3,
        ..config()
    })
    .await;
    let mut held = Vec::new();
    for last in 2..5 {
        held.push(connect_from([127, 0, 0, last], house.addr).await);
    }
    let mut one_more = connect_from([127, 0, 0, 9], house.addr).await;
    assert!(is_closed(&mut one_more).await);
    drop(held);
    until(async || tell(house.channel(), "who").await.is_ok()).await;
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_client_that_does_not_say_what_it_wants_is_let_go() {
    let house = House::open(Config {
        handshake_timeout_ms: 50,
        ..config()
    })
    .await;
    let mut silent = TcpStream::connect(house.addr).await.unwrap();
    let mut slow = TcpStream::connect(house.addr).await.unwrap();
    slow.write_all(b"PRI * HTTP/2.0").await.unwrap();
    assert!(is_closed(&mut silent).await);
    assert!(is_closed(&mut slow).await);
    house.close().await.unwrap();
}

#[tokio::test]
async fn calls_of_one_connection_are_bounded() {
    let house = House::open(Config {
        concurrency_per_connection: 1,
        ..config()
    })
    .await;
    let channel = house.channel();
    let first = tell(channel.clone(), "wait");
    let second = async {
        house.gate.begun().await;
        let second = tell(channel, "who").await;
        house.gate.open();
        second.unwrap_err().code()
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.unwrap(), "waited");
    assert_eq!(second, Code::ResourceExhausted);
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_message_or_header_that_is_too_large_fails_its_call_only() {
    let house = House::open(config()).await;
    let mut client = RecognizerClient::new(house.channel());
    let request = RecognizeRequest {
        audio: vec![0; 65 * 1024].into(),
        ..RecognizeRequest::default()
    };
    let error = client.recognize(request).await.unwrap_err();
    assert_eq!(error.code(), Code::OutOfRange, "{error:?}");

    let mut request = Request::new(RecognizeRequest::default());
    let value = "x".repeat(9 * 1024).parse().unwrap();
    request.metadata_mut().insert("large", value);
    client.recognize(request).await.unwrap_err();

    tell(house.channel(), "who").await.unwrap();
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_panic_fails_its_call_only() {
    let house = House::open(config()).await;
    let channel = house.channel();
    let error = tell(channel.clone(), "panic").await.unwrap_err();
    assert_eq!(error.code(), Code::Internal);
    assert!(!error.message().contains("as told"), "{error:?}");
    tell(channel, "who").await.unwrap();
    house.close().await.unwrap();
}

async fn connect_from(ip: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((ip, 0))).unwrap();
    socket.connect(to).await.unwrap()
}

/// Whether the server closes a connection; waits until it does.
async fn is_closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    let read = stream.read_to_end(&mut rest);
    tokio::time::timeout(PATIENCE, read).await.is_ok()
}

/// Waits for a condition that nothing announces.
async fn until(condition: impl AsyncFn() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
}
