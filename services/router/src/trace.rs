//! The spans of a sentence. docs/traces.md names them and what they say.

use hark_core::device::Command;
use hark_proto::Error;
use hark_runtime::{telemetry, trace};
use tracing::Span;

use crate::handle::{Asked, Handled};

/// A span for a sentence.
pub(crate) fn span(asked: &Asked) -> Span {
    tracing::info_span!(
        "hark.intent.handle",
        hark.session.id = %asked.session,
        hark.utterance.ordinal = asked.ordinal.0,
        hark.asr.language = %asked.language,
    )
}

/// What came of it.
pub(crate) fn handled(span: &Span, asked: &Asked, handled: &Result<Handled, Error>) {
    if let Some(text) = telemetry::spoken(&asked.text) {
        trace::note(span, "hark.intent.text", text);
    }
    let outcome = match handled {
        Ok(handled) => &handled.outcome,
        Err(error) => return trace::failed(span, error.code().reason()),
    };
    if let Some(intent) = &outcome.intent {
        trace::note(span, "hark.intent.name", intent.name.clone());
    }
    trace::note(span, "hark.outcome", outcome.outcome.as_str());
    trace::note(span, "hark.intent.replayed", outcome.replayed);
}

/// A span for finding out what the words mean.
pub(crate) fn matching() -> Span {
    tracing::info_span!("hark.intent.match")
}

/// A span for something that the ledger does.
pub(crate) fn ledger(step: &'static str) -> Span {
    tracing::info_span!("hark.ledger", otel.name = step)
}

/// A span for telling a device what to be.
pub(crate) fn command(command: &Command) -> Span {
    tracing::info_span!("hark.device.command", hark.device.id = %command.device)
}

/// That something failed, by the code of its error.
pub(crate) fn failed_if<T>(span: &Span, result: &Result<T, Error>) {
    if let Err(error) = result {
        trace::failed(span, error.code().reason());
    }
}
