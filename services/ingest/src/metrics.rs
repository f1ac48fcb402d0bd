//! What is measured: utterances by outcome, streams, and how long each stage takes.

use std::time::Duration;

use hark_core::endpointing::EndReason;
use hark_core::instruments;
use hark_runtime::telemetry;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};

use crate::answer::Answer;

/// The instruments `hark.asr.*`. There is no convention for speech recognition to follow.
pub(crate) struct Metrics {
    utterances: Counter<u64>,
    ends: Counter<u64>,
    streams: UpDownCounter<i64>,
    stages: Histogram<f64>,
    speech: Histogram<f64>,
}

/// Counts a stream while it lives.
pub(crate) struct OpenStream(UpDownCounter<i64>);

impl Metrics {
    pub(crate) fn new() -> Self {
        Self {
            utterances: telemetry::counter(&instruments::ASR_UTTERANCES),
            ends: telemetry::counter(&instruments::ASR_ENDPOINTS),
            streams: telemetry::up_down_counter(&instruments::ASR_STREAMS),
            stages: telemetry::histogram(&instruments::ASR_STAGE_DURATION),
            speech: telemetry::histogram(&instruments::ASR_SPEECH_DURATION),
        }
    }

    /// A stream opened; it is counted until the result is dropped.
    pub(crate) fn stream(&self) -> OpenStream {
        self.streams.add(1, &[]);
        OpenStream(self.streams.clone())
    }

    /// An utterance ended.
    pub(crate) fn ended(&self, reason: EndReason, speech: Duration) {
        self.ends
            .add(1, &[KeyValue::new("reason", reason.as_str())]);
        self.speech.record(speech.as_secs_f64(), &[]);
    }

    /// An utterance was answered.
    pub(crate) fn answered(&self, answer: &Answer) {
        let outcome = answer.outcome.as_ref().map(|o| o.outcome.as_str());
        let outcome = outcome.unwrap_or("words_only");
        self.utterances.add(1, &[KeyValue::new("outcome", outcome)]);
        let t = &answer.timings;
        for (stage, took) in [
            ("queue", t.queue),
            ("encode", t.encode),
            ("decode", t.decode),
            ("intent", t.intent),
            ("action", t.action),
            ("total", t.total),
        ] {
            if let Some(took) = took {
                let stage = [KeyValue::new("stage", stage)];
                self.stages.record(took.as_secs_f64(), &stage);
            }
        }
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.add(-1, &[]);
    }
}
