//! What a server tells about its calls and connections.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use hark_core::instruments;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, UpDownCounter};
use tonic::Code;
use tracing::Span;

use crate::{telemetry, trace};

/// The instruments, shared by the servers of a process.
#[derive(Debug)]
pub(crate) struct Metrics {
    duration: Histogram<f64>,
    connections: UpDownCounter<i64>,
    rejected: Counter<u64>,
    certificate: Gauge<u64>,
}

impl Metrics {
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: LazyLock<Arc<Metrics>> = LazyLock::new(|| Arc::new(Metrics::new()));
        Arc::clone(&SHARED)
    }

    fn new() -> Self {
        Self {
            duration: telemetry::histogram(&instruments::RPC_SERVER_CALL_DURATION),
            connections: telemetry::up_down_counter(&instruments::SERVER_CONNECTIONS),
            rejected: telemetry::counter(&instruments::SERVER_CONNECTIONS_REJECTED),
            certificate: telemetry::gauge(&instruments::SERVER_CERTIFICATE_REMAINING),
        }
    }

    pub(super) fn connections(&self, change: i64) {
        self.connections.add(change, &[]);
    }

    /// How long a server's certificate still counts.
    pub(super) fn certificate(&self, remaining: Duration) {
        self.certificate.record(remaining.as_secs(), &[]);
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
    span: Span,
    start: Instant,
    is_recorded: bool,
}

impl Call {
    pub(super) fn start(method: &'static str) -> Self {
        Self {
            metrics: Metrics::shared(),
            method,
            span: Span::none(),
            start: Instant::now(),
            is_recorded: false,
        }
    }

    /// The call is let in: `span` stands for it until it ends.
    pub(super) fn within(&mut self, span: Span) {
        self.span = span;
    }

    /// What stands for the call in traces.
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    pub(super) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.is_recorded, true) {
            return;
        }
        let labels = [
            KeyValue::new("rpc.system.name", "grpc"),
            KeyValue::new("rpc.method", self.method),
            KeyValue::new("rpc.response.status_code", trace::code_name(code)),
        ];
        self.metrics
            .duration
            .record(self.start.elapsed().as_secs_f64(), &labels);
        trace::server_ended(&self.span, code);
        self.span = Span::none();
    }
}

impl Drop for Call {
    /// A call that nobody waited for was cancelled.
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}
