//! `hark store` on what a Hark that ran has left.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use util::{Place, Up};

/// A house that has switched a light and set a timer, in `data`.
fn lived_in() -> Place {
    let place = Place::new();
    let up: Up = place.up(&["--engine", "fake"]);
    for sentence in [
        "turn on the light in the hallway",
        "set a timer for one hour",
    ] {
        let args = ["text", sentence, "--lang", "en", "--server", &up.address];
        place.run(&args).done();
    }
    up.stop();
    place
}

#[test]
fn what_a_house_keeps_can_be_taken_out_and_in() {
    let place = lived_in();
    let out = [
        "store",
        "export",
        "house.hark",
        "--data-dir",
        "data",
        "--json",
    ];
    let told = place.run(&out).done().object();
    let keys = told["keys"].as_u64().unwrap();
    assert!(keys >= 4, "{told}");
    place.run(&out).failed(1, &["house.hark"]);

    let into = [
        "store",
        "import",
        "house.hark",
        "--data-dir",
        "other",
        "--json",
    ];
    assert_eq!(place.run(&into).done().object()["keys"], keys);
    place.run(&into).failed(1, &["--replace"]);
    place.run(&[&into[..], &["--replace"]].concat()).done();

    let check = ["store", "check", "--data-dir", "other", "--json"];
    let told = place.run(&check).done().object();
    assert_eq!((&told["keys"], &told["wrong"]), (&keys.into(), &0.into()));

    let back = ["store", "export", "again.hark", "--data-dir", "other"];
    place.run(&back).done();
    let lines = |name: &str| {
        let text = std::fs::read_to_string(place.path().join(name)).unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        // The first and the last line tell the revision, which differs.
        lines.pop();
        lines.remove(0);
        lines
    };
    assert_eq!(lines("again.hark"), lines("house.hark"));
}

#[test]
fn a_file_that_is_not_whole_changes_nothing() {
    let place = lived_in();
    let out = ["store", "export", "house.hark", "--data-dir", "data"];
    place.run(&out).done();
    let text = std::fs::read_to_string(place.path().join("house.hark")).unwrap();
    place.file("cut.hark", &text[..text.len() / 2]);
    let newer = text.replacen("\"hark_store_export\":1", "\"hark_store_export\":9", 1);
    place.file("newer.hark", newer);
    for (file, part) in [
        ("cut.hark", "is not whole"),
        ("newer.hark", "format 9"),
        ("none.hark", "none.hark"),
    ] {
        let args = ["store", "import", file, "--data-dir", "fresh"];
        place.run(&args).failed(1, &[part]);
        assert!(!place.path().join("fresh").exists(), "{file}");
    }
    place
        .run(&["store", "check", "--data-dir", "fresh"])
        .failed(1, &["no store at"]);
    let same = [
        "store",
        "migrate",
        "--from",
        "redb",
        "--to",
        "redb",
        "--data-dir",
        "data",
    ];
    place.run(&same).failed(1, &["the same store"]);
}

#[test]
fn a_house_moves_to_an_etcd_and_goes_on_there() {
    let Some(etcd) = hark_harness::etcd::Etcd::start(1) else {
        return;
    };
    let place = lived_in();
    let endpoints = etcd.endpoints().join(",");
    let to = format!("etcd:{endpoints}");
    let args = [
        "store",
        "migrate",
        "--from",
        "redb",
        "--to",
        &to,
        "--data-dir",
        "data",
        "--json",
    ];
    assert!(place.run(&args).done().object()["keys"].as_u64().unwrap() >= 4);
    let at = ["--store", "etcd", "--etcd-endpoints", &endpoints];
    place.run(&[&["store", "check"][..], &at].concat()).done();

    let up = place.up(&[&at[..], &["--engine", "fake"]].concat());
    let timers = place
        .run(&["timers", "--json", "--server", &up.address])
        .done();
    assert_eq!(timers.json().len(), 1, "{timers:?}");
    // While it runs nothing may be put under it.
    place
        .run(&["store", "export", "house.hark", "--data-dir", "data"])
        .done();
    let into = [&["store", "import", "house.hark", "--replace"][..], &at].concat();
    place.run(&into).failed(1, &["stop it first"]);
    up.stop();
}
