//! What commands do when nobody reads what they print, and when somebody has seen enough:
//! they end, quietly and well. A house goes on being served.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use util::{Ended, Place, Running, clip};

/// Runs a command whose stdout nobody reads.
fn unread(mut command: Command) -> Ended {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Ended::with(command.stdout(writer).stderr(Stdio::piped()))
}

#[track_caller]
fn ends_quietly(command: Command) {
    let ended = unread(command);
    assert_eq!((ended.code, &*ended.stderr), (0, ""), "{ended:?}");
}

#[test]
fn without_a_reader_commands_end_quietly() {
    let place = Place::new();
    let file = clip("de-hallway-on");
    for args in [
        &["--help"][..],
        &["--version"],
        &["up", "--help"],
        &["config", "print"],
        &["config", "schema"],
        &["config", "check"],
        &["completions", "bash"],
        &["man"],
        &["transcribe", file.to_str().unwrap(), "--lang", "de"],
    ] {
        ends_quietly(place.hark(args));
    }
}

#[test]
fn without_a_reader_questions_to_a_house_end_quietly() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    for args in [
        &["areas"][..],
        &["devices"],
        &["devices", "--json"],
        &["devices", "--watch"],
        &["timers", "--watch", "--json"],
        &["nodes", "--watch"],
        &["status"],
        &["text", "turn on the light in the hallway", "--lang", "en"],
    ] {
        let server = ["--server", &up.address];
        ends_quietly(place.hark(&[args, &server].concat()));
    }
}

#[test]
fn a_watch_ends_when_its_reader_does() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    let args = ["devices", "--watch", "--server", &up.address];
    let mut watch = place.hark(&args);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut reader = BufReader::new(watch.stdout.take().unwrap());
    reader.read_line(&mut line).unwrap();
    drop(reader);
    // Nothing changes in the house: it is the pipe that tells.
    assert_eq!(util::bounded(watch).code(), Some(0));
}

#[test]
fn ctrl_c_is_a_good_end_of_a_watch() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    let place = &place;
    for what in ["devices", "timers"] {
        let args = [what, "--watch", "--json", "--server", &up.address];
        let watch = Running::start(place.hark(&args));
        if what == "timers" {
            let set = ["text", "set a timer for ten minutes", "--lang", "en"];
            place
                .run(&[&set[..], &["--server", &up.address]].concat())
                .done();
        }
        watch.line();
        watch.signal(Signal::SIGINT);
        assert_eq!(watch.wait().code(), Some(0), "{what}");
    }
}

#[test]
fn a_house_is_served_whether_somebody_reads_its_log_or_not() {
    let place = Place::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut up = place.up_command(&["--engine", "fake", "--ready-file", "ready.json"]);
    up.stdout(writer.try_clone().unwrap()).stderr(writer);
    let up = util::Killed(up.spawn().unwrap());
    let ready = place.path().join("ready.json");
    util::until(|| ready.exists());
    let ready: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(ready).unwrap()).unwrap();
    let server = ready["address"].as_str().unwrap();
    for sentence in ["turn on the kitchen light", "gibberish"] {
        let said = place.run(&["text", sentence, "--lang", "en", "--server", server]);
        assert!([0, 2].contains(&said.code), "{said:?}");
    }
    place.run(&["status", "--server", server]).done();
    drop(up);
}
