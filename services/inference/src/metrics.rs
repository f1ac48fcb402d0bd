//! What a worker tells about its work.

use std::time::Duration;

use hark_core::instruments;
use hark_core::queue::WorkClass;
use hark_runtime::telemetry;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram};

use crate::worker::WorkerError;

/// A worker's instruments.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    requests: Counter<u64>,
    queue_length: Gauge<u64>,
    queue_wait: Histogram<f64>,
    encode: Histogram<f64>,
    decode: Histogram<f64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            requests: telemetry::counter(&instruments::ASR_REQUESTS),
            queue_length: telemetry::gauge(&instruments::ASR_QUEUE_LENGTH),
            queue_wait: telemetry::histogram(&instruments::ASR_QUEUE_WAIT),
            encode: telemetry::histogram(&instruments::ASR_ENCODE),
            decode: telemetry::histogram(&instruments::ASR_DECODE),
        }
    }

    pub(crate) fn queue_length(&self, length: usize) {
        self.queue_length.record(length as u64, &[]);
    }

    pub(crate) fn refused(&self, class: WorkClass) {
        self.count(class, "overloaded");
    }

    pub(crate) fn finished(&self, class: WorkClass, error: Option<&WorkerError>) {
        self.count(class, error.map_or("ok", WorkerError::as_str));
    }

    pub(crate) fn timed(&self, wait: Duration, timings: hark_core::engine::Timings) {
        self.queue_wait.record(wait.as_secs_f64(), &[]);
        self.encode.record(timings.encode.as_secs_f64(), &[]);
        self.decode.record(timings.decode.as_secs_f64(), &[]);
    }

    /// Counts a process of an engine.
    pub(crate) fn engine_started(engine: &'static str) {
        let starts = telemetry::counter(&instruments::ASR_ENGINE_STARTS);
        starts.add(1, &[KeyValue::new("engine", engine)]);
    }

    fn count(&self, class: WorkClass, outcome: &'static str) {
        let labels = [
            KeyValue::new("class", class.as_str()),
            KeyValue::new("outcome", outcome),
        ];
        self.requests.add(1, &labels);
    }
}
