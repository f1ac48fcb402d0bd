//! `hark up` as a process: how it starts, what keeps it from starting, how it ends, and
//! what outlives it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use util::{Ended, Place, Up, device, redacted};

const HALLWAY: &str = "light.hallway";

fn text(place: &Place, up: &Up, sentence: &str, more: &[&str]) -> Ended {
    let args = [
        "text",
        sentence,
        "--lang",
        "en",
        "--json",
        "--server",
        &up.address,
    ];
    place.run(&[&args, more].concat())
}

#[test]
fn it_says_where_it_is_and_how_it_does_and_ends_in_order() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake", "--ready-file", "ready.json"]);
    let ready: Value = {
        let text = std::fs::read_to_string(place.path().join("ready.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    assert_eq!(ready["address"], up.address.as_str());
    assert_eq!(ready["pid"], up.process.pid());

    let status = place
        .run(&["status", "--json", "--server", &up.address])
        .done();
    let varies = ["address", "uptime_ms", "store.age_ms", "store.revision"];
    insta::assert_json_snapshot!("status", redacted(status.object(), &varies));
    let status = place.run(&["status", "--server", &up.address]).done();
    assert!(status.stdout.contains("fake"), "{status:?}");

    up.stop();
    assert!(!place.path().join("ready.json").exists());
}

#[test]
fn ctrl_c_ends_it_too() {
    let up = Place::new().up(&["--engine", "fake"]);
    up.process.signal(Signal::SIGINT);
    assert_eq!(up.process.wait().code(), Some(0));
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    place.file("hark.toml", "[ingest]\nmagic = 1\n");
    place.file("data-is-a-file", "");
    place.file("not-a-model.bin", "hello");
    for (args, parts) in [
        (&["--listen", &*taken][..], &[&*taken, "--listen"][..]),
        (&["--admin-listen", &taken], &[&taken]),
        (&["--config", "hark.toml"], &["hark.toml", "ingest.magic"]),
        (
            &["--listen", "0.0.0.0:0"],
            &["0.0.0.0:0", "server.tls", "hark certs init"],
        ),
        (&["--data-dir", "data-is-a-file"], &["data-is-a-file"]),
        (
            &["--engine", "candle", "--model", "not-a-model.bin"],
            &["not-a-model.bin"],
        ),
        (
            &["--engine", "candle", "--model", "/no/such"],
            &["/no/such"],
        ),
        (&["--home", "/no/such.toml"], &["/no/such.toml"]),
    ] {
        let standard = ["up", "--engine", "fake"];
        let mut all: Vec<&str> = standard.to_vec();
        for (flag, value) in [
            ("--listen", "127.0.0.1:0"),
            ("--admin-listen", "127.0.0.1:0"),
            ("--data-dir", "data"),
        ] {
            if !args.contains(&flag) {
                all.extend([flag, value]);
            }
        }
        if args.contains(&"--engine") {
            all.retain(|a| *a != "--engine" && *a != "fake");
        }
        all.extend(args);
        place.run(&all).failed(1, parts);
    }
}

#[test]
fn two_can_not_share_a_store() {
    let place = Place::new();
    let _first = place.up(&["--engine", "fake"]);
    let second = Ended::of(place.up_command(&["--engine", "fake"]));
    second.failed(1, &["hark.redb"]);
}

#[test]
fn the_lamp_is_on_after_a_power_cut() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    assert_eq!(device(&place, &up, HALLWAY)["state"]["state"], "off");
    text(&place, &up, "turn on the light in the hallway", &[]).done();
    assert_eq!(device(&place, &up, HALLWAY)["state"]["state"], "on");
    up.kill();

    let up = place.up(&["--engine", "fake"]);
    assert_eq!(device(&place, &up, HALLWAY)["state"]["state"], "on");
    up.stop();
}

#[test]
fn the_same_utterance_acts_once_also_after_a_power_cut() {
    let place = Place::new();
    let session = util::session();
    let same = ["--session", &session, "--ordinal", "3"];
    let on = "turn on the light in the hallway";
    let up = place.up(&["--engine", "fake"]);
    let first = text(&place, &up, on, &same).done().object();
    assert_eq!(first["replayed"], false);
    text(&place, &up, "turn off the light in the hallway", &[]).done();
    up.kill();

    let up = place.up(&["--engine", "fake"]);
    let again = text(&place, &up, on, &same).done().object();
    assert_eq!(again["replayed"], true);
    assert_eq!(again["reply"], first["reply"]);
    assert_eq!(again["devices"], first["devices"]);
    assert_eq!(device(&place, &up, HALLWAY)["state"]["state"], "off");

    let other = text(&place, &up, "turn on the light in the kitchen", &same);
    other.failed(1, &["another sentence"]);
    up.stop();
}

#[test]
fn a_full_disk_is_an_error_and_not_a_loss() {
    let place = Place::new();
    // No file may grow beyond so many blocks of 512 bytes: what a full disk is to one
    // process, without a file system of its own.
    let limited = |blocks: &str| {
        let up = place.up_command(&["--engine", "fake"]);
        let mut command = std::process::Command::new("sh");
        command.args([
            "-c",
            &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""),
            "sh",
        ]);
        command
            .arg(up.get_program())
            .args(up.get_args())
            .current_dir(place.path());
        command
    };
    Ended::of(limited("8")).failed(1, &["hark.redb"]);
}

#[test]
fn the_environment_and_a_config_file_are_used() {
    let place = Place::new();
    place.file("hark.toml", "[store]\nkind = \"memory\"\n");
    let mut command = place.up_command(&["--config", "hark.toml"]);
    command.env("HARK__INFERENCE__ENGINE", "fake");
    let up = Up::start(command);
    let status = place
        .run(&["status", "--json", "--server", &up.address])
        .done()
        .object();
    assert_eq!(status["store"]["kind"], "memory");
    assert_eq!(status["model"]["engine"], "fake");
    let areas = place
        .run(&["areas", "--json", "--server", &up.address])
        .done();
    assert!(
        areas
            .json()
            .iter()
            .any(|a| a["names"]["de"]["name"] == json!("Flur"))
    );
    up.stop();
}
