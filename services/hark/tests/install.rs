//! `make install` and the units: what is put where, and whether systemd takes it.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use util::{Ended, Place, Up, clip};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn install(place: &Place) -> PathBuf {
    let programs = Path::new(env!("CARGO_BIN_EXE_hark")).parent().unwrap();
    let prefix = place.path().join("prefix");
    let mut install = Command::new(root().join("scripts/install.sh"));
    install
        .env("PREFIX", &prefix)
        .env("HARK_PROGRAMS", programs);
    install.env_remove("DESTDIR");
    Ended::of(install).done();
    prefix
}

#[test]
fn what_is_installed_works_from_where_it_is() {
    let place = Place::new();
    let prefix = install(&place);
    for file in [
        "share/man/man1/hark.1",
        "share/man/man1/hark-up.1",
        "share/bash-completion/completions/hark",
        "share/zsh/site-functions/_hark",
        "share/fish/vendor_completions.d/hark.fish",
        "share/hark/models/hark-nano/card.toml",
        "lib/systemd/system/hark.service",
        "lib/systemd/system/hark-inference.service",
    ] {
        let file = prefix.join(file);
        let size = std::fs::metadata(&file).map(|m| m.len());
        assert!(size.is_ok_and(|s| s > 0), "{}", file.display());
    }
    let unit = std::fs::read_to_string(prefix.join("lib/systemd/system/hark.service")).unwrap();
    let start = format!("ExecStart={}/bin/hark up", prefix.display());
    assert!(unit.contains(&start), "{unit}");

    let file = clip("de-hallway-on");
    let mut hark = Command::new(prefix.join("bin/hark"));
    hark.args(["transcribe", file.to_str().unwrap(), "--lang", "de"]);
    let heard = Ended::of(hark).done();
    assert!(heard.stdout.contains("Flur"), "{heard:?}");
}

#[test]
fn a_place_that_is_none_is_refused() {
    let mut install = Command::new(root().join("scripts/install.sh"));
    install
        .env("PREFIX", "here")
        .env("HARK_PROGRAMS", "/nowhere");
    Ended::of(install).failed(1, &["PREFIX", "here"]);
}

#[test]
fn systemd_takes_the_units() {
    let here = Command::new("systemd-analyze").arg("--version").output();
    if here.is_err() {
        println!("not run: there is no systemd-analyze here");
        return;
    }
    let place = Place::new();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]);
    let mut units = 0;
    for unit in std::fs::read_dir(root().join("systemd")).unwrap() {
        let unit = unit.unwrap();
        let text = std::fs::read_to_string(unit.path()).unwrap();
        // Each program by one that is there: what is checked is the unit.
        let (before, after) = text.split_once("ExecStart=").unwrap();
        let (_, arguments) = after.split_once(' ').unwrap();
        let text = format!(
            "{before}ExecStart={} {arguments}",
            env!("CARGO_BIN_EXE_hark")
        );
        let name = unit.file_name().into_string().unwrap();
        verify.arg(place.file(&name, text));
        units += 1;
    }
    assert_eq!(units, 4);
    let verified = Ended::of(verify).done();
    assert_eq!(verified.stderr, "");
}

#[test]
fn systemd_is_told_once_it_is_ready_and_when_it_ends() {
    let place = Place::new();
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    let told = || {
        let mut message = [0; 512];
        let length = socket.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };
    let mut command = place.up_command(&[]);
    command.env("NOTIFY_SOCKET", &path);
    let up = Up::start(command);
    assert!(told().contains("READY=1"));
    place.run(&["status", "--server", &up.address]).done();

    // The units forbid memory that can be written and run.
    let file = clip("de-hallway-on");
    let file = file.to_str().unwrap();
    place
        .run(&["say", file, "--lang", "de", "--server", &up.address])
        .done();
    let maps = std::fs::read_to_string(format!("/proc/{}/maps", up.process.pid())).unwrap();
    assert!(!maps.contains(" rwx"), "{maps}");
    up.stop();
    assert!(told().contains("STOPPING=1"));
}
