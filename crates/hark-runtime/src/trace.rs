//! Spans of calls and of what calls are made of, by OpenTelemetry's conventions for RPC,
//! and trace context in gRPC metadata, by W3C Trace Context (`traceparent`,
//! `tracestate`).

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::KeyValue;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator as _};
use opentelemetry::trace::{Span as _, Status, TraceContextExt as _, Tracer as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tonic::Code;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::telemetry;

/// Calls that are made all the time and say nothing.
const QUIET: [&str; 2] = ["grpc.health.", "grpc.reflection."];

/// A span for a call to `method` (`package.Service/Method`), child of the caller's span if
/// it told one.
pub(crate) fn server_span(method: &'static str, headers: &HeaderMap) -> Span {
    if QUIET.iter().any(|quiet| method.starts_with(quiet)) {
        return Span::none();
    }
    let span = tracing::info_span!(
        "rpc",
        otel.name = method,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = method,
        principal = tracing::field::Empty,
    );
    let nobody = opentelemetry::Context::new();
    let parent = TraceContextPropagator::new().extract_with_context(&nobody, &Incoming(headers));
    // Fails only where nobody collects traces, and nothing is lost there.
    drop(span.set_parent(parent));
    span
}

/// A span for a call that this process makes, child of the current span.
pub(crate) fn client_span(method: &'static str) -> Span {
    tracing::info_span!(
        "call",
        otel.name = method,
        otel.kind = "client",
        rpc.system.name = "grpc",
        rpc.method = method,
    )
}

/// How a call ended, on its server's span. What its caller did wrong is no error of the
/// server's.
pub(crate) fn server_ended(span: &Span, code: Code) {
    let ours = matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    );
    ended(span, code, ours);
}

/// How a call ended, on its caller's span.
pub(crate) fn client_ended(span: &Span, code: Code) {
    ended(span, code, code != Code::Ok);
}

fn ended(span: &Span, code: Code, is_error: bool) {
    let name = code_name(code);
    span.set_attribute("rpc.response.status_code", name);
    if is_error {
        failed(span, name);
    }
}

/// Marks what a span stands for as failed. `kind` is one of few: never a message, which
/// may repeat what somebody said.
pub fn failed(span: &Span, kind: &'static str) {
    span.set_attribute("error.type", kind);
    span.set_status(Status::error(kind));
}

/// Says something about what a span stands for. Never what somebody said, unless
/// [`telemetry::spoken`] gives it.
pub fn note(span: &Span, key: &'static str, value: impl Into<opentelemetry::Value>) {
    span.set_attribute(key, value);
}

/// A part of what `parent` stands for, which is over already.
pub fn stage(
    parent: &Span,
    name: &'static str,
    start: SystemTime,
    took: Duration,
    attributes: Vec<KeyValue>,
) {
    let context = parent.context();
    let is_sampled = context.span().span_context().is_sampled();
    let Some(tracer) = telemetry::tracer().filter(|_| is_sampled) else {
        return;
    };
    let builder = tracer.span_builder(name).with_start_time(start);
    let builder = builder.with_attributes(attributes);
    let mut span = tracer.build_with_context(builder, &context);
    span.end_with_timestamp(start + took);
}

/// Tells a callee a span. One that nobody will ever see is not told: the callee's own
/// sampling decides then.
pub(crate) fn inject(span: &Span, headers: &mut HeaderMap) {
    let context = span.context();
    let is_sampled = context.span().span_context().is_sampled();
    if is_sampled || telemetry::sends_traces() {
        TraceContextPropagator::new().inject_context(&context, &mut Outgoing(headers));
    }
}

/// The name of a code, as gRPC's documentation writes it.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

struct Incoming<'a>(&'a HeaderMap);

impl Extractor for Incoming<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

struct Outgoing<'a>(&'a mut HeaderMap);

impl Injector for Outgoing<'_> {
    fn set(&mut self, key: &str, value: String) {
        // What a propagator writes is always a valid header.
        if let (Ok(key), Ok(value)) = (key.parse::<HeaderName>(), HeaderValue::try_from(value)) {
            self.0.insert(key, value);
        }
    }
}
