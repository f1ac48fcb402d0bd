//! `hark up` with whisper.cpp in a process of its own: the house hears on when that process
//! ends, and nothing is left of it when the house's does.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use hark_harness::http;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use util::{Place, Up, clip, device, until};

const HALLWAY: &str = "light.hallway";

fn up(place: &Place) -> Up {
    let mut command = place.up_command(&["--engine", "whisper-cpp", "--ready-file", "ready.json"]);
    // Its threads spin while they wait for each other.
    command.env("HARK__INFERENCE__THREADS", "1");
    Up::start(command)
}

fn say(place: &Place, up: &Up, name: &str) {
    let file = clip(name);
    let args = ["say", file.to_str().unwrap(), "--lang", "de"];
    let heard = place.run(&[&args[..], &["--json", "--server", &up.address]].concat());
    let heard = heard.done().object();
    assert_eq!(heard["transcript"], "Schalte das Licht im Flur ein");
    assert_eq!(device(place, up, HALLWAY)["state"]["state"], "on");
}

/// The engine's process: a child of Hark's.
fn engine(up: &Up) -> Option<Pid> {
    let threads = format!("/proc/{}/task", up.process.pid());
    let threads = std::fs::read_dir(threads).unwrap().flatten();
    let lists = threads.map(|thread| {
        let list = std::fs::read_to_string(thread.path().join("children"));
        list.unwrap_or_default()
    });
    let all = lists.collect::<Vec<_>>().concat();
    let first = all.split_whitespace().next();
    first.map(|id| Pid::from_raw(id.parse().unwrap()))
}

fn runs(id: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[test]
fn the_house_hears_on_when_the_engine_aborts() {
    let place = Place::new();
    let up = up(&place);
    let first = engine(&up).unwrap();
    say(&place, &up, "de-hallway-on");
    let status = place.run(&["status", "--server", &up.address]).done();
    assert!(status.stdout.contains("whisper-cpp"), "{status:?}");

    kill(first, Signal::SIGABRT).unwrap();
    until(|| engine(&up).is_some_and(|id| id != first));
    say(&place, &up, "de-hallway-on");
    let ready = std::fs::read_to_string(place.path().join("ready.json")).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
    let admin = ready["admin"].as_str().unwrap().parse().unwrap();
    let metrics = http::get(admin, "/metrics").unwrap();
    let starts = "hark_asr_engine_starts_total{engine=\"whisper-cpp\"} 2";
    assert!(metrics.contains(starts), "{metrics}");

    let second = engine(&up).unwrap();
    up.stop();
    until(|| !runs(second));
}

#[test]
fn nothing_is_left_after_a_power_cut() {
    let place = Place::new();
    let up = up(&place);
    let id = engine(&up).unwrap();
    assert!(runs(id));
    up.kill();
    until(|| !runs(id));
}

/// What is typed at its terminal, or told to all of a service's processes, ends Hark in
/// order, and the engine with it, not before it.
#[test]
fn the_engine_does_not_end_before_hark() {
    let place = Place::new();
    let up = up(&place);
    let id = engine(&up).unwrap();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        kill(id, signal).unwrap();
    }
    say(&place, &up, "de-hallway-on");
    assert_eq!(engine(&up), Some(id));
    up.stop();
}
