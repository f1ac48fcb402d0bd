//! The spans of a transcription. docs/traces.md names them and what they say.

use std::time::SystemTime;

use hark_core::queue::WorkClass;
use hark_runtime::trace;
use opentelemetry::KeyValue;
use tracing::Span;

use crate::worker::{Transcribed, WorkerError};

/// A span for a transcription.
pub(crate) fn span(class: WorkClass, audio_ms: u64, model: &str) -> Span {
    tracing::info_span!(
        "hark.asr.transcribe",
        hark.asr.class = class.as_str(),
        hark.asr.audio.duration_ms = audio_ms,
        hark.asr.model = model,
    )
}

/// What came of it. Its stages follow each other from where it arrived, as the worker and
/// the engine timed them.
pub(crate) fn heard(span: &Span, arrived: SystemTime, heard: &Result<Transcribed, WorkerError>) {
    let heard = match heard {
        Ok(heard) => heard,
        Err(error) => return trace::failed(span, error.as_str()),
    };
    let transcription = &heard.transcription;
    let timings = transcription.timings;
    let tokens = i64::try_from(transcription.tokens.len()).unwrap_or(i64::MAX);
    let decoded = vec![
        KeyValue::new("hark.asr.tokens", tokens),
        KeyValue::new("hark.asr.language", transcription.language.to_string()),
    ];
    let mut start = arrived;
    for (name, took, attributes) in [
        ("hark.asr.queue", heard.queue, Vec::new()),
        ("hark.asr.encode", timings.encode, Vec::new()),
        ("hark.asr.decode", timings.decode, decoded),
    ] {
        trace::stage(span, name, start, took, attributes);
        start += took;
    }
}
