//! OTLP messages as tests look at them.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span as PbSpan, span::SpanKind};

/// A span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The process that it is from: its resource's `service.name`.
    pub service: String,
    /// What it stands for.
    pub name: String,
    /// `server`, `client` or `internal`.
    pub kind: &'static str,
    /// Its trace, in hexadecimal.
    pub trace: String,
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its parent's id; empty where it has none.
    pub parent: String,
    /// When it began, in nanoseconds since 1970.
    pub start: u64,
    /// When it ended.
    pub end: u64,
    /// What is said about it.
    pub attributes: BTreeMap<String, String>,
    /// Whether what it stands for failed.
    pub is_error: bool,
}

pub(super) fn spans(
    message: &ExportTraceServiceRequest,
) -> (Vec<Span>, BTreeSet<(String, String)>) {
    let (mut all, mut resources) = (Vec::new(), BTreeSet::new());
    for of_resource in &message.resource_spans {
        let resource = of_resource.resource.as_ref();
        let resource = attributes(resource.map_or(&[], |r| &r.attributes));
        let service = resource.get("service.name").cloned().unwrap_or_default();
        resources.extend(resource);
        let spans = of_resource.scope_spans.iter().flat_map(|s| &s.spans);
        all.extend(spans.map(|span| one(span, &service)));
    }
    (all, resources)
}

pub(super) fn metrics(message: &ExportMetricsServiceRequest) -> BTreeSet<String> {
    let scopes = message
        .resource_metrics
        .iter()
        .flat_map(|r| &r.scope_metrics);
    let metrics = scopes.flat_map(|s| &s.metrics);
    metrics.map(|m| m.name.clone()).collect()
}

fn one(span: &PbSpan, service: &str) -> Span {
    let status = span.status.as_ref().map(|s| s.code);
    Span {
        service: service.to_owned(),
        name: span.name.clone(),
        kind: match span.kind() {
            SpanKind::Server => "server",
            SpanKind::Client => "client",
            _ => "internal",
        },
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        start: span.start_time_unix_nano,
        end: span.end_time_unix_nano,
        attributes: attributes(&span.attributes),
        is_error: status == Some(StatusCode::Error.into()),
    }
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    let value = |value: Option<&AnyValue>| match value.and_then(|v| v.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::BoolValue(truth)) => truth.to_string(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    let pair = |pair: &KeyValue| (pair.key.clone(), value(pair.value.as_ref()));
    pairs.iter().map(pair).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
