//! TLS itself: servers that clients trust or not, certificates that are exchanged while
//! calls are made, and handshakes that go nowhere.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hark_runtime::Error;
use hark_runtime::channel::{self, Channel, Options};
use hark_runtime::server::{Config, Server};
use hark_tls::ClientConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::Code;

use crate::pki::{Pki, until, valid, validity};
use crate::support::{House, PATIENCE, authenticator, config, tell};

fn with_tls(pki: &Pki) -> Config {
    Config {
        tls: Some(pki.server("server")),
        ..config()
    }
}

async fn house() -> (House, Pki) {
    let pki = Pki::new();
    pki.issue("server", "spiffe://home/node/server", valid());
    (House::open(with_tls(&pki)).await, pki)
}

fn channel(house: &House, tls: ClientConfig) -> Channel {
    house.channel_with(&Options {
        tls: Some(tls),
        ..Options::default()
    })
}

#[tokio::test]
async fn a_client_trusts_a_server_by_authority_name_and_time() {
    let (house, pki) = house().await;
    let domain = |name: Option<&str>| ClientConfig {
        domain: name.map(str::to_owned),
        ..pki.client(None)
    };
    for name in [None, Some("localhost"), Some("node.hark.internal")] {
        tell(channel(&house, domain(name)), "who").await.unwrap();
    }
    let other = Pki::new();
    for (tls, says) in [
        (domain(Some("elsewhere.example")), "another name"),
        (other.client(None), "another authority"),
    ] {
        let status = tell(channel(&house, tls), "who").await.unwrap_err();
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert!(status.message().contains(says), "{status:?}");
    }
    house.close().await.unwrap();
}

#[tokio::test]
async fn an_expired_server_is_not_trusted() {
    let pki = Pki::new();
    pki.issue("server", "spiffe://home/node/server", validity(-600, -5));
    let house = House::open(with_tls(&pki)).await;
    let status = tell(channel(&house, pki.client(None)), "who").await;
    let status = status.unwrap_err();
    assert!(status.message().contains("has expired"), "{status:?}");
    house.close().await.unwrap();
}

#[tokio::test]
async fn a_speakers_certificate_serves_nobody() {
    let pki = Pki::new();
    pki.issue("server", "spiffe://home/speaker/kitchen", valid());
    let house = House::open(with_tls(&pki)).await;
    let status = tell(channel(&house, pki.client(None)), "who").await;
    let status = status.unwrap_err();
    assert!(status.message().contains("not to be trusted"), "{status:?}");
    house.close().await.unwrap();
}

#[tokio::test]
async fn plain_callers_get_no_answer_over_tls() {
    let (house, _) = house().await;
    let status = tell(house.channel(), "who").await.unwrap_err();
    assert_ne!(status.code(), Code::Ok);
    house.close().await.unwrap();
}

#[tokio::test]
async fn files_that_can_not_be_used_are_named() {
    let pki = Pki::new();
    pki.issue("server", "spiffe://home/node/server", valid());
    pki.issue("other", "spiffe://home/node/other", valid());
    std::fs::write(pki.path("empty"), "").unwrap();
    let tls = |cert: &str, key: &str| {
        let ca = Some(pki.path("ca.crt"));
        hark_tls::ServerConfig::new(pki.path(cert), pki.path(key), ca)
    };
    for (tls, parts) in [
        (
            tls("none.crt", "server.key"),
            &["none.crt", "cannot read"][..],
        ),
        (tls("empty", "server.key"), &["empty", "no certificate"]),
        (tls("server.crt", "empty"), &["empty", "no private key"]),
        (tls("server.crt", "ca.crt"), &["ca.crt", "no private key"]),
        (
            tls("server.crt", "other.key"),
            &["other.key", "go together"],
        ),
    ] {
        let config = Config {
            tls: Some(tls),
            ..config()
        };
        let server = Server::new(
            config,
            authenticator(),
            &hark_runtime::health::Health::new(),
        );
        let error = server.bind("--listen").await.unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("server.tls"), "{text}");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
    let half = ClientConfig {
        cert_file: Some(pki.path("server.crt")),
        ..pki.client(None)
    };
    let options = Options {
        tls: Some(half),
        ..Options::default()
    };
    let error = channel::connect("127.0.0.1:1", &options).unwrap_err();
    assert!(error.to_string().contains("key_file"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_exchanged_without_a_lost_call() {
    let (house, pki) = house().await;
    pki.issue("client", "spiffe://home/node/client", valid());
    let first = serial(&house, &pki).await;
    let (stop, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let caller = async |is_lasting: bool| {
        let lasting = channel(&house, pki.client(Some("client")));
        while !stop.load(Ordering::SeqCst) {
            let channel = match is_lasting {
                true => lasting.clone(),
                false => channel(&house, pki.client(Some("client"))),
            };
            assert_eq!(tell(channel, "who").await.unwrap(), "node Certificate");
            calls.fetch_add(1, Ordering::SeqCst);
        }
    };
    let exchange = async {
        until(async || calls.load(Ordering::SeqCst) > 20).await;
        // A key without its certificate is what a reader may see in between: the old pair
        // has to go on.
        let kept = std::fs::read(pki.path("server.crt")).unwrap();
        pki.issue("server", "spiffe://home/node/server", valid());
        let new = std::fs::read(pki.path("server.crt")).unwrap();
        std::fs::write(pki.path("server.crt"), kept).unwrap();
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        assert_eq!(serial(&house, &pki).await, first);
        std::fs::write(pki.path("server.crt"), new).unwrap();
        until(async || serial(&house, &pki).await != first).await;
        let after = calls.load(Ordering::SeqCst);
        until(async || calls.load(Ordering::SeqCst) > after + 20).await;
        stop.store(true, Ordering::SeqCst);
    };
    tokio::join!(exchange, caller(true), caller(false), caller(false));
    house.close().await.unwrap();
}

/// The certificate that a new connection is shown.
async fn serial(house: &House, pki: &Pki) -> Vec<u8> {
    hark_tls::install_provider();
    let mut roots = rustls::RootCertStore::empty();
    let pem = std::fs::read(pki.path("ca.crt")).unwrap();
    use rustls::pki_types::pem::PemObject as _;
    roots
        .add(rustls::pki_types::CertificateDer::from_pem_slice(&pem).unwrap())
        .unwrap();
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let tcp = TcpStream::connect(house.addr).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let stream = connector.connect(name, tcp).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn handshakes_that_go_nowhere_hold_up_nobody() {
    let pki = Pki::new();
    pki.issue("server", "spiffe://home/node/server", valid());
    let mut tls = pki.server("server");
    tls.max_handshakes = 48;
    let config = Config {
        tls: Some(tls),
        ..config()
    };
    let house = House::open(config).await;
    let mut idle = Vec::new();
    for i in 0..40_u8 {
        let mut stream = TcpStream::connect(house.addr).await.unwrap();
        if i % 2 == 0 {
            stream.write_all(&[0x16, 3, 1, 2]).await.unwrap();
        }
        idle.push(stream);
    }
    let garbage = (0..40_u8).map(async |i| {
        let mut stream = TcpStream::connect(house.addr).await.unwrap();
        // The server may have closed it already.
        let _ = stream.write_all(&[i; 512]).await;
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    });
    let mut garbage: FuturesUnordered<_> = garbage.collect();
    let ended = async { while garbage.next().await.is_some() {} };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    let got = tell(channel(&house, pki.client(None)), "who").await;
    assert_eq!(got.unwrap(), "anonymous Loopback");
    drop(idle);
    house.close().await.unwrap();
}

#[tokio::test]
async fn handshakes_are_bounded_and_have_their_time() {
    let pki = Pki::new();
    pki.issue("server", "spiffe://home/node/server", valid());
    let mut tls = pki.server("server");
    tls.max_handshakes = 2;
    let config = Config {
        tls: Some(tls),
        handshake_timeout_ms: 700,
        ..config()
    };
    let house = House::open(config).await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(TcpStream::connect(house.addr).await.unwrap());
    }
    // The third is closed at once; the others when their time is over.
    let mut rest = Vec::new();
    let third = all[2].read_to_end(&mut rest);
    tokio::time::timeout(PATIENCE, third).await.unwrap().ok();
    for stream in &mut all[..2] {
        let end = stream.read_to_end(&mut rest);
        tokio::time::timeout(PATIENCE, end).await.unwrap().ok();
    }
    // Whoever comes then is served.
    let later = channel(&house, pki.client(None));
    tell(later, "who").await.unwrap();
    house.close().await.unwrap();
}
