//! One accepted connection: its bytes, its place among the others, and its end.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hark_tls::Accepting;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use super::incoming::Place;
use crate::auth::Peer;

/// Bytes of HTTP/2's connection preface (RFC 9113, section 3.4).
const PREFACE_BYTES: usize = 24;

/// A connection. Reading and writing fail once it is to be cut, or if its client has not
/// sent HTTP/2's preface in time or by when the server stops listening.
#[derive(Debug)]
pub(crate) struct Connection {
    io: Io,
    peer: Peer,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    hello: Option<Hello>,
    _place: Option<Place>,
}

#[derive(Debug)]
pub(crate) enum Io {
    Tcp(TcpStream),
    /// With one of the places for handshakes, as long as it is in its own.
    Tls(Box<Accepting<TcpStream>>, Option<OwnedSemaphorePermit>),
    Memory(DuplexStream),
}

#[derive(Debug)]
struct Hello {
    missing: usize,
    timeout: Pin<Box<Sleep>>,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// When connections end that did not end by themselves.
#[derive(Debug, Clone)]
pub(crate) struct Ends {
    /// All of them.
    pub(crate) cut: CancellationToken,
    /// Those that said nothing yet: the server does not listen any more.
    pub(crate) closing: CancellationToken,
    /// Those that said nothing for so long.
    pub(crate) hello: Duration,
}

impl Connection {
    pub(crate) fn new(io: Io, peer: Peer, place: Option<Place>, ends: Ends) -> Self {
        Self {
            io,
            peer,
            cut: Box::pin(ends.cut.cancelled_owned()),
            hello: Some(Hello {
                missing: PREFACE_BYTES,
                timeout: Box::pin(tokio::time::sleep(ends.hello)),
                closing: Box::pin(ends.closing.cancelled_owned()),
            }),
            _place: place,
        }
    }

    fn poll_alive(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.cut.as_mut().poll(cx).is_ready() {
            return Err(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the server ended",
            ));
        }
        if let Some(hello) = &mut self.hello
            && (hello.timeout.as_mut().poll(cx).is_ready()
                || hello.closing.as_mut().poll(cx).is_ready())
        {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the client said nothing",
            ));
        }
        Ok(())
    }

    fn heard(&mut self, bytes: usize) {
        if let Io::Tls(io, place) = &mut self.io
            && io.is_settled()
        {
            *place = None;
        }
        if let Some(hello) = &mut self.hello {
            hello.missing = hello.missing.saturating_sub(bytes);
            if hello.missing == 0 {
                self.hello = None;
            }
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_alive(cx)?;
        let before = buf.filled().len();
        let read = match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_read(cx, buf),
            Io::Tls(io, _) => Pin::new(io).poll_read(cx, buf),
            Io::Memory(io) => Pin::new(io).poll_read(cx, buf),
        };
        self.heard(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_alive(cx)?;
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_write(cx, buf),
            Io::Tls(io, _) => Pin::new(io).poll_write(cx, buf),
            Io::Memory(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_flush(cx),
            Io::Tls(io, _) => Pin::new(io).poll_flush(cx),
            Io::Memory(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_shutdown(cx),
            Io::Tls(io, _) => Pin::new(io).poll_shutdown(cx),
            Io::Memory(io) => Pin::new(io).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_alive(cx)?;
        match &mut self.io {
            Io::Tcp(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Io::Tls(io, _) => Pin::new(io).poll_write_vectored(cx, bufs),
            Io::Memory(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Tcp(io) => io.is_write_vectored(),
            Io::Tls(io, _) => io.is_write_vectored(),
            Io::Memory(io) => io.is_write_vectored(),
        }
    }
}
