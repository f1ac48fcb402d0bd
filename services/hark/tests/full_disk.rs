//! A disk that is full while a house is served: a file system of a few megabytes, in a
//! mount namespace of its own, which ends with the process.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use util::{Ended, Place, Up, device};

/// So many commands fit into what a full disk had left, at most.
const MOST_COMMANDS: usize = 400;

/// A command that mounts a small file system at `data` and becomes another command.
fn on_a_small_disk(inner: &Command) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user"]);
    let script = "mount -t tmpfs -o size=6m hark data && exec \"$@\"";
    command.args(["sh", "-c", script, "sh"]);
    command.arg(inner.get_program()).args(inner.get_args());
    command
}

/// Whether this machine lets a process have a file system of its own.
fn can_mount(place: &Place) -> bool {
    let mut attempt = on_a_small_disk(&Command::new("true"));
    attempt.current_dir(place.path());
    Ended::of(attempt).code == 0
}

/// Writes until nothing fits any more.
fn fill(file: &Path) {
    let mut file = std::fs::File::create(file).unwrap();
    for size in [64 * 1024, 512] {
        while file.write_all(&vec![1; size]).is_ok() {}
    }
}

fn text(place: &Place, up: &Up, sentence: &str) -> Ended {
    let args = ["text", sentence, "--lang", "en", "--json"];
    place.run(&[&args[..], &["--server", &up.address]].concat())
}

#[test]
fn a_full_disk_is_said_and_survived() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("data")).unwrap();
    if !can_mount(&place) {
        println!("not run: this machine lets no test mount a file system");
        return;
    }
    let inner = place.up_command(&["--engine", "fake"]);
    let mut command = on_a_small_disk(&inner);
    command.current_dir(place.path());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let up = Up::start(command);
    text(&place, &up, "turn on the light in the hallway").done();
    // What the process sees there, seen from outside.
    let root = PathBuf::from(format!("/proc/{}/root", up.process.pid()));
    let filler = root
        .join(place.path().strip_prefix("/").unwrap())
        .join("data/filler");
    fill(&filler);

    let refused = (0..MOST_COMMANDS)
        .map(|at| match at % 2 {
            0 => text(&place, &up, "turn off the light in the hallway"),
            _ => text(&place, &up, "turn on the light in the hallway"),
        })
        .find(|ended| ended.code != 0)
        .expect("a command that no longer fits");
    assert_eq!(refused.code, 1, "{refused:?}");
    let reply = &refused.object()["reply"];
    assert_eq!(reply["code"], "store_full", "{refused:?}");
    let log = up.process.log();
    assert!(log.contains("free some space on its disk"), "{log}");
    // Looking needs no disk.
    device(&place, &up, "light.hallway");

    std::fs::remove_file(&filler).unwrap();
    text(&place, &up, "turn on the light in the hallway").done();
    assert_eq!(device(&place, &up, "light.hallway")["state"]["state"], "on");
    assert!(!up.process.log().contains("panicked"));
    up.stop();
}
