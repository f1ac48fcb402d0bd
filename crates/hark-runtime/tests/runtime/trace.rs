//! Trace context goes with a call.

use std::sync::OnceLock;

use hark_runtime::telemetry::{Config, Telemetry};
use opentelemetry::trace::TraceContextExt as _;
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
        Telemetry::start(&quiet, "hark-test").unwrap()
    });
}

#[tokio::test]
async fn a_callee_is_in_its_callers_trace_even_where_nothing_is_logged() {
    telemetry();
    let house = House::open(config()).await;
    let (inside, in_memory) = House::in_memory(config());
    for channel in [house.channel(), in_memory] {
        let span = tracing::info_span!(target: "hark::test", "caller");
        let ours = span.context().span().span_context().trace_id().to_string();
        let theirs = tell(channel, "trace").instrument(span).await.unwrap();
        assert_eq!(theirs, ours);
        assert_ne!(ours, "00000000000000000000000000000000");
    }
    house.close().await.unwrap();
    inside.close().await.unwrap();
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
