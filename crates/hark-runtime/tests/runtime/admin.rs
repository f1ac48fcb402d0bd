//! The admin port, read as Prometheus and Kubernetes read it.

use std::net::SocketAddr;

use hark_runtime::admin::{self, Config};
use hark_runtime::drain::Drain;
use hark_runtime::health::Health;
use hark_runtime::tasks::{OnFailure, Tasks};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::support::{House, PATIENCE, config, tell};

fn loopback() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        insecure: false,
    }
}

/// The answer to a GET, head and body.
async fn read(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn it_tells_life_readiness_and_metrics() {
    let house = House::open(config()).await;
    let bound = admin::bind(&loopback(), &house.health).await.unwrap();
    let address = bound.local_addr();
    let tasks = Tasks::new(Drain::new());
    let stop = CancellationToken::new();
    tasks.spawn("admin", OnFailure::Shutdown, bound.serve(stop.clone()));

    assert!(read(address, "/livez").await.starts_with("HTTP/1.1 200 OK"));
    house.part.not_ready("the model is loading");
    let answer = read(address, "/readyz").await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    insta::assert_snapshot!(body(&answer), @r#"
    {
      "ready": false,
      "draining": false,
      "parts": [
        {
          "name": "test",
          "ready": false,
          "reason": "the model is loading"
        }
      ]
    }
    "#);
    house.part.ready();
    assert!(
        read(address, "/readyz")
            .await
            .starts_with("HTTP/1.1 200 OK")
    );
    house.health.drain();
    assert!(read(address, "/readyz").await.starts_with("HTTP/1.1 503 "));
    assert!(read(address, "/other").await.starts_with("HTTP/1.1 404 "));

    tell(house.channel(), "who").await.unwrap();
    tell(house.channel(), "nonsense").await.unwrap_err();
    let metrics = read(address, "/metrics").await;
    for code in ["OK", "INVALID_ARGUMENT"] {
        let line = format!(
            "rpc_server_call_duration_seconds_count{{rpc_method=\"hark.v1.Recognizer/Recognize\",\
             rpc_response_status_code=\"{code}\",rpc_system_name=\"grpc\"}}"
        );
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
    assert!(metrics.contains("hark_server_connections "), "{metrics}");

    stop.cancel();
    tasks.drain().request();
    tasks.finish(PATIENCE).await.unwrap();
    house.close().await.unwrap();
}

#[tokio::test]
async fn it_is_for_this_machine_unless_its_owner_says_otherwise() {
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let bind = async |insecure| {
        let listen = everywhere;
        let config = Config { listen, insecure };
        admin::bind(&config, &Health::new()).await
    };
    let error = bind(false).await.unwrap_err().to_string();
    assert!(
        error.contains("0.0.0.0:0") && error.contains("admin.insecure"),
        "{error}"
    );
    bind(true).await.unwrap();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let first = admin::bind(&loopback(), &Health::new()).await.unwrap();
    let config = Config {
        listen: first.local_addr(),
        insecure: false,
    };
    let error = admin::bind(&config, &Health::new())
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains(&first.local_addr().to_string()), "{error}");
    assert!(error.contains("--admin-listen or admin.listen"), "{error}");
}
