//! Home files, right and wrong, and the one that is built in.

use hark_core::device::Rgb;
use hark_core::{AreaId, Language};

use super::*;

const SMALL: &str = r#"
id = "cabin"
languages = ["de"]
time_zone = "Europe/Berlin"

[areas.room]
names.de = { name = "Stube", phrase = "in der Stube" }

[devices."light.room"]
area = "room"
can = ["brightness", "color"]
names.de = { name = "Licht", aliases = ["Lampe"] }
state = { on = true, brightness_pct = 30, color = { red = 1, green = 2, blue = 3 } }
"#;

fn id(text: &str) -> DeviceId {
    DeviceId::parse(text).unwrap()
}

#[test]
fn a_file_becomes_a_home() {
    let cabin = Description::parse(SMALL, "cabin.toml").unwrap();
    let light = cabin.home().device(&id("light.room")).unwrap();
    assert!(light.can.on_off && light.can.brightness && light.can.color && !light.can.position);
    assert_eq!(light.names.phrase(&Language::german()), "Licht");
    let room = cabin.home().area(&AreaId::parse("room").unwrap()).unwrap();
    assert_eq!(room.names.phrase(&Language::german()), "in der Stube");
    let state = cabin.initial()[&light.id];
    let color = Rgb {
        red: 1,
        green: 2,
        blue: 3,
    };
    assert_eq!((state.brightness_pct, state.color), (Some(30), Some(color)));
}

/// What is replaced in [`SMALL`] by what, and what the error says.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "id = \"cabin\"",
        "id = \"cabin\"\ncolour = 1",
        "unknown field `colour`",
    ),
    (
        "area = \"room\"",
        "area = \"cellar\"",
        "`devices.light.room.area`: there is no area `cellar`",
    ),
    ("can = [", "cann = [", "unknown field `cann`"),
    ("\"brightness\", ", "\"smell\", ", "unknown variant `smell`"),
    (
        "light.room",
        "lamp.room",
        "`devices.lamp.room`: a device's id is",
    ),
    ("light.room", "light", "`devices.light`: a device's id is"),
    ("light.room", "light room", "is not a device id"),
    (
        "brightness_pct = 30",
        "brightness_pct = 130",
        "brightness is from 0 to 100",
    ),
    (
        "brightness_pct = 30",
        "position_pct = 30",
        "it has no position",
    ),
    (
        "brightness_pct = 30",
        "current_celsius = 3",
        "`devices.light.room.state.current_celsius`",
    ),
    ("on = true", "on = \"yes\"", "expected a boolean"),
    (
        "[\"de\"]",
        "[\"de\", \"en\"]",
        "`areas.room.names`: there is no name in `en`",
    ),
    ("[\"de\"]", "[]", "`languages`: name at least one"),
    ("[\"de\"]", "[\"german\"]", "`german` is not a language"),
    (
        "name = \"Stube\"",
        "name = \" \"",
        "`areas.room.names.de`: a name is empty",
    ),
    (
        "[areas.room]",
        "[areas.room]\nfloor = \"attic\"",
        "there is no floor `attic`",
    ),
    (
        "[areas.room]",
        "[areas.x]\nnames.de = { name = \"stube\" }\n[areas.room]",
        "is a name of the area `room` too",
    ),
    ("[areas.room]", "[areas.room]\n[areas.room]", "duplicate"),
    ("id = \"cabin\"", "id = ", "wrong"),
];

#[test]
fn what_is_wrong_is_named_with_file_and_key() {
    for (from, to, expect) in WRONG {
        let text = SMALL.replacen(from, to, 1);
        let error = Description::parse(&text, "cabin.toml")
            .unwrap_err()
            .to_string();
        assert!(error.contains("cabin.toml"), "{error}");
        assert!(
            error.contains(expect),
            "wanted {expect:?} for {to:?}, got: {error}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Description::load(Path::new("/nowhere/home.toml")).unwrap_err();
    assert!(error.to_string().contains("/nowhere/home.toml"), "{error}");
}

#[test]
fn the_built_in_home_has_what_a_house_has() {
    let description = Description::parse(BUILTIN, "virtual.toml").unwrap();
    let home = description.home();
    assert_eq!(home.areas.len(), 9);
    for area in &home.areas {
        let dimmable = |d: &&Device| d.area == area.id && d.can.brightness;
        assert!(
            home.devices.iter().any(|d| dimmable(&d)),
            "no light in {}",
            area.id
        );
    }
    let count = |domain| home.devices.iter().filter(|d| d.domain == domain).count();
    assert_eq!(count(Domain::Light), 11);
    assert_eq!(count(Domain::Climate), 4);
    for (device, class) in [
        ("cover.garage_door", "garage"),
        ("binary_sensor.kitchen_window", "window"),
        ("sensor.garden_temperature", "temperature"),
        ("lock.front_door", ""),
        ("media_player.living_room", "tv"),
    ] {
        assert_eq!(home.device(&id(device)).unwrap().device_class, class);
    }
    assert!(
        home.device(&id("light.living_room_color"))
            .unwrap()
            .can
            .color
    );
    assert_eq!(home.lists.len(), 2);
    assert_eq!(description.initial().len(), home.devices.len());
}

#[test]
fn no_two_devices_of_the_built_in_home_share_a_name() {
    let home = Description::builtin().home().clone();
    for language in &home.languages {
        let names = home.devices.iter().flat_map(|d| d.names.all(language));
        let names: Vec<_> = names.map(str::to_lowercase).collect();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(names.len(), distinct.len(), "{language}");
    }
}
