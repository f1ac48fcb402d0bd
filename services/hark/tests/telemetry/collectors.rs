//! Collectors that are gone, hang, are slow or come late: the house works all the same,
//! and ends in time.

use std::path::Path;
use std::time::{Duration, Instant};

use hark_harness::otlp::{Collector, Hole, Options};
use hark_harness::ports;
use hark_harness::tls::Tls;

use crate::support::{is_whole, say, telling, up_telling};
use crate::util::{Ended, Place, Up};

/// Three seconds for the collector; the rest is for a slow machine.
const END_WITHIN: Duration = Duration::from_secs(20);

#[test]
fn a_collector_that_is_no_use_keeps_nothing_from_working_or_ending() {
    let hole = Hole::open().unwrap();
    let slow = Collector::start_as(&Options {
        pause: Duration::from_secs(3_600),
        ..Options::default()
    })
    .unwrap();
    let nobody = format!("http://{}", ports::free());
    for endpoint in [nobody, hole.endpoint().unwrap(), slow.endpoint()] {
        let place = Place::new();
        let up = up_telling(&place, &endpoint);
        for _ in 0..3 {
            say(&place, &up.address);
        }
        let begin = Instant::now();
        up.stop();
        let took = begin.elapsed();
        assert!(took < END_WITHIN, "{endpoint}: ended after {took:?}");
    }
}

#[test]
fn a_collector_that_comes_late_gets_what_happens_then() {
    let address = ports::free();
    let place = Place::new();
    let up = up_telling(&place, &format!("http://{address}"));
    say(&place, &up.address);
    let collector = Collector::start_as(&Options {
        address: Some(address),
        ..Options::default()
    })
    .unwrap();
    // The sender may still be waiting to try again with what was said before.
    let mut heard = false;
    for _ in 0..100 {
        let trace = say(&place, &up.address);
        collector.until_metric("hark.asr.utterances");
        heard = is_whole(&collector.spans(), &trace);
        if heard {
            break;
        }
    }
    assert!(heard, "{:#?}", collector.spans());
    up.stop();
}

#[test]
fn certificates_are_checked_and_shown() {
    let place = Place::new();
    let address = ports::free();
    let tls = Tls::create(place.path(), address.ip()).unwrap();
    let collector = Collector::start_as(&Options {
        address: Some(address),
        tls: Some(tls.clone()),
        ..Options::default()
    })
    .unwrap();
    let text = ["text", "turn on the light in the hallway", "--lang", "en"];
    let sent = |ca: &Path, client: bool| {
        let mut command = place.up_command(&["--engine", "fake"]);
        telling(&mut command, &collector.endpoint());
        command.env("OTEL_EXPORTER_OTLP_CERTIFICATE", ca);
        if client {
            command.env("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &tls.client.cert);
            command.env("OTEL_EXPORTER_OTLP_CLIENT_KEY", &tls.client.key);
        }
        let before = collector.spans().len();
        let up = Up::start(command);
        place
            .run(&[&text[..], &["--server", &up.address]].concat())
            .done();
        up.stop();
        collector.spans().len() > before
    };
    assert!(
        !sent(&tls.other_ca, true),
        "the collector is not who it should be"
    );
    assert!(!sent(&tls.ca, false), "the sender shows nothing");
    assert!(sent(&tls.ca, true));
}

#[test]
fn what_is_left_is_sent_at_the_end() {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    let mut command = place.up_command(&["--engine", "fake"]);
    telling(&mut command, &collector.endpoint());
    command.env("OTEL_BSP_SCHEDULE_DELAY", "600000");
    command.env("OTEL_METRIC_EXPORT_INTERVAL", "600000");
    let up = Up::start(command);
    let text = ["text", "turn on the light in the hallway", "--lang", "en"];
    place
        .run(&[&text[..], &["--server", &up.address]].concat())
        .done();
    up.stop();
    assert!(
        collector
            .spans()
            .iter()
            .any(|s| s.name == "hark.device.command")
    );
    assert!(collector.metrics().contains("hark.device.commands"));
}

#[test]
fn a_variable_that_makes_no_sense_keeps_it_from_starting() {
    let place = Place::new();
    for (name, value) in [
        ("OTEL_TRACES_SAMPLER", "some_of_them"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/ca.pem"),
    ] {
        let mut command = place.up_command(&["--engine", "fake"]);
        telling(&mut command, "https://127.0.0.1:1");
        command.env(name, value);
        let named = match name {
            "OTEL_EXPORTER_OTLP_CERTIFICATE" => value,
            name => name,
        };
        Ended::of(command).failed(1, &[named]);
    }
}

#[test]
fn a_malformed_variable_is_nobodys_concern_where_nothing_is_sent() {
    let place = Place::new();
    let mut command = place.up_command(&["--engine", "fake"]);
    telling(&mut command, "http://127.0.0.1:1");
    command.env("OTEL_TRACES_SAMPLER", "some_of_them");
    command.env("OTEL_SDK_DISABLED", "true");
    Up::start(command).stop();
}
