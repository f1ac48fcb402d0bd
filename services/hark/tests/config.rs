//! Settings: printed, checked, documented, and refused with the place named.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use util::{Ended, Place};

#[test]
fn what_is_printed_is_right_and_complete() {
    let place = Place::new();
    let printed = place.run(&["config", "print"]).done().stdout;
    insta::assert_snapshot!("config-print", printed);
    let file = place.file("hark.toml", &printed);
    let file = file.to_str().unwrap();
    place.run(&["config", "check", "--config", file]).done();
    let again = place.run(&["config", "print", "--config", file]).done();
    assert_eq!(again.stdout, printed);
}

#[test]
fn the_schema_knows_every_section() {
    let schema = Place::new().run(&["config", "schema"]).done();
    let schema: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
    let sections = schema["properties"].as_object().unwrap();
    for section in [
        "server",
        "auth",
        "admin",
        "store",
        "home",
        "ingest",
        "inference",
        "router",
    ] {
        assert!(sections.contains_key(section), "{section}");
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let place = Place::new();
    place.file("hark.toml", "[server]\nlisten = \"127.0.0.1:1\"\n");
    let listen = |variable: Option<&str>, flag: Option<&str>| {
        let mut command = place.hark(&["config", "print", "--config", "hark.toml"]);
        command.envs(variable.map(|v| ("HARK__SERVER__LISTEN", v)));
        command.args(flag.map(|f| format!("--listen={f}")));
        let printed = Ended::of(command).done().stdout;
        let printed: toml::Table = toml::from_str(&printed).unwrap();
        printed["server"]["listen"].as_str().unwrap().to_owned()
    };
    assert_eq!(listen(None, None), "127.0.0.1:1");
    assert_eq!(listen(Some("127.0.0.1:2"), None), "127.0.0.1:2");
    assert_eq!(
        listen(Some("127.0.0.1:2"), Some("127.0.0.1:3")),
        "127.0.0.1:3"
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let place = Place::new();
    let home = "[home]\nid = 7\n";
    place.file("home.toml", home);
    for (toml, parts) in [
        (
            "[ingest]\nmagic = 1\n",
            &["hark.toml", "ingest.magic", "max_streams"][..],
        ),
        ("listne = \"x\"\n", &["hark.toml", "listne"]),
        (
            "[server]\nlisten = \"here\"\n",
            &["hark.toml", "server.listen"],
        ),
        (
            "[inference]\nmodel = \"/no/such/model\"\n",
            &["inference.model", "/no/such/model"],
        ),
        (
            "[inference]\ndevice = \"cuda\"\n",
            &["inference.device", "cpu"],
        ),
        ("[home]\nfile = \"home.toml\"\n", &["home.toml"]),
        ("[home]\nfile = \"/no/such/home\"\n", &["/no/such/home"]),
        ("[server\n", &["hark.toml", "TOML"]),
    ] {
        place.file("hark.toml", toml);
        let checked = place.run(&["config", "check", "--config", "hark.toml"]);
        checked.failed(1, parts);
    }
    let missing = place.run(&["config", "check", "--config", "none.toml"]);
    missing.failed(1, &["none.toml"]);

    let mut command = place.hark(&["config", "check"]);
    command.env("HARK__INGEST__MAGIC", "1");
    Ended::of(command).failed(1, &["HARK__INGEST__MAGIC"]);
}
