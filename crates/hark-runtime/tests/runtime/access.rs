//! Who may call what, and on which addresses a server may be.

use std::net::SocketAddr;

use hark_core::HomeId;
use hark_proto::internal::DescribeRequest;
use hark_proto::internal::inference_client::InferenceClient;
use hark_proto::v1::RecognizeRequest;
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::Channel;
use hark_runtime::health::Health;
use hark_runtime::server::{Config, Server};
use tonic::{Code, Request};

use crate::support::{House, NODE, PERSON, config, server, tell};

#[tokio::test]
async fn each_kind_of_caller_reaches_what_the_table_allows_it() {
    let house = House::open(config()).await;
    let (inside, in_memory) = House::in_memory(config());
    for (channel, who, nodes_only) in [
        (
            house.channel(),
            Ok("anonymous Loopback"),
            Some(Code::PermissionDenied),
        ),
        (
            house.with_token(PERSON),
            Ok("person Token"),
            Some(Code::PermissionDenied),
        ),
        (house.with_token(NODE), Ok("node Token"), None),
        (in_memory, Ok("node InProcess"), None),
        (
            house.with_token("wrong"),
            Err(Code::Unauthenticated),
            Some(Code::Unauthenticated),
        ),
    ] {
        let got = tell(channel.clone(), "who").await.map_err(|s| s.code());
        assert_eq!(got.as_deref(), who.as_deref());
        let described = InferenceClient::new(channel)
            .describe(DescribeRequest {})
            .await;
        assert_eq!(described.err().map(|s| s.code()), nodes_only, "{who:?}");
    }
    house.close().await.unwrap();
    inside.close().await.unwrap();
}

#[tokio::test]
async fn what_the_table_lacks_is_not_there() {
    let house = House::open(config()).await;
    for path in [
        "/hark.v1.Home/OpenTheDoor",
        "/hark.v1.Recognizer/Recognise",
        "/",
    ] {
        let code = call(house.with_token(NODE), path).await;
        assert_eq!(code, Code::Unimplemented, "{path}");
    }
    // Declared, but no part of this server.
    assert_eq!(
        call(house.channel(), "/hark.v1.Home/ListAreas").await,
        Code::Unimplemented
    );
    house.close().await.unwrap();
}

pub async fn call(channel: Channel, path: &'static str) -> Code {
    let mut client = tonic::client::Grpc::new(channel);
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<RecognizeRequest, RecognizeRequest>::default();
    let path = http::uri::PathAndQuery::from_static(path);
    // As a stream, so that it is the beginning of the answer that counts.
    let request = Request::new(RecognizeRequest::default());
    let response = client.server_streaming(request, path, codec).await;
    response.map_or_else(|s| s.code(), |_| Code::Ok)
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_says_what_to_do() {
    let house = House::open(config()).await;
    let taken = Config {
        listen: house.addr,
        ..config()
    };
    let server = server(taken, &house.health, &house.drain, &house.gate);
    let error = server
        .bind("--listen or server.listen")
        .await
        .unwrap_err()
        .to_string();
    let expect = format!(
        "cannot listen on {}: Address already in use (os error 98); \
         choose another address with --listen or server.listen",
        house.addr
    );
    assert_eq!(error, expect);
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_server_without_authentication_stays_on_loopback() {
    let everywhere = Config {
        listen: SocketAddr::from(([0, 0, 0, 0], 0)),
        ..config()
    };
    let bind = async |insecure| {
        let config = auth::Config {
            insecure,
            ..auth::Config::default()
        };
        let auth = Authenticator::new(&config, HomeId::parse("home").unwrap()).unwrap();
        let server = Server::new(everywhere.clone(), auth, &Health::new());
        server
            .bind("--listen")
            .await
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    insta::assert_snapshot!(bind(false).await.unwrap_err(), @"refusing to listen on 0.0.0.0:0, which others can reach, without authentication: give it a certificate in `server.tls` (`hark certs init`, then `hark certs issue node`), or set `auth.insecure = true`");
    bind(true).await.unwrap();
}

#[tokio::test]
async fn an_insecure_server_says_so_for_as_long_as_it_runs() {
    let config = auth::Config {
        insecure: true,
        ..auth::Config::default()
    };
    let auth = Authenticator::new(&config, HomeId::parse("home").unwrap()).unwrap();
    let health = Health::new();
    for (address, warnings) in [([127, 0, 0, 1], 0), ([0, 0, 0, 0], 1)] {
        let config = Config {
            listen: SocketAddr::from((address, 0)),
            ..crate::support::config()
        };
        let server = Server::new(config, auth.clone(), &health);
        server.bind("--listen").await.unwrap();
        let said = health.snapshot().warnings;
        assert_eq!(said.len(), warnings, "{said:?}");
        assert!(said.iter().all(|w| w.contains("auth.insecure")));
    }
}

#[tokio::test]
async fn services_that_are_not_described_are_refused() {
    let auth = crate::support::authenticator();
    let add = |descriptors: &'static [u8], names| {
        let server = Server::new(config(), auth.clone(), &Health::new());
        server.services(descriptors, names, tonic::service::Routes::default())
    };
    let described = hark_proto::FILE_DESCRIPTOR_SET;
    for (descriptors, names, expect) in [
        (
            described,
            &["hark.v1.Speeches"],
            "there is no service hark.v1.Speeches",
        ),
        (b"\xff\xff".as_slice(), &["hark.v1.Speech"], "can't be read"),
    ] {
        let error = add(descriptors, names).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }
}
