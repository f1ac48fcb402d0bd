//! What a router tells about its work.

use std::time::Duration;

use hark_core::instruments;
use hark_core::outcome::Outcome;
use hark_runtime::telemetry;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram};

/// A router's instruments.
#[derive(Debug, Clone)]
pub(crate) struct Metrics {
    handled: Counter<u64>,
    understand: Histogram<f64>,
    act: Histogram<f64>,
    devices: Counter<u64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            handled: telemetry::counter(&instruments::INTENT_HANDLED),
            understand: telemetry::histogram(&instruments::INTENT_UNDERSTAND),
            act: telemetry::histogram(&instruments::INTENT_ACT),
            devices: telemetry::counter(&instruments::DEVICE_COMMANDS),
        }
    }

    pub(crate) fn handled(&self, intent: Option<&str>, outcome: Outcome, replayed: bool) {
        let labels = [
            KeyValue::new("intent", intent.unwrap_or("none").to_owned()),
            KeyValue::new("outcome", outcome.as_str()),
            KeyValue::new("replayed", replayed),
        ];
        self.handled.add(1, &labels);
    }

    pub(crate) fn timed(&self, understand: Duration, act: Duration) {
        self.understand.record(understand.as_secs_f64(), &[]);
        self.act.record(act.as_secs_f64(), &[]);
    }

    pub(crate) fn command(&self, ok: bool) {
        self.devices.add(1, &[KeyValue::new("ok", ok)]);
    }
}
