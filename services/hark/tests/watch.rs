//! Following a house while it changes, and while it ends.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use nix::sys::signal::Signal;
use serde_json::Value;
use util::{Place, Running, Up, clip, device};

fn watch(place: &Place, up: &Up, what: &str) -> Running {
    Running::start(place.hark(&[what, "--watch", "--json", "--server", &up.address]))
}

fn text(place: &Place, up: &Up, sentence: &str) {
    let args = ["text", sentence, "--lang", "en", "--server", &up.address];
    place.run(&args).done();
}

#[test]
fn a_change_of_a_device_is_seen() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    let watch = watch(&place, &up, "devices");
    let hallway =
        |d: &Value, state: &str| d["id"] == "light.hallway" && d["state"]["state"] == state;
    let before = watch.until(|d| hallway(d, "off"));
    text(&place, &up, "turn on the light in the hallway");
    let after = watch.until(|d| hallway(d, "on"));
    assert!(after["revision"].as_i64() > before["revision"].as_i64());
}

#[test]
fn a_timer_that_is_set_is_seen() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    let watch = watch(&place, &up, "timers");
    text(&place, &up, "set a timer for ten minutes");
    watch.until(|t| t["duration_ms"] == 600_000.0);
}

#[test]
fn the_end_of_the_server_is_the_end_of_the_watch() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    let watch = watch(&place, &up, "devices");
    watch.line();
    up.stop();
    assert_eq!(watch.wait().code(), Some(1));
}

#[test]
fn a_sentence_that_is_being_spoken_is_finished_before_the_end() {
    let place = Place::new();
    let up = place.up(&[]);
    let file = clip("de-hallway-on");
    let say = [
        "say",
        file.to_str().unwrap(),
        "--realtime",
        "--lang",
        "de",
        "--json",
    ];
    let say = Running::start(place.hark(&[&say[..], &["--server", &up.address]].concat()));
    let status = ["status", "--json", "--server", &up.address];
    while place.run(&status).object()["open_streams"] == 0 {}
    up.process.signal(Signal::SIGTERM);

    let heard = say.until(|_| true);
    assert_eq!(heard["outcome"], "done", "{heard}");
    assert_eq!(say.wait().code(), Some(0));
    assert_eq!(up.process.wait().code(), Some(0));

    let up = place.up(&["--engine", "fake"]);
    assert_eq!(device(&place, &up, "light.hallway")["state"]["state"], "on");
}
