//! What answers like an etcd and is none: an old one, and one whose clock is off.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, prost::Message)]
struct StatusRequest {}

/// The part of etcd's answer that is looked at.
#[derive(Clone, PartialEq, prost::Message)]
struct StatusResponse {
    #[prost(string, tag = "2")]
    version: String,
    #[prost(int64, tag = "3")]
    db_size: i64,
    #[prost(uint64, tag = "4")]
    leader: u64,
}

/// `etcdserverpb.Maintenance` of an etcd 3.3, as far as its version.
#[derive(Debug, Clone, Copy)]
struct OldEtcd;

impl NamedService for OldEtcd {
    const NAME: &'static str = "etcdserverpb.Maintenance";
}

impl Service<http::Request<Body>> for OldEtcd {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let codec = ProstCodec::<StatusResponse, StatusRequest>::default();
        Box::pin(async move { Ok(Grpc::new(codec).unary(Self, request).await) })
    }
}

impl UnaryService<StatusRequest> for OldEtcd {
    type Response = StatusResponse;
    type Future = Ready<Result<Response<StatusResponse>, Status>>;

    fn call(&mut self, _: Request<StatusRequest>) -> Self::Future {
        ready(Ok(Response::new(StatusResponse {
            version: "3.3.27".to_owned(),
            db_size: 20_480,
            leader: 1,
        })))
    }
}

/// An etcd 3.3; its endpoint. It answers as long as the test runs.
pub fn old_etcd() -> String {
    let (send, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap()).unwrap();
            let served = Server::builder()
                .add_service(OldEtcd)
                .serve_with_incoming(TcpIncoming::from(listener));
            served.await.unwrap();
        });
    });
    format!("http://{}", address.recv().unwrap())
}

/// What says over HTTP that it is 1994; its endpoint.
pub fn clock_of_1994() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 1024];
            // Whoever asks may leave at any time.
            let _ = stream.read(&mut request);
            let answer = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                          Content-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}
