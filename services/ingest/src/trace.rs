//! The spans of an utterance. docs/traces.md names them and what they say.

use std::time::SystemTime;

use hark_core::Ordinal;
use hark_proto::Error;
use hark_runtime::{telemetry, trace};
use opentelemetry::KeyValue;
use tracing::Span;

use crate::answer::Answer;
use crate::ear::Spoken;

/// An utterance, from where its speech was noticed to where its answer was sent.
#[derive(Debug)]
pub(crate) struct Utterance {
    span: Span,
    began: SystemTime,
}

impl Utterance {
    /// It begins now, within the current span.
    pub(crate) fn begin(ordinal: Ordinal) -> Self {
        Self {
            span: span(ordinal),
            began: SystemTime::now(),
        }
    }

    /// What stands for it.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Its end was decided now.
    pub(crate) fn ended(&self, spoken: &Spoken) {
        let took = self.began.elapsed().unwrap_or_default();
        let attributes = vec![
            KeyValue::new("hark.asr.endpoint.reason", spoken.reason.as_str()),
            KeyValue::new("hark.asr.speech.duration", spoken.speech.as_secs_f64()),
            KeyValue::new("hark.asr.silence.duration", spoken.silence.as_secs_f64()),
        ];
        trace::stage(
            &self.span,
            "hark.asr.endpoint",
            self.began,
            took,
            attributes,
        );
    }
}

/// A span for an utterance.
pub(crate) fn span(ordinal: Ordinal) -> Span {
    tracing::info_span!("hark.asr.utterance", hark.utterance.ordinal = ordinal.0)
}

/// What an utterance came to.
pub(crate) fn answered(span: &Span, answer: &Result<Answer, Error>) {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return trace::failed(span, error.code().reason()),
    };
    trace::note(span, "hark.asr.language", answer.language.to_string());
    if let Some(outcome) = &answer.outcome {
        trace::note(span, "hark.outcome", outcome.outcome.as_str());
    }
    let transcript = answer.readings.first();
    if let Some(text) = transcript.and_then(|r| telemetry::spoken(&r.transcript)) {
        trace::note(span, "hark.asr.transcript", text);
    }
}
