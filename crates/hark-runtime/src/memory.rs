//! Connections within one process: the same gRPC, over a pair of pipes.

use std::io;

use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// Bytes that a connection holds in each direction.
const BUFFER_BYTES: usize = 256 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: usize = 16;

/// The client's end: makes connections. Clones connect to the same listener.
#[derive(Debug, Clone)]
pub struct Connector(mpsc::Sender<DuplexStream>);

/// The server's end: accepts connections.
#[derive(Debug)]
pub struct Listener(mpsc::Receiver<DuplexStream>);

/// A connector and its listener.
pub fn pair() -> (Connector, Listener) {
    let (send, receive) = mpsc::channel(BACKLOG);
    (Connector(send), Listener(receive))
}

impl Connector {
    pub(crate) async fn connect(self) -> io::Result<TokioIo<DuplexStream>> {
        let (client, server) = tokio::io::duplex(BUFFER_BYTES);
        let gone = |_| io::Error::new(io::ErrorKind::ConnectionRefused, "that part has ended");
        self.0.send(server).await.map_err(gone)?;
        Ok(TokioIo::new(client))
    }
}

impl Listener {
    /// The next connection; `None` once nobody can make one.
    pub(crate) async fn accept(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}
