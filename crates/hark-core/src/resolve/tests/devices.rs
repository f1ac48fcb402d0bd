//! Commands to devices, and what keeps them from going wrong.

use super::*;

#[test]
fn the_light_in_the_hallway() {
    for slots in [
        &[("area", "Flur"), ("domain", "light")][..],
        &[("area", "hall"), ("domain", "light")],
        &[("name", "flurlicht")],
        &[("name", "light.hall")],
        &[("name", "Flurlicht"), ("area", "Flur")],
    ] {
        let world = World::new();
        let got = world.commands(intent("HassTurnOn", slots));
        assert_eq!(got, [("light.hall".to_owned(), on())], "{slots:?}");
    }
}

#[test]
fn names_are_understood_in_the_language_that_is_spoken() {
    let mut world = World::new();
    world.language = Language::parse("en-GB").unwrap();
    let slots = [("area", "hallway"), ("domain", "light")];
    assert_eq!(
        world.commands(intent("HassTurnOff", &slots)),
        [("light.hall".to_owned(), off())]
    );
    let slots = [("area", "Flur"), ("domain", "light")];
    assert_eq!(
        world.code(intent("HassTurnOff", &slots)),
        (Outcome::Question, "unknown_area")
    );
}

#[test]
fn what_is_missing_or_unknown_is_a_question_and_never_the_whole_house() {
    let world = World::new();
    for (name, slots, expect) in [
        (
            "HassTurnOff",
            &[("area", "Weinkeller"), ("domain", "light")][..],
            "unknown_area",
        ),
        (
            "HassTurnOff",
            &[("floor", "Keller"), ("domain", "light")],
            "unknown_floor",
        ),
        ("HassTurnOff", &[("domain", "light")], "which_area"),
        ("HassTurnOff", &[], "which_area"),
        ("HassTurnOff", &[("area", "Wohnzimmer")], "which_device"),
        ("HassTurnOff", &[("name", "Kronleuchter")], "unknown_device"),
        (
            "HassTurnOff",
            &[("name", "Flurlicht"), ("area", "Bad")],
            "unknown_device",
        ),
        ("HassTurnOff", &[("name", "Deckenlampe")], "which_device"),
        ("HassLightSet", &[("brightness", "50")], "which_area"),
        (
            "HassLightSet",
            &[("color", "beige"), ("name", "Stimmungslicht")],
            "unknown_color",
        ),
        ("HassLightSet", &[("name", "Flurlicht")], "missing_value"),
        (
            "HassClimateSetTemperature",
            &[("temperature", "21")],
            "which_area",
        ),
        ("HassClimateGetTemperature", &[], "which_area"),
    ] {
        let decision = world.decide(intent(name, slots));
        let got = (decision.outcome, decision.say.code);
        assert_eq!(got, (Outcome::Question, expect), "{name} {slots:?}");
        assert_eq!(decision.effect, Effect::Nothing);
    }
}

#[test]
fn an_unknown_room_is_named_in_the_question() {
    let mut asked = intent("HassTurnOn", &[("area", "weinkeller"), ("domain", "light")]);
    asked.slots.get_mut("area").unwrap().spoken = "Weinkeller".to_owned();
    let say = World::new().decide(asked).say;
    assert_eq!(say, Say::new("unknown_area").text("spoken", "Weinkeller"));
}

#[test]
fn without_a_room_the_speakers_own_is_meant() {
    let world = World::new().at("living");
    let got = world.commands(intent("HassTurnOn", &[("domain", "light")]));
    let ids: Vec<_> = got.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["light.living", "light.mood", "light.plain"]);
    let got = world.commands(intent("HassTurnOn", &[("name", "Deckenlampe")]));
    assert_eq!(got[0].0, "light.living");
    let elsewhere = [("domain", "light"), ("area", "Weinkeller")];
    assert_eq!(
        world.code(intent("HassTurnOn", &elsewhere)).1,
        "unknown_area"
    );
}

#[test]
fn floors_and_the_whole_house_are_meant_only_by_name() {
    let world = World::new().at("hall");
    let lights = |slots| world.commands(intent("HassTurnOff", slots)).len();
    assert_eq!(lights(&[("domain", "light"), ("floor", "Obergeschoss")]), 1);
    assert_eq!(lights(&[("domain", "light"), ("scope", "home")]), 5);
    assert_eq!(lights(&[("domain", "light")]), 1);
}

#[test]
fn toggle_becomes_on_or_off() {
    let slots = [("name", "Flurlicht")];
    for (now, expect) in [(on(), off()), (off(), on()), (DeviceState::default(), on())] {
        let world = World::new().with_state("light.hall", now);
        assert_eq!(world.commands(intent("HassToggle", &slots))[0].1, expect);
    }
    // Of several, one that is on is enough to switch all of them off.
    let world = World::new().at("living").with_state("light.mood", on());
    let got = world.commands(intent("HassToggle", &[("domain", "light")]));
    assert!(got.iter().all(|(_, target)| *target == off()));
}

#[test]
fn brightness_is_absolute() {
    let slots = |value| [("name", "Flurlicht"), ("brightness", value)];
    let world = World::new();
    for (value, expect) in [("50", lit(50)), ("100", lit(100)), ("0", off())] {
        let got = world.commands(intent("HassLightSet", &slots(value)));
        assert_eq!(got[0].1, expect);
    }
    for value in ["101", "-1"] {
        let got = world.code(intent("HassLightSet", &slots(value)));
        assert_eq!(got, (Outcome::Error, "out_of_range"));
    }
}

#[test]
fn brighter_and_darker_become_absolute_and_stay_within_bounds() {
    for (now, step, expect) in [
        (lit(50), "up", lit(70)),
        (lit(50), "down", lit(30)),
        (lit(50), "-15", lit(35)),
        (lit(90), "20", lit(100)),
        (lit(10), "-20", lit(1)),
        (off(), "20", lit(20)),
        (off(), "-20", off()),
        (on(), "-20", lit(80)),
    ] {
        let world = World::new().with_state("light.hall", now);
        let slots = [("name", "Flurlicht"), ("brightness_step", step)];
        let got = world.commands(intent("HassLightSet", &slots));
        assert_eq!(got[0].1, expect, "{now:?} {step}");
    }
}

#[test]
fn of_several_lights_those_that_are_on_become_brighter() {
    let world = World::new()
        .at("living")
        .with_state("light.mood", lit(20))
        .with_state("light.living", off());
    let slots = [("brightness_step", "20")];
    let got = world.commands(intent("HassLightSet", &slots));
    assert_eq!(got, [("light.mood".to_owned(), lit(40))]);
    let dark = World::new().at("living");
    let got = dark.decide(intent("HassLightSet", &slots));
    assert_eq!((got.say.code, got.about.len()), ("lights_brighter", 2));
}

#[test]
fn a_colour_is_a_value_and_only_for_lamps_that_have_colours() {
    let red = DeviceState {
        color: Some(Rgb {
            red: 255,
            green: 0,
            blue: 0,
        }),
        ..on()
    };
    let world = World::new().at("living");
    let got = world.commands(intent("HassLightSet", &[("color", "red")]));
    assert_eq!(got, [("light.mood".to_owned(), red)]);
    let slots = [("color", "red"), ("name", "Flurlicht")];
    assert_eq!(
        world.code(intent("HassLightSet", &slots)),
        (Outcome::Error, "device_cannot")
    );
    let slots = [("brightness", "5"), ("name", "Lichterkette")];
    assert_eq!(
        world.code(intent("HassLightSet", &slots)),
        (Outcome::Error, "device_cannot")
    );
}

#[test]
fn covers_open_close_and_stop_between() {
    let world = World::new().at("living");
    for (name, slots, expect, code) in [
        (
            "HassTurnOn",
            &[("name", "Rollladen")][..],
            100,
            "device_open",
        ),
        ("HassTurnOff", &[("domain", "cover")], 0, "device_closed"),
        (
            "HassTurnOff",
            &[("domain", "cover"), ("device_class", "shutter")],
            0,
            "device_closed",
        ),
        (
            "HassSetPosition",
            &[("position", "30")],
            30,
            "device_position",
        ),
    ] {
        let decision = world.decide(intent(name, slots));
        assert_eq!(decision.say.code, code);
        assert_eq!(
            world.commands(intent(name, slots)),
            [("cover.blind".to_owned(), open(expect))]
        );
    }
}

#[test]
fn no_entrance_is_opened_by_accident() {
    for (caller, slots, expect) in [
        (
            Kind::Anonymous,
            &[("name", "Garagentor")][..],
            (Outcome::Refused, "refused_dangerous"),
        ),
        (
            Kind::Speaker,
            &[("name", "Garagentor")],
            (Outcome::Refused, "refused_dangerous"),
        ),
        (
            Kind::Person,
            &[("name", "Garagentor")],
            (Outcome::Done, "device_open"),
        ),
        // Covers in general are never the garage door, whoever asks.
        (
            Kind::Person,
            &[("domain", "cover")],
            (Outcome::Error, "no_device_in_area"),
        ),
        (
            Kind::Anonymous,
            &[("domain", "cover"), ("device_class", "garage")],
            (Outcome::Refused, "refused_dangerous"),
        ),
    ] {
        let world = World::new().at("garage").called_by(caller);
        assert_eq!(
            world.code(intent("HassTurnOn", slots)),
            expect,
            "{caller:?} {slots:?}"
        );
    }
    // Closing it lets nobody in.
    let got = World::new().commands(intent("HassTurnOff", &[("name", "Garagentor")]));
    assert_eq!(got, [("cover.garage".to_owned(), open(0))]);
}

#[test]
fn locks_are_refused_for_everybody_and_answered_about() {
    for caller in Kind::ALL {
        let world = World::new().called_by(caller).at("hall");
        for name in ["HassTurnOn", "HassTurnOff", "HassToggle"] {
            for slots in [
                &[("name", "Haustür")][..],
                &[("name", "Haustür"), ("domain", "lock")],
                // "Öffne die Haustür"
                &[("name", "Haustür"), ("domain", "cover")],
                &[("domain", "lock")],
                &[("domain", "lock"), ("scope", "home")],
            ] {
                let got = world.code(intent(name, slots));
                assert_eq!(got, (Outcome::Refused, "refused_lock"), "{slots:?}");
            }
        }
    }
    for (locked, expect) in [(true, "device_locked"), (false, "device_unlocked")] {
        let state = DeviceState {
            locked: Some(locked),
            ..Default::default()
        };
        let world = World::new().with_state("lock.door", state);
        let asked = intent("HassGetState", &[("name", "Haustür"), ("state", "locked")]);
        assert_eq!(world.code(asked), (Outcome::Done, expect));
    }
}

#[test]
fn heating_holds_a_temperature() {
    let world = World::new();
    let slots = [("area", "Bad"), ("temperature", "21.5")];
    let target = DeviceState {
        target_celsius: Some(21.5),
        ..on()
    };
    let got = world.commands(intent("HassClimateSetTemperature", &slots));
    assert_eq!(got, [("climate.bath".to_owned(), target)]);
    for (slots, expect) in [
        ([("area", "Bad"), ("temperature", "80")], "out_of_range"),
        (
            [("area", "Flur"), ("temperature", "20")],
            "no_device_in_area",
        ),
        (
            [("name", "Flurlicht"), ("temperature", "20")],
            "device_cannot",
        ),
    ] {
        let got = world.code(intent("HassClimateSetTemperature", &slots));
        assert_eq!(got, (Outcome::Error, expect));
    }
}

#[test]
fn sensors_take_no_orders() {
    let got = World::new().code(intent("HassTurnOn", &[("name", "Badfenster")]));
    assert_eq!(got, (Outcome::Error, "device_cannot"));
}

#[test]
fn a_worse_reading_never_acts_in_place_of_a_question() {
    let world = World::new();
    let reading = |area, score| Reading {
        intent: intent("HassTurnOn", &[("area", area), ("domain", "light")]),
        score,
        response: String::new(),
    };
    let worse = [reading("Weinkeller", 0.9), reading("Flur", 0.8)];
    let decision = resolve(&worse, &world.context());
    assert_eq!(decision.say.code, "unknown_area");
    let equal = [reading("Weinkeller", 0.9), reading("Flur", 0.9)];
    let decision = resolve(&equal, &world.context());
    assert_eq!(decision.outcome, Outcome::Done);
}

#[test]
fn nothing_said_is_nothing_understood() {
    let world = World::new();
    let decision = resolve(&[], &world.context());
    assert_eq!(
        (decision.outcome, decision.intent),
        (Outcome::NotUnderstood, None)
    );
    let got = world.code(intent("HassMakeCoffee", &[]));
    // Understood, but nothing here can do it: said, not passed over.
    assert_eq!(got, (Outcome::Error, "not_yet"));
}

fn any_slot() -> impl Strategy<Value = (String, String)> {
    let values: &[(&str, &[&str])] = &[
        (
            "name",
            &[
                "Flurlicht",
                "Deckenlampe",
                "Haustür",
                "Garagentor",
                "Rollladen",
                "?",
            ],
        ),
        ("area", &["Flur", "Wohnzimmer", "Garage", "Weinkeller", ""]),
        ("floor", &["Obergeschoss", "Keller"]),
        (
            "domain",
            &[
                "light",
                "cover",
                "lock",
                "climate",
                "sensor",
                "vacuum",
                "media_player",
            ],
        ),
        ("device_class", &["garage", "blind", "tv", "window"]),
        ("brightness", &["0", "55", "900", "NaN"]),
        ("brightness_step", &["up", "-300", "1e300", "sideways"]),
        ("position", &["0", "100", "-7", "inf"]),
        ("temperature", &["21", "-400", "NaN"]),
        ("color", &["red", "beige"]),
    ];
    let choices: Vec<_> = values
        .iter()
        .flat_map(|(slot, values)| {
            values
                .iter()
                .map(move |v| (slot.to_string(), v.to_string()))
        })
        .collect();
    proptest::sample::select(choices)
}

proptest! {
    #[test]
    fn whatever_is_said_commands_are_possible_allowed_and_in_the_place_that_was_said(
        name in proptest::sample::select(vec![
            "HassTurnOn", "HassTurnOff", "HassToggle", "HassLightSet", "HassSetPosition",
            "HassClimateSetTemperature", "HassGetState", "HassClimateGetTemperature",
        ]),
        slots in proptest::collection::vec(any_slot(), 0..5),
        area in proptest::option::of(proptest::sample::select(vec!["hall", "living", "garage"])),
        caller in proptest::sample::select(Kind::ALL.to_vec()),
    ) {
        let mut world = World::new().called_by(caller);
        world.area = area.map(area_id);
        let pairs: Vec<_> = slots.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let intent = intent(name, &pairs);
        let said = |slot| intent.slots.contains_key(slot);
        let somewhere = said("name") || said("area") || said("floor") || area.is_some();
        let decision = world.decide(intent.clone());
        let Effect::Devices(commands) = &decision.effect else {
            return Ok(());
        };
        prop_assert!(somewhere);
        prop_assert_eq!(decision.outcome, Outcome::Done);
        for command in commands {
            let device = world.home.device(&command.device).unwrap();
            prop_assert_eq!(device.can.check(&command.target), Ok(()));
            prop_assert!(crate::risk::may(caller, crate::risk::risk(device, &command.target)));
            if let Some(area) = intent.text("area") {
                let area = area_of(&world.home, area, &world.language);
                prop_assert_eq!(Some(&device.area), area.as_ref());
            }
        }
    }
}
