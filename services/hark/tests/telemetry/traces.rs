//! A spoken sentence is one trace, from the call to the lamp.

use hark_harness::otlp::{Collector, Span};

use crate::support::{SPOKEN, edges, is_whole, say, telling, up_telling};
use crate::util::{Place, Up};

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found = spans.iter().find(|s| s.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

#[test]
fn a_spoken_sentence_is_one_trace_with_the_right_parents() {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    let up = up_telling(&place, &collector.endpoint());
    let trace = say(&place, &up.address);
    let spans = collector.until(|spans| is_whole(spans, &trace));
    let expect = SPOKEN.iter().map(|s| (*s).to_owned()).collect();
    assert_eq!(edges(&spans, &trace), expect);

    let spans: Vec<_> = spans.into_iter().filter(|s| s.trace == trace).collect();
    for span in &spans {
        assert!(!span.is_error, "{span:#?}");
        assert!(span.start <= span.end, "{span:#?}");
        let parent = spans.iter().find(|s| s.id == span.parent);
        let before = parent.is_none_or(|p| p.start <= span.start);
        assert!(before, "{span:#?} began before {parent:#?}");
    }
    for (name, key, value) in [
        (
            "hark.v1.Speech/StreamingRecognize",
            "rpc.system.name",
            "grpc",
        ),
        (
            "hark.v1.Speech/StreamingRecognize",
            "rpc.response.status_code",
            "OK",
        ),
        (
            "hark.v1.Speech/StreamingRecognize",
            "principal",
            "anonymous",
        ),
        ("hark.asr.utterance", "hark.outcome", "done"),
        ("hark.asr.utterance", "hark.utterance.ordinal", "0"),
        ("hark.asr.transcribe", "hark.asr.class", "final"),
        ("hark.intent.handle", "hark.intent.name", "HassTurnOn"),
        ("hark.intent.handle", "hark.intent.replayed", "false"),
        ("hark.device.command", "hark.device.id", "light.hallway"),
    ] {
        let found = named(&spans, name).attributes.get(key);
        assert_eq!(found.map(String::as_str), Some(value), "{name} {key}");
    }
    let stages = ["hark.asr.queue", "hark.asr.encode", "hark.asr.decode"];
    let stages = stages.map(|name| named(&spans, name));
    assert!(stages.windows(2).all(|w| w[0].end == w[1].start));
    up.stop();
}

#[test]
fn senders_say_what_they_are_and_the_collector_gets_its_headers() {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    let mut command = place.up_command(&["--engine", "fake"]);
    telling(&mut command, &collector.endpoint());
    command.env(
        "OTEL_RESOURCE_ATTRIBUTES",
        "deployment.environment.name=flat",
    );
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "x-house=number%2012");
    let up = Up::start(command);
    let sentence = ["text", "turn on the light in the hallway", "--lang", "en"];
    place
        .run(&[&sentence[..], &["--server", &up.address]].concat())
        .done();
    collector.until(|spans| spans.iter().any(|s| s.name == "hark.device.command"));
    collector.until_metric("hark.intent.handled");
    let resources = collector.resources();
    for (key, value) in [
        ("service.name", "hark"),
        ("service.version", env!("CARGO_PKG_VERSION")),
        ("hark.home", "home"),
        ("deployment.environment.name", "flat"),
    ] {
        let pair = (key.to_owned(), value.to_owned());
        assert!(
            resources.contains(&pair),
            "{pair:?} is not in {resources:?}"
        );
    }
    assert!(
        resources
            .iter()
            .any(|(key, _)| key == "service.instance.id")
    );
    let header = ("x-house".to_owned(), "number 12".to_owned());
    assert!(collector.headers().contains(&header));
    up.stop();
}

#[test]
fn what_fails_is_marked_and_what_a_caller_did_wrong_is_not() {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    let up = up_telling(&place, &collector.endpoint());
    let wrong = [
        "text",
        "x",
        "--lang",
        "fr",
        "--json",
        "--server",
        &up.address,
    ];
    place.run(&wrong).failed(1, &["fr"]);
    let is_handle = |s: &Span| s.name == "hark.internal.v1.Intents/Handle";
    let server = "hark.v1.Speech/Converse";
    let spans = collector.until(|spans| {
        spans.iter().filter(|s| is_handle(s)).count() == 2 && spans.iter().any(|s| s.name == server)
    });
    assert_eq!(
        named(&spans, server).attributes["rpc.response.status_code"],
        "INVALID_ARGUMENT"
    );
    assert!(!named(&spans, server).is_error);
    for span in spans.iter().filter(|s| is_handle(s)) {
        assert_eq!(span.is_error, span.kind == "client", "{span:#?}");
    }
    assert!(named(&spans, "hark.intent.handle").is_error);
    up.stop();
}

#[test]
fn a_part_of_all_traces_can_be_kept_and_a_person_still_sees_their_own() {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    let mut command = place.up_command(&["--engine", "fake"]);
    telling(&mut command, &collector.endpoint());
    command.env("OTEL_TRACES_SAMPLER", "parentbased_always_off");
    let up = Up::start(command);
    // `hark devices` begins no trace, so the sampler decides; `hark text` does.
    let server = ["--server", &up.address];
    place.run(&[&["devices"][..], &server].concat()).done();
    let text = ["text", "turn on the light in the hallway", "--lang", "en"];
    place.run(&[&text[..], &server].concat()).done();
    let spans = collector.until(|spans| spans.iter().any(|s| s.name == "hark.device.command"));
    assert!(
        spans.iter().all(|s| !s.name.contains("ListDevices")),
        "{spans:#?}"
    );
    up.stop();
    assert!(
        collector
            .spans()
            .iter()
            .all(|s| !s.name.contains("ListDevices"))
    );
}
