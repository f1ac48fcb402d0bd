//! A wire between two processes that can be cut, or go silent while it stays up: what a
//! process that was killed, and one that hangs, look like from outside.

use std::net::SocketAddr;
use std::sync::Arc;

use hark_runtime::drain::Drain;
use hark_runtime::tasks::{OnFailure, Tasks};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A wire to one address.
pub struct Proxy {
    pub address: SocketAddr,
    cut: CancellationToken,
    silent: Arc<watch::Sender<bool>>,
    _tasks: Tasks,
}

impl Proxy {
    /// A wire from an address of loopback to `to`.
    pub async fn start(from: &str, to: SocketAddr) -> Self {
        let listener = TcpListener::bind(from).await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            cut: CancellationToken::new(),
            silent: Arc::new(watch::Sender::new(false)),
            _tasks: Tasks::new(Drain::new()),
        };
        let (cut, silent, tasks) = (
            proxy.cut.clone(),
            proxy.silent.subscribe(),
            proxy._tasks.clone(),
        );
        let wires = tasks.clone();
        tasks.spawn("proxy", OnFailure::Log, async move {
            let accepting = async {
                loop {
                    let (near, _) = listener.accept().await.unwrap();
                    let wire =
                        cut.clone()
                            .run_until_cancelled_owned(wire(near, to, silent.clone()));
                    wires.spawn("wire", OnFailure::Log, async move {
                        let _ = wire.await;
                    });
                }
            };
            cut.run_until_cancelled(accepting).await;
        });
        proxy
    }

    /// Ends all connections; nobody listens any more.
    pub fn cut(&self) {
        self.cut.cancel();
    }

    /// Lets nothing through, and accepts connections all the same; or goes on.
    pub fn silence(&self, silent: bool) {
        self.silent.send_replace(silent);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut.cancel();
    }
}

async fn wire(near: TcpStream, to: SocketAddr, silent: watch::Receiver<bool>) {
    let Ok(far) = TcpStream::connect(to).await else {
        return;
    };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = forward(near_in, far_out, silent.clone()) => {}
        () = forward(far_in, near_out, silent) => {}
    }
}

async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut silent: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if silent.wait_for(|silent| !silent).await.is_err()
            || to.write_all(&buffer[..read]).await.is_err()
        {
            return;
        }
    }
}
