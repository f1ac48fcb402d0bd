//! What a server tells about its calls and connections.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use tonic::Code;

use crate::telemetry;

/// The instruments, shared by the servers of a process.
#[derive(Debug)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    connections: UpDownCounter<i64>,
    rejected: Counter<u64>,
}

impl Metrics {
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: LazyLock<Arc<Metrics>> = LazyLock::new(|| Arc::new(Metrics::new()));
        Arc::clone(&SHARED)
    }

    fn new() -> Self {
        let meter = telemetry::meter();
        Self {
            duration: meter
                .f64_histogram("rpc.server.call.duration")
                .with_description("How long calls took, streams to their end.")
                .with_unit("s")
                .with_boundaries(telemetry::SECONDS.to_vec())
                .build(),
            connections: meter
                .i64_up_down_counter("hark.server.connections")
                .with_description("Connections that are open.")
                .build(),
            rejected: meter
                .u64_counter("hark.server.connections.rejected")
                .with_description("Connections that were closed at once, by the limit reached.")
                .build(),
        }
    }

    pub(super) fn connections(&self, change: i64) {
        self.connections.add(change, &[]);
    }

    pub(super) fn rejected(&self, reason: &'static str) {
        self.rejected.add(1, &[KeyValue::new("reason", reason)]);
    }
}

/// One call's measurement: taken once, at its end or when it is dropped.
#[derive(Debug)]
pub(super) struct Call {
    metrics: Arc<Metrics>,
    method: &'static str,
    start: Instant,
    is_recorded: bool,
}

impl Call {
    pub(super) fn start(method: &'static str) -> Self {
        Self {
            metrics: Metrics::shared(),
            method,
            start: Instant::now(),
            is_recorded: false,
        }
    }

    pub(super) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.is_recorded, true) {
            return;
        }
        let labels = [
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", code_name(code)),
        ];
        self.metrics
            .duration
            .record(self.start.elapsed().as_secs_f64(), &labels);
    }
}

impl Drop for Call {
    /// A call that nobody waited for was cancelled.
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}

/// The name of a code, as gRPC's documentation writes it.
fn code_name(code: Code) -> &'static str {
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
