//! A Hark that tells a collector everything at once, and trees of spans.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Command;

use hark_harness::otlp::Span;

use crate::util::{Place, Up, clip};

pub const FLUR: &str = "Schalte das Licht im Flur ein";

/// Makes a process send to `endpoint` without waiting for more.
pub fn telling(command: &mut Command, endpoint: &str) {
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        .env("OTEL_BSP_SCHEDULE_DELAY", "50")
        .env("OTEL_METRIC_EXPORT_INTERVAL", "200");
}

/// `hark up` that hears [`FLUR`], whatever is said, and tells a collector.
pub fn up_telling(place: &Place, endpoint: &str) -> Up {
    let mut command = place.up_command(&["--engine", "fake", "--ready-file", "ready.json"]);
    command.env("HARK__INFERENCE__FAKE_TRANSCRIPT", FLUR);
    telling(&mut command, endpoint);
    Up::start(command)
}

/// Speaks to it; gives the id of the trace.
pub fn say(place: &Place, address: &str) -> String {
    let file = clip("de-hallway-on");
    let args = ["say", file.to_str().unwrap(), "--lang", "de", "--json"];
    let said = place.run(&[&args[..], &["--server", address]].concat());
    let heard = said.done().object();
    assert_eq!(heard["outcome"], "done", "{heard}");
    heard["trace_id"].as_str().unwrap().to_owned()
}

/// Where metrics are, of a `hark up` with `ready.json`.
pub fn admin(place: &Place) -> SocketAddr {
    let text = std::fs::read_to_string(place.path().join("ready.json")).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&text).unwrap();
    ready["admin"].as_str().unwrap().parse().unwrap()
}

/// Each span of a trace as `parent > child`; what has no parent here is under `-`.
pub fn edges(spans: &[Span], trace: &str) -> BTreeSet<String> {
    let within: Vec<_> = spans.iter().filter(|s| s.trace == trace).collect();
    let name = |span: &Span| match span.kind {
        "internal" => span.name.clone(),
        kind => format!("{kind} {}", span.name),
    };
    let edge = |span: &&Span| {
        let parent = within.iter().find(|s| s.id == span.parent);
        let parent = parent.map_or("-".to_owned(), |s| name(s));
        format!("{parent} > {}", name(span))
    };
    within.iter().map(edge).collect()
}

/// What one spoken sentence that switches a lamp on is made of.
pub const SPOKEN: [&str; 17] = [
    "- > server hark.v1.Speech/StreamingRecognize",
    "server hark.v1.Speech/StreamingRecognize > hark.asr.session",
    "hark.asr.session > hark.asr.utterance",
    "hark.asr.utterance > hark.asr.endpoint",
    "hark.asr.utterance > client hark.internal.v1.Inference/Transcribe",
    "client hark.internal.v1.Inference/Transcribe > server hark.internal.v1.Inference/Transcribe",
    "server hark.internal.v1.Inference/Transcribe > hark.asr.transcribe",
    "hark.asr.transcribe > hark.asr.queue",
    "hark.asr.transcribe > hark.asr.encode",
    "hark.asr.transcribe > hark.asr.decode",
    "hark.asr.utterance > client hark.internal.v1.Intents/Handle",
    "client hark.internal.v1.Intents/Handle > server hark.internal.v1.Intents/Handle",
    "server hark.internal.v1.Intents/Handle > hark.intent.handle",
    "hark.intent.handle > hark.ledger.find",
    "hark.intent.handle > hark.intent.match",
    "hark.intent.handle > hark.ledger.claim",
    "hark.intent.handle > hark.device.command",
];

/// Whether a trace has at least what a spoken sentence is made of.
pub fn is_whole(spans: &[Span], trace: &str) -> bool {
    let edges = edges(spans, trace);
    SPOKEN.iter().all(|edge| edges.contains(*edge))
}
