//! The body of an answer, which ends at its deadline, or soon after its caller may go on no
//! more, and tells how the call ended.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::HeaderMap;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;
use tonic::body::Body;
use tonic::{Code, Status};

use super::metrics::Call;
use crate::auth::{Authenticator, Standing};
use crate::deadline::Deadline;

/// How often it is asked whether a stream's caller may still go on.
const CHECK: Duration = Duration::from_millis(500);

/// A body with a deadline and a measurement.
#[derive(Debug)]
pub(super) struct Watched {
    inner: Body,
    deadline: Option<Pin<Box<Sleep>>>,
    call: Call,
    standing: Option<Recheck>,
    has_ended: bool,
}

/// Asks again and again whether what proved who the caller is still counts.
#[derive(Debug)]
struct Recheck {
    auth: Authenticator,
    standing: Standing,
    next: Pin<Box<Sleep>>,
}

impl Recheck {
    fn poll(&mut self, cx: &mut Context<'_>) -> Result<(), Status> {
        while self.next.as_mut().poll(cx).is_ready() {
            self.auth.check(&self.standing)?;
            let next = tokio::time::Instant::now() + CHECK;
            self.next.as_mut().reset(next);
        }
        Ok(())
    }
}

impl Watched {
    pub(super) fn new(
        inner: Body,
        deadline: Option<Deadline>,
        call: Call,
        standing: Option<(Authenticator, Standing)>,
    ) -> Self {
        let recheck = |(auth, standing)| Recheck {
            auth,
            standing,
            next: Box::pin(tokio::time::sleep(CHECK)),
        };
        Self {
            inner,
            standing: standing.map(recheck),
            deadline: deadline.map(|d| Box::pin(tokio::time::sleep_until(d.0))),
            call,
            has_ended: false,
        }
    }

    /// What is answered in place of the rest.
    fn break_off(&mut self, status: &Status) -> Frame<<Body as http_body::Body>::Data> {
        self.has_ended = true;
        self.call.end(status.code());
        let mut trailers = HeaderMap::new();
        status
            .add_header(&mut trailers)
            .expect("our own messages are valid headers");
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
        if let Some(Err(status)) = self.standing.as_mut().map(|s| s.poll(cx)) {
            return Poll::Ready(Some(Ok(self.break_off(&status))));
        }
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        match &frame {
            Poll::Pending => {
                let expired = |d: &mut Pin<Box<Sleep>>| d.as_mut().poll(cx).is_ready();
                if self.deadline.as_mut().is_some_and(expired) {
                    let status = Status::deadline_exceeded("the deadline passed");
                    return Poll::Ready(Some(Ok(self.break_off(&status))));
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
