//! Several commands in one sentence, and what is left alone.

use super::*;
use crate::resolve::resolve_all;

fn reading(name: &str, slots: &[(&str, &str)]) -> Vec<Reading> {
    vec![Reading {
        intent: intent(name, slots),
        score: 1.0,
        response: String::new(),
    }]
}

#[test]
fn all_commands_are_done_and_all_replies_said() {
    let world = World::new();
    let commands = [
        reading("HassTurnOff", &[("area", "Flur"), ("domain", "light")]),
        reading(
            "HassClimateSetTemperature",
            &[("area", "Bad"), ("temperature", "18")],
        ),
        reading("HassListAddItem", &[("item", "Milch")]),
        reading("HassStartTimer", &[("minutes", "5")]),
    ];
    let decision = resolve_all(&commands, &world.context());
    assert_eq!(decision.outcome, Outcome::Done);
    let told: Vec<_> = decision
        .effect
        .commands()
        .iter()
        .map(|c| c.device.as_str())
        .collect();
    assert_eq!(told, ["light.hall", "climate.bath"]);
    assert!(matches!(&decision.effect, Effect::Several(all) if all.len() == 3));
    let said: Vec<_> = decision.then.iter().map(|say| say.code).collect();
    assert_eq!(said, ["climate_target", "item_added", "timer_started"]);
    assert!(decision.then.iter().all(reply::is_complete));
}

#[test]
fn where_one_is_a_question_nothing_is_done() {
    let world = World::new();
    let light = reading("HassTurnOff", &[("area", "Flur"), ("domain", "light")]);
    for (other, expect) in [
        (
            reading(
                "HassTurnOff",
                &[("area", "Weinkeller"), ("domain", "light")],
            ),
            "unknown_area",
        ),
        (
            reading("HassTurnOff", &[("name", "Haustür")]),
            "refused_lock",
        ),
        (vec![], "not_understood"),
    ] {
        for commands in [
            [light.clone(), other.clone()],
            [other.clone(), light.clone()],
        ] {
            let decision = resolve_all(&commands, &world.context());
            assert_eq!(
                (decision.say.code, decision.effect),
                (expect, Effect::Nothing)
            );
        }
    }
    let milk = reading("HassListAddItem", &[("item", "Milch")]);
    let bread = reading("HassListAddItem", &[("item", "Brot")]);
    let decision = resolve_all(&[milk, bread], &world.context());
    assert_eq!(
        (decision.say.code, decision.effect),
        ("one_at_a_time", Effect::Nothing)
    );
    assert_eq!(
        resolve_all(&[], &world.context()).outcome,
        Outcome::NotUnderstood
    );
}

#[test]
fn exceptions_are_left_alone() {
    let world = World::new();
    let whole = [("domain", "light"), ("scope", "home")];
    let off = |more: &[(&str, &str)]| {
        let slots = [&whole[..], more].concat();
        let told = world.commands(intent("HassTurnOff", &slots)).into_iter();
        told.map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(off(&[]).len(), 5);
    assert_eq!(
        off(&[("except_area", "Wohnzimmer")]),
        ["light.bath", "light.hall"]
    );
    let two = [("except_area", "Wohnzimmer"), ("except_area_2", "Bad")];
    assert_eq!(off(&two), ["light.hall"]);
    assert_eq!(off(&[("except_name", "Lichterkette")]).len(), 4);
    assert_eq!(off(&[("except_floor", "Obergeschoss")]).len(), 4);
    for (slot, expect) in [
        ("except_area", "unknown_area"),
        ("except_floor", "unknown_floor"),
        ("except_name", "unknown_device"),
    ] {
        let slots = [&whole[..], &[(slot, "Weinkeller")]].concat();
        let got = world.code(intent("HassTurnOff", &slots));
        assert_eq!(got, (Outcome::Question, expect), "{slot}");
    }
    let slots = [&whole[..], &[("except_area", "Bad")]].concat();
    let say = world.decide(intent("HassTurnOff", &slots)).say;
    let area = &say.in_words(&Language::german())["area"];
    assert_eq!(area, "im ganzen Haus außer Bad");
}

#[test]
fn the_whole_home_follows_a_setting() {
    let world = World::new();
    let readings = reading("HassTurnOff", &[("domain", "light"), ("scope", "home")]);
    let context = Context {
        whole_home: false,
        ..world.context()
    };
    let decision = resolve(&readings, &context);
    assert_eq!(decision.outcome, Outcome::Refused);
    assert_eq!(
        (decision.say.code, decision.effect),
        ("refused_whole_home", Effect::Nothing)
    );
}

#[test]
fn what_was_not_understood_is_said_back() {
    let world = World::new();
    let say = resolve(&[], &world.context()).say;
    assert_eq!(say, Say::new("not_understood").text("spoken", "blah"));
}
