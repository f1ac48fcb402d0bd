//! Trace context goes with a call.

use std::sync::OnceLock;

use hark_runtime::telemetry::{Config, Export, Identity, Telemetry};
use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tonic::Request;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::support::{House, config, tell, tell_with};

/// Telemetry belongs to a process, and tests share theirs.
fn telemetry() {
    static TELEMETRY: OnceLock<Telemetry> = OnceLock::new();
    TELEMETRY.get_or_init(|| {
        let quiet = Config {
            filter: "off".to_owned(),
        };
        let identity = Identity {
            service: "hark-test",
            home: None,
        };
        Telemetry::start(&quiet, &Export::default(), &identity).unwrap()
    });
}

#[tokio::test]
async fn a_callee_is_in_its_callers_trace_even_where_nothing_is_logged() {
    telemetry();
    let house = House::open(config()).await;
    let (inside, in_memory) = House::in_memory(config());
    for channel in [house.channel(), in_memory] {
        let span = tracing::info_span!(target: "hark::test", "caller");
        span.set_parent(a_sampled_trace()).unwrap();
        let ours = span.context().span().span_context().trace_id().to_string();
        let theirs = tell(channel, "trace").instrument(span).await.unwrap();
        assert_eq!(theirs, ours);
        assert_ne!(ours, "00000000000000000000000000000000");
    }
    house.close().await.unwrap();
    inside.close().await.unwrap();
}

/// What a caller far away tells.
fn a_sampled_trace() -> opentelemetry::Context {
    let (trace, span) = (TraceId::from_bytes([7; 16]), SpanId::from_bytes([7; 8]));
    let (flags, state) = (TraceFlags::SAMPLED, TraceState::default());
    let far = SpanContext::new(trace, span, flags, true, state);
    opentelemetry::Context::new().with_remote_span_context(far)
}

#[tokio::test]
async fn the_trace_of_a_foreign_caller_is_taken_up() {
    telemetry();
    let house = House::open(config()).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for (header, expect) in [
        (format!("00-{trace}-00f067aa0ba902b7-01"), true),
        ("00-nonsense-01".to_owned(), false),
    ] {
        let mut request = Request::new("trace");
        request
            .metadata_mut()
            .insert("traceparent", header.parse().unwrap());
        let got = tell_with(house.channel(), request).await.unwrap();
        assert_eq!(got == trace, expect, "{header}: {got}");
    }
    house.close().await.unwrap();
}
