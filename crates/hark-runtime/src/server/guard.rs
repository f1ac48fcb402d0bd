//! What every call passes: who makes it, whether it may, until when, and how it ended.

use std::collections::HashSet;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use hark_core::access::{self, Verdict};
use http::{HeaderMap, Request, Response};
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument as _;

use super::body::{self, Watched};
use super::metrics::Call;
use crate::auth::{Authenticator, Caller, Peer, Standing};
use crate::deadline::{self, Deadline, Policy};
use crate::tasks::panic_message;
use crate::trace;

/// Puts [`Guard`] around the routes of a server.
#[derive(Debug, Clone)]
pub(super) struct GuardLayer(pub(super) Arc<Rules>);

/// The routes of a server, guarded.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    inner: Routes,
    rules: Arc<Rules>,
}

/// What a server's calls are held to.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) auth: Authenticator,
    pub(super) deadlines: Policy,
    /// Paths of methods that answer with a stream.
    pub(super) streaming: HashSet<String>,
}

impl Layer<Routes> for GuardLayer {
    type Service = Guard;

    fn layer(&self, inner: Routes) -> Guard {
        Guard {
            inner,
            rules: Arc::clone(&self.0),
        }
    }
}

impl Service<Request<Body>> for Guard {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request<Body>>::poll_ready(&mut self.inner, cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = access::declared(request.uri().path()).unwrap_or("/unknown");
        let method = &path[1..];
        let mut call = Call::start(method);
        let admitted = self.rules.admit(&request);
        let Caller {
            principal,
            standing,
        } = match admitted {
            Ok(caller) => caller,
            Err(status) => {
                tracing::debug!(method, code = ?status.code(), "refused a call");
                call.end(status.code());
                return Box::pin(std::future::ready(Ok(status.into_http())));
            }
        };
        let span = trace::server_span(method, request.headers());
        span.record("principal", principal.kind.as_str());
        call.within(span.clone());
        // The moment is taken here, so that our deadline comes before tonic's own, which
        // answers CANCELLED.
        let deadline = self.rules.deadline(path, request.headers());
        request.extensions_mut().insert(principal);
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }
        let watch = Watch {
            deadline,
            call,
            standing: self.rules.watched(path, standing),
        };
        let answer = answer(self.inner.call(request), watch);
        Box::pin(answer.instrument(span))
    }
}

impl Rules {
    /// Who makes a call, if it may be made.
    fn admit(&self, request: &Request<Body>) -> Result<Caller, Status> {
        let peer = request.extensions().get::<Peer>();
        let peer = peer.ok_or_else(|| Status::internal("the connection has no peer"))?;
        let path = request.uri().path();
        let caller = self.auth.identify(peer, request.headers())?;
        match access::check(caller.principal.kind, path) {
            Verdict::Allowed => Ok(caller),
            Verdict::Unknown => Err(Status::unimplemented("there is no such method")),
            Verdict::Denied => {
                let kind = caller.principal.kind.as_str();
                Err(Status::permission_denied(format!(
                    "{path} is not for a caller of kind {kind}"
                )))
            }
        }
    }

    /// What is asked again while a stream goes on.
    fn watched(&self, path: &str, standing: Standing) -> Option<(Authenticator, Standing)> {
        let may_end = self.streaming.contains(path) && standing.may_end();
        may_end.then(|| (self.auth.clone(), standing))
    }

    fn deadline(&self, path: &str, headers: &HeaderMap) -> Option<Deadline> {
        let is_unary = !self.streaming.contains(path);
        let timeout = self.deadlines.timeout(deadline::asked(headers), is_unary);
        timeout.map(Deadline::after)
    }
}

/// What goes along with a call to its end.
struct Watch {
    deadline: Option<Deadline>,
    call: Call,
    standing: Option<(Authenticator, Standing)>,
}

async fn answer(
    response: impl Future<Output = Result<Response<Body>, Infallible>>,
    mut watch: Watch,
) -> Result<Response<Body>, Infallible> {
    let response = AssertUnwindSafe(response).catch_unwind();
    let outcome = match watch.deadline {
        None => Ok(response.await),
        Some(deadline) => tokio::time::timeout_at(deadline.0, response).await,
    };
    let status = match outcome {
        Ok(Ok(Ok(response))) => return Ok(watched(response, watch)),
        Ok(Ok(Err(never))) => match never {},
        Ok(Err(panic)) => {
            tracing::error!(error = panic_message(&*panic), "a call panicked");
            Status::internal("the call failed inside the server")
        }
        Err(_) => Status::deadline_exceeded("the deadline passed"),
    };
    watch.call.end(status.code());
    Ok(status.into_http())
}

fn watched(response: Response<Body>, watch: Watch) -> Response<Body> {
    let Watch {
        deadline,
        mut call,
        standing,
    } = watch;
    match body::code(response.headers()) {
        Some(code) => {
            call.end(code);
            response
        }
        None if !response.status().is_success() => {
            call.end(Code::Unknown);
            response
        }
        None => response.map(|b| Body::new(Watched::new(b, deadline, call, standing))),
    }
}
