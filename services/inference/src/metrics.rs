//! What a worker tells about its work.

use std::time::Duration;

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
        let meter = telemetry::meter();
        let seconds = |name: &'static str, what: &'static str| {
            meter
                .f64_histogram(name)
                .with_description(what)
                .with_unit("s")
                .with_boundaries(telemetry::SECONDS.to_vec())
                .build()
        };
        Self {
            requests: meter
                .u64_counter("hark.asr.requests")
                .with_description("Transcriptions asked for, by class and by what came of them.")
                .build(),
            queue_length: meter
                .u64_gauge("hark.asr.queue.length")
                .with_description("Utterances that wait for the engine.")
                .build(),
            queue_wait: seconds("hark.asr.queue.wait", "Waiting for the engine."),
            encode: seconds("hark.asr.encode", "Features and encoder of an utterance."),
            decode: seconds("hark.asr.decode", "Decoder of an utterance."),
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

    fn count(&self, class: WorkClass, outcome: &'static str) {
        let labels = [
            KeyValue::new("class", class.as_str()),
            KeyValue::new("outcome", outcome),
        ];
        self.requests.add(1, &labels);
    }
}
