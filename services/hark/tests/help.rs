//! What the program says about itself.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use util::Place;

#[test]
fn help_teaches() {
    let place = Place::new();
    let pages: &[&[&str]] = &[
        &["--help"],
        &["up", "--help"],
        &["say", "--help"],
        &["text", "--help"],
        &["transcribe", "--help"],
        &["devices", "--help"],
        &["areas", "--help"],
        &["timers", "--help"],
        &["speakers", "--help"],
        &["people", "--help"],
        &["certs", "--help"],
        &["status", "--help"],
        &["nodes", "--help"],
        &["drain", "--help"],
        &["config", "--help"],
        &["store", "--help"],
        &["model", "--help"],
        &["demo", "--help"],
        &["completions", "--help"],
        &["man", "--help"],
        &["doctor", "--help"],
        &["bench", "--help"],
        &["eval", "--help"],
    ];
    for page in pages {
        let help = place.run(page).done();
        assert_eq!(help.stderr, "");
        let name = match page.len() {
            1 => "hark",
            _ => page[0],
        };
        insta::assert_snapshot!(format!("help-{name}"), help.stdout);
    }
}

#[test]
fn a_mistake_on_the_command_line_is_an_error_and_not_a_misunderstanding() {
    let place = Place::new();
    for (args, part) in [
        (&["say"][..], "FILE"),
        (&["sing"], "unrecognized subcommand"),
        (&["text", "x", "--lang", "klingonisch"], "BCP-47"),
        (&["text", "x", "--session", "kitchen"], "UUID"),
        (&["up", "--engine", "magic"], "candle, whisper-cpp, fake"),
        (&[], "Usage"),
    ] {
        place.run(args).failed(1, &[part]);
    }
}

#[test]
fn nobody_there_says_what_to_do() {
    let place = Place::new();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    let ended = place.run(&["status", "--server", &address]);
    ended.failed(1, &[&address, "hark up", "--server"]);
    place
        .run(&["status", "--server", "nowhere"])
        .failed(1, &["no port"]);
}
