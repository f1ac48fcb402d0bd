//! Typed sentences against a real `hark up`: what they do, and how they end.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use serde_json::Value;
use util::{Place, Up, device, redacted};

struct House {
    place: Place,
    up: Up,
}

impl House {
    fn new() -> Self {
        let place = Place::new();
        let up = place.up(&["--engine", "fake"]);
        Self { place, up }
    }

    fn text(&self, sentence: &str, more: &[&str]) -> util::Ended {
        let args = ["text", sentence, "--json", "--server", &self.up.address];
        self.place.run(&[&args, more].concat())
    }
}

fn snapshot(name: &str, object: Value) {
    let varies = ["session", "trace_id", "timings_ms.*"];
    insta::assert_json_snapshot!(name, redacted(object, &varies));
}

#[test]
fn each_outcome_has_its_exit_status() {
    let house = House::new();
    for (sentence, lang, outcome, status) in [
        ("Schalte das Licht im Flur ein", "de", "done", 0),
        ("turn on the light in the hallway", "en", "done", 0),
        ("is the garage door open", "en", "done", 0),
        ("Schalte das Licht im Weinkeller ein", "de", "question", 2),
        ("turn on the light in the wine cellar", "en", "question", 2),
        ("zwölf Boxkämpfer jagen Viktor", "de", "not_understood", 2),
        ("unlock the front door", "en", "refused", 3),
        ("Schließe die Haustür auf", "de", "refused", 3),
    ] {
        let ended = house.text(sentence, &["--lang", lang]);
        let object = ended.object();
        assert_eq!(object["outcome"], outcome, "{sentence}: {object}");
        assert_eq!(ended.code, status, "{sentence}: {object}");
        assert_eq!(object["reply"]["language"], lang);
        assert_ne!(object["reply"]["text"], "", "{sentence}");
    }
}

#[test]
fn the_objects_are_as_documented() {
    let house = House::new();
    let on = house
        .text("Schalte das Licht im Flur ein", &["--lang", "de"])
        .done();
    snapshot("text-on", on.object());
    let cellar = house.text("Schalte das Licht im Weinkeller ein", &["--lang", "de"]);
    snapshot("text-unknown-room", cellar.object());
    let nonsense = house.text("zwölf Boxkämpfer jagen Viktor", &["--lang", "de"]);
    snapshot("text-not-understood", nonsense.object());
}

#[test]
fn an_unknown_room_changes_nothing() {
    let house = House::new();
    let devices = ["devices", "--json", "--server", &house.up.address];
    let before = house.place.run(&devices).done().stdout;
    let asked = house.text("Schalte das Licht im Weinkeller aus", &["--lang", "de"]);
    assert_eq!(asked.object()["devices"], serde_json::json!([]));
    assert_eq!(house.place.run(&devices).done().stdout, before);
}

#[test]
fn a_command_without_a_room_is_for_the_speakers() {
    let house = House::new();
    let here = ["--lang", "en", "--area", "kitchen"];
    let done = house.text("turn on the light", &here).done().object();
    assert_eq!(done["devices"][0]["id"], "light.kitchen", "{done}");
    assert_eq!(
        device(&house.place, &house.up, "light.kitchen")["state"]["state"],
        "on"
    );
    assert_eq!(
        device(&house.place, &house.up, "light.hallway")["state"]["state"],
        "off"
    );
    let nowhere = house.text("turn on the light", &["--lang", "en", "--area", "moon"]);
    assert_ne!(nowhere.code, 0, "{nowhere:?}");
}

#[test]
fn what_can_not_be_a_sentence_is_an_error() {
    let house = House::new();
    house.text("", &[]).failed(1, &["text"]);
    house
        .text(&"a".repeat(1_001), &[])
        .failed(1, &["text", "1000"]);
    house
        .text("allume la lumière", &["--lang", "fr"])
        .failed(1, &["fr"]);
}

#[test]
fn timers_are_set_shown_and_cancelled() {
    let house = House::new();
    let timers = ["timers", "--json", "--server", &house.up.address];
    house
        .text("set a timer for five minutes", &["--lang", "en"])
        .done();
    let running = house.place.run(&timers).done().object();
    assert_eq!(running["duration_ms"], 300_000.0);
    assert!(running["remaining_ms"].as_f64().unwrap() <= 300_000.0);
    let shown = house
        .place
        .run(&["timers", "--server", &house.up.address])
        .done();
    assert!(shown.stdout.contains("of 5 min"), "{shown:?}");
    house.text("cancel the timer", &["--lang", "en"]).done();
    assert_eq!(house.place.run(&timers).done().stdout, "");
}

#[test]
fn people_see_words_and_changes() {
    let house = House::new();
    let args = ["text", "turn on the light in the hallway", "--lang", "en"];
    let server = ["--server", &house.up.address];
    let told = house.place.run(&[&args[..], &server].concat()).done();
    assert!(told.stdout.contains("off → on"), "{told:?}");
    assert!(
        !told.stdout.contains('\u{1b}'),
        "colour is for terminals: {told:?}"
    );
    let devices = house
        .place
        .run(&["devices", "--area", "Flur", "--server", &house.up.address]);
    let devices = devices.done().stdout;
    assert!(
        devices.contains("light.hallway") && devices.contains("on"),
        "{devices}"
    );
    let unknown = ["devices", "--area", "moon", "--server", &house.up.address];
    house.place.run(&unknown).failed(1, &["moon"]);
}
