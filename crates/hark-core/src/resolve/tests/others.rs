//! Questions about states, timers, lists and the time; reports of failure.

use std::time::Duration;

use super::*;
use crate::home::DeviceError;
use crate::ids::TimerId;

#[test]
fn states_are_told_as_they_are() {
    let celsius = |t| DeviceState {
        current_celsius: Some(t),
        ..Default::default()
    };
    let heats = DeviceState {
        target_celsius: Some(21.0),
        ..on()
    };
    let contact = DeviceState {
        open: Some(true),
        ..Default::default()
    };
    let gone = DeviceState {
        available: Some(false),
        ..on()
    };
    for (device, name, state, expect) in [
        ("light.hall", "Flurlicht", on(), "light_on"),
        ("light.hall", "Flurlicht", off(), "light_off"),
        ("media_player.tv", "Fernseher", on(), "device_on"),
        ("cover.blind", "Rollladen", open(0), "device_closed"),
        ("cover.blind", "Rollladen", open(40), "device_position"),
        ("climate.bath", "Badheizung", heats, "climate_target"),
        ("climate.bath", "Badheizung", off(), "device_off"),
        ("binary_sensor.window", "Badfenster", contact, "device_open"),
        (
            "sensor.hall",
            "Flurtemperatur",
            celsius(19.5),
            "device_temperature",
        ),
        (
            "light.hall",
            "Flurlicht",
            DeviceState::default(),
            "state_unknown",
        ),
        ("light.hall", "Flurlicht", gone, "device_unavailable"),
    ] {
        let world = World::new().with_state(device, state);
        let decision = world.decide(intent("HassGetState", &[("name", name)]));
        assert_eq!(decision.say.code, expect);
        assert_eq!(decision.effect, Effect::Nothing);
    }
}

#[test]
fn questions_about_many_devices_name_those_that_matter() {
    let contact = DeviceState {
        open: Some(true),
        ..Default::default()
    };
    let lights = [("domain", "light"), ("scope", "home")];
    let windows = [("domain", "binary_sensor"), ("device_class", "window")];
    for (world, slots, expect) in [
        (World::new(), lights, "none_on"),
        (
            World::new().with_state("light.mood", on()),
            lights,
            "any_on",
        ),
        (
            World::new().with_state("binary_sensor.window", contact),
            windows,
            "device_open",
        ),
        (
            World::new(),
            [("domain", "light"), ("area", "Flur")],
            "lights_off",
        ),
        (
            World::new().with_state("light.hall", on()),
            [("domain", "light"), ("area", "Flur")],
            "lights_on",
        ),
        (
            World::new(),
            [("domain", "light"), ("area", "Weinkeller")],
            "unknown_area",
        ),
        (
            World::new(),
            [("domain", "cover"), ("area", "Bad")],
            "no_device_in_area",
        ),
    ] {
        let decision = world.decide(intent("HassGetState", &slots));
        assert_eq!(decision.say.code, expect, "{slots:?}");
    }
}

#[test]
fn temperatures_come_from_thermostats_and_sensors() {
    let celsius = DeviceState {
        current_celsius: Some(19.5),
        ..Default::default()
    };
    let world = World::new()
        .with_state("climate.bath", celsius)
        .with_state("sensor.hall", celsius)
        .at("hall");
    for (slots, expect) in [
        (&[("area", "Bad")][..], "temperature"),
        (&[], "temperature"),
        (&[("name", "Flurtemperatur")], "device_temperature"),
        (&[("name", "Flurlicht")], "device_cannot"),
        (&[("area", "Garage")], "no_device_in_area"),
    ] {
        let got = world.code(intent("HassClimateGetTemperature", slots));
        assert_eq!(got.1, expect, "{slots:?}");
    }
}

pub(super) fn timer(id: &str, name: &str, seconds: u64, speaker: Option<&str>) -> Timer {
    Timer {
        id: TimerId::parse(id).unwrap(),
        name: name.to_owned(),
        duration: Duration::from_secs(seconds),
        started_at: Timestamp::from_unix_ms(0),
        speaker: speaker.map(|s| SpeakerId::parse(s).unwrap()),
        area: None,
        language: Language::german(),
        paused: None,
    }
}

#[test]
fn timers_are_set_for_as_long_as_was_said() {
    let world = World::new();
    for (slots, seconds) in [
        (&[("minutes", "10")][..], 600),
        (&[("hours", "1.5")], 5400),
        (&[("hours", "1"), ("minutes", "2"), ("seconds", "3")], 3723),
        (&[("hours", "24")], 86_400),
    ] {
        let decision = world.decide(intent("HassStartTimer", slots));
        let expect = Effect::StartTimer {
            name: String::new(),
            duration: Duration::from_secs(seconds),
        };
        assert_eq!(decision.effect, expect);
    }
    for (slots, expect) in [
        (&[("minutes", "0")][..], "timer_needs_duration"),
        (&[("minutes", "-5")], "timer_needs_duration"),
        (&[("name", "Pizza")], "timer_needs_duration"),
        (&[("hours", "25")], "timer_too_long"),
        (&[("hours", "1e300")], "timer_too_long"),
    ] {
        assert_eq!(world.code(intent("HassStartTimer", slots)).1, expect);
    }
}

#[test]
fn no_more_timers_than_the_limit() {
    let mut world = World::new();
    world.timers = (0..crate::timer::MAX_TIMERS)
        .map(|i| timer(&i.to_string(), "", 60, None))
        .collect();
    let got = world.code(intent("HassStartTimer", &[("minutes", "1")]));
    assert_eq!(got, (Outcome::Error, "too_many_timers"));
}

#[test]
fn the_timer_that_is_meant_is_found_or_asked_for() {
    let mut world = World::new();
    assert_eq!(world.code(intent("HassTimerStatus", &[])).1, "no_timer");
    assert_eq!(world.code(intent("HassCancelAllTimers", &[])).1, "no_timer");
    world.timers = vec![
        timer("a", "Pizza", 600, Some("kitchen")),
        timer("b", "", 1200, Some("office")),
    ];
    for (name, slots, expect) in [
        ("HassTimerStatus", &[][..], "timers_remaining"),
        (
            "HassTimerStatus",
            &[("name", "pizza")],
            "timer_remaining_named",
        ),
        (
            "HassTimerStatus",
            &[("start_minutes", "20")],
            "timer_remaining",
        ),
        ("HassTimerStatus", &[("name", "Tee")], "unknown_timer"),
        ("HassCancelTimer", &[], "which_timer"),
        (
            "HassCancelTimer",
            &[("name", "Pizza")],
            "timer_cancelled_named",
        ),
        (
            "HassCancelTimer",
            &[("start_minutes", "20")],
            "timer_cancelled",
        ),
        (
            "HassCancelTimer",
            &[("start_minutes", "21")],
            "unknown_timer",
        ),
        ("HassCancelAllTimers", &[], "timers_cancelled"),
    ] {
        assert_eq!(
            world.code(intent(name, slots)).1,
            expect,
            "{name} {slots:?}"
        );
    }
    // Who says "cancel the timer" means the one of this speaker.
    world.speaker = Some(SpeakerId::parse("office").unwrap());
    let decision = world.decide(intent("HassCancelTimer", &[]));
    let expect = Effect::CancelTimers(vec![TimerId::parse("b").unwrap()]);
    assert_eq!(decision.effect, expect);
}

#[test]
fn what_is_left_is_said_in_the_language() {
    let mut world = World::new();
    world.timers = vec![timer("a", "", 360, None)];
    let say = world.decide(intent("HassTimerStatus", &[])).say;
    assert_eq!(say.in_words(&Language::german())["remaining"], "5 Minuten");
}

#[test]
fn lists_are_kept() {
    let mut world = World::new();
    let shopping = ListId::parse("shopping").unwrap();
    let milk = Item {
        text: "Milch".to_owned(),
        completed: false,
    };
    assert_eq!(world.code(intent("HassListGetItems", &[])).1, "list_empty");
    let slots = [("item", "Milch"), ("name", "Einkaufsliste")];
    let decision = world.decide(intent("HassListAddItem", &slots));
    let expect = Effect::SetList {
        list: shopping.clone(),
        items: vec![milk.clone()],
    };
    assert_eq!(decision.effect, expect);
    world.lists.insert(shopping, vec![milk]);
    for (name, slots, expect) in [
        (
            "HassShoppingListAddItem",
            &[("item", "Milch")][..],
            "item_already_there",
        ),
        (
            "HassShoppingListCompleteItem",
            &[("item", "milch")],
            "item_completed",
        ),
        (
            "HassListRemoveItem",
            &[("item", "Milch"), ("name", "Einkaufsliste")],
            "item_removed",
        ),
        ("HassListCompleteItem", &[("item", "Eier")], "unknown_item"),
        (
            "HassListAddItem",
            &[("item", "Eier"), ("name", "Wunschliste")],
            "unknown_list",
        ),
        ("HassListAddItem", &[], "missing_value"),
        ("HassListGetItems", &[], "list_items"),
    ] {
        assert_eq!(
            world.code(intent(name, slots)).1,
            expect,
            "{name} {slots:?}"
        );
    }
}

#[test]
fn time_and_date_are_those_of_the_home() {
    let world = World::new();
    for (name, argument, expect) in [
        ("HassGetCurrentTime", "time", "14 Uhr 5"),
        (
            "HassGetCurrentDate",
            "date",
            "Sonntag, der 22. November 2026",
        ),
    ] {
        let say = world.decide(intent(name, &[])).say;
        assert_eq!(say.in_words(&world.language)[argument], expect);
    }
    assert_eq!(world.code(intent("HassNevermind", &[])).1, "never_mind");
}

#[test]
fn a_report_says_what_did_not_work() {
    let world = World::new().at("living");
    let decision = world.decide(intent("HassTurnOn", &[("domain", "light")]));
    let unreachable = DeviceError::Unavailable {
        device: device_id("light.mood"),
        why: "no answer".to_owned(),
    };
    let unclear = DeviceError::Indeterminate {
        device: device_id("light.mood"),
        why: "no answer".to_owned(),
    };
    let executed = |device: &str, result| Executed {
        device: device_id(device),
        before: off(),
        result,
    };
    let fine = || executed("light.living", Ok(on()));
    for (all, expect) in [
        (vec![fine()], (Outcome::Done, "lights_on")),
        (
            vec![fine(), executed("light.mood", Err(unreachable.clone()))],
            (Outcome::Error, "partly_done"),
        ),
        (
            vec![executed("light.mood", Err(unreachable))],
            (Outcome::Error, "device_unavailable"),
        ),
        (
            vec![executed("light.mood", Err(unclear))],
            (Outcome::Unknown, "outcome_unknown"),
        ),
    ] {
        let (outcome, say) = report(&decision, &all, &world.home, &world.language);
        assert!(reply::is_complete(&say));
        assert_eq!((outcome, say.code), expect);
    }
}
