//! `hark doctor`: what it finds on a machine where one thing is wrong, and that each fix
//! is named.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod etcd;
mod fake;
#[path = "../util/mod.rs"]
mod util;

use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use util::{Ended, Place};

/// `hark doctor` for a `hark up` that meets no other one.
fn doctor(place: &Place, args: &[&str]) -> Ended {
    let mut all = vec!["doctor", "--json"];
    for (flag, value) in [
        ("--listen", "127.0.0.1:0"),
        ("--admin-listen", "127.0.0.1:0"),
        ("--data-dir", "data"),
    ] {
        if !args.contains(&flag) {
            all.extend([flag, value]);
        }
    }
    all.extend(args);
    place.run(&all)
}

/// The finding that says `what`; it must have this level, and a fix with these words.
#[track_caller]
fn found(ended: &Ended, check: &str, level: &str, what: &str, fix: &str) {
    let is_it = |f: &&Value| {
        f["check"] == check && f["what"].as_str().is_some_and(|text| text.contains(what))
    };
    let findings = ended.json();
    let finding = findings.iter().find(is_it);
    let finding = finding.unwrap_or_else(|| panic!("no `{what}` in {findings:#?}"));
    assert_eq!(finding["level"], level, "{finding}");
    let said = finding["fix"].as_str().unwrap_or_default();
    assert!(said.contains(fix), "`{fix}` is not in {finding}");
    assert_eq!(finding["fix"].is_null(), level == "ok", "{finding}");
    assert_eq!(ended.code, i32::from(any_fails(&findings)), "{ended:?}");
}

fn any_fails(findings: &[Value]) -> bool {
    findings.iter().any(|f| f["level"] == "fail")
}

#[test]
fn a_good_machine_is_well() {
    let place = Place::new();
    let ended = doctor(&place, &[]).done();
    found(&ended, "settings", "ok", "no file", "");
    found(&ended, "port", "ok", "any free port", "");
    found(&ended, "store", "ok", "data/hark.redb will be created", "");
    found(&ended, "model", "ok", "hark-", "");
    found(&ended, "home", "ok", "9 areas", "");
    found(&ended, "running", "ok", "no Hark runs", "");
    assert!(!place.path().join("data").exists(), "it changes nothing");

    let people = place.run(&["doctor", "--listen", "127.0.0.1:0", "--engine", "fake"]);
    assert!(people.stdout.contains("fix:"), "{people:?}");
}

#[test]
fn a_port_that_another_has_is_found_with_who_has_it() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let ended = doctor(&place, &["--listen", &address.to_string()]);
    let who = format!("(process {})", std::process::id());
    found(&ended, "port", "fail", &who, "--listen 127.0.0.1:");
    let ended = doctor(&place, &["--admin-listen", &address.to_string()]);
    found(&ended, "port", "fail", "metrics:", "admin.listen");
    let ended = doctor(&place, &["--listen", "192.0.2.1:7700"]);
    found(&ended, "port", "fail", "192.0.2.1", "no interface");
    found(&ended, "callers", "fail", "192.0.2.1", "hark certs init");
}

#[test]
fn a_hark_that_runs_is_known_and_says_more() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    let ended = doctor(&place, &["--listen", &up.address]).done();
    found(&ended, "port", "ok", "the Hark that runs", "");
    found(&ended, "running", "ok", "Hark 0.1.0 runs here", "");
    found(&ended, "store", "ok", "the Hark that runs has", "");
    // The same store at another address: then it is in the way.
    let ended = doctor(&place, &[]);
    found(&ended, "store", "fail", "another process", "fuser");
    up.stop();
}

#[test]
fn settings_that_are_wrong_are_found() {
    let place = Place::new();
    place.file("hark.toml", "[ingest]\nmagic = 1\n");
    let ended = doctor(&place, &["--config", "hark.toml"]);
    found(&ended, "settings", "fail", "ingest.magic", "hark config");
    place.file("home.toml", "[home]\nid = 7\n");
    let ended = doctor(&place, &["--home", "home.toml"]);
    found(&ended, "home", "fail", "home.toml", "home.file");
}

#[test]
fn a_store_that_can_not_be_used_is_found() {
    let place = Place::new();
    place.file("taken", "");
    let ended = doctor(&place, &["--data-dir", "taken"]);
    found(&ended, "store", "fail", "taken", "--data-dir");
    std::fs::create_dir(place.path().join("data")).unwrap();
    place.file("data/hark.redb", "this is no store");
    let ended = doctor(&place, &[]);
    found(&ended, "store", "fail", "hark.redb", "mv ");
    place.file("hark.toml", "[store]\nkind = \"memory\"\n");
    let ended = doctor(&place, &["--config", "hark.toml"]).done();
    found(&ended, "store", "warn", "gone when Hark ends", "redb");
}

#[test]
fn a_model_of_another_hash_is_found() {
    let place = Place::new();
    let bundled = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano");
    let card = std::fs::read_to_string(bundled.join("card.toml")).unwrap();
    let weights = std::fs::read(bundled.join("ggml-hark-nano-q8_0.bin")).unwrap();
    std::fs::create_dir(place.path().join("model")).unwrap();
    let digest = card.lines().find(|l| l.starts_with("sha256")).unwrap();
    let other = format!("sha256 = \"{}\"", "ab".repeat(32));
    place.file("model/card.toml", card.replace(digest, &other));
    place.file("model/ggml-hark-nano-q8_0.bin", weights);
    let ended = doctor(&place, &["--model", "model"]);
    let right = digest.replace("sha256 = ", "").replace('"', "");
    found(&ended, "model", "fail", "SHA-256", &right);
    let ended = doctor(&place, &["--model", "/there/is/none"]);
    found(&ended, "model", "fail", "/there/is/none", "--model");
}

#[test]
fn a_clock_that_was_set_back_is_found() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    up.stop();
    let store = place.path().join("data/hark.redb");
    let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
    let file = std::fs::File::options().write(true).open(store).unwrap();
    file.set_modified(tomorrow).unwrap();
    let ended = doctor(&place, &[]);
    found(
        &ended,
        "clock",
        "fail",
        "set back",
        "timedatectl set-ntp true",
    );
}
