//! The body of an answer, which ends at its deadline and tells how the call ended.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;
use tonic::body::Body;
use tonic::{Code, Status};

use super::metrics::Call;
use crate::deadline::Deadline;

/// A body with a deadline and a measurement.
#[derive(Debug)]
pub(super) struct Watched {
    inner: Body,
    deadline: Option<Pin<Box<Sleep>>>,
    call: Call,
    has_ended: bool,
}

impl Watched {
    pub(super) fn new(inner: Body, deadline: Option<Deadline>, call: Call) -> Self {
        Self {
            inner,
            deadline: deadline.map(|d| Box::pin(tokio::time::sleep_until(d.0))),
            call,
            has_ended: false,
        }
    }

    /// The answer that a passed deadline gives in place of the rest.
    fn expire(&mut self) -> Frame<<Body as http_body::Body>::Data> {
        self.has_ended = true;
        self.call.end(Code::DeadlineExceeded);
        let mut trailers = HeaderMap::new();
        let status = Status::deadline_exceeded("the deadline passed");
        status
            .add_header(&mut trailers)
            .expect("a fixed message is a valid header");
        Frame::trailers(trailers)
    }
}

/// The code that headers or trailers tell.
pub(super) fn code(headers: &HeaderMap) -> Option<Code> {
    headers
        .get(Status::GRPC_STATUS)
        .map(|v| Code::from_bytes(v.as_bytes()))
}

impl http_body::Body for Watched {
    type Data = <Body as http_body::Body>::Data;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        if self.has_ended {
            return Poll::Ready(None);
        }
        // What a stream does while it is read belongs to its call.
        let span = self.call.span().clone();
        let _within = span.enter();
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        match &frame {
            Poll::Pending => {
                let expired = |d: &mut Pin<Box<Sleep>>| d.as_mut().poll(cx).is_ready();
                if self.deadline.as_mut().is_some_and(expired) {
                    return Poll::Ready(Some(Ok(self.expire())));
                }
            }
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    self.call.end(code);
                }
            }
            Poll::Ready(Some(Err(status))) => self.call.end(status.code()),
            Poll::Ready(None) => self.call.end(Code::Ok),
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
