//! Fans, robots, players, scenes and the weather; and timers that change.

use std::time::Duration;

use super::*;
use crate::device::Condition;
use crate::timer::{MAX_DURATION, Timer};

fn state(change: impl Fn(&mut DeviceState)) -> DeviceState {
    let mut state = DeviceState::default();
    change(&mut state);
    state
}

#[test]
fn machines_do_what_their_intents_say() {
    let world = World::new();
    for (name, slots, device, target) in [
        (
            "HassFanSetSpeed",
            &[("name", "Lüfter"), ("percentage", "40")][..],
            "fan.bath",
            state(|s| (s.on, s.speed_pct) = (Some(true), Some(40))),
        ),
        (
            "HassFanSetSpeed",
            &[("area", "Bad"), ("percentage", "0")],
            "fan.bath",
            off(),
        ),
        ("HassTurnOn", &[("name", "Lüfter")], "fan.bath", on()),
        (
            "HassVacuumStart",
            &[],
            "vacuum.robot",
            state(|s| s.working = Some(true)),
        ),
        (
            "HassTurnOff",
            &[("name", "Sauger")],
            "vacuum.robot",
            state(|s| s.working = Some(false)),
        ),
        (
            "HassVacuumReturnToBase",
            &[("name", "Sauger")],
            "vacuum.robot",
            state(|s| s.working = Some(false)),
        ),
        (
            "HassLawnMowerStartMowing",
            &[],
            "lawn_mower.robot",
            state(|s| s.working = Some(true)),
        ),
        (
            "HassLawnMowerDock",
            &[],
            "lawn_mower.robot",
            state(|s| s.working = Some(false)),
        ),
        (
            "HassSetVolume",
            &[("name", "Radio"), ("volume_level", "30")],
            "media_player.radio",
            state(|s| s.volume_pct = Some(30)),
        ),
        (
            "HassMediaPause",
            &[("area", "Bad")],
            "media_player.radio",
            state(|s| s.playing = Some(false)),
        ),
        (
            "HassMediaPlayerMute",
            &[("name", "Radio")],
            "media_player.radio",
            state(|s| s.muted = Some(true)),
        ),
    ] {
        let got = world.commands(intent(name, slots));
        assert_eq!(got, [(device.to_owned(), target)], "{name} {slots:?}");
    }
}

#[test]
fn scenes_and_scripts_are_turned_on() {
    let world = World::new();
    for (name, device) in [("Filmabend", "scene.film"), ("Gute Nacht", "script.night")] {
        let got = world.commands(intent("HassTurnOn", &[("name", name)]));
        assert_eq!(got, [(device.to_owned(), on())], "{name}");
    }
}

#[test]
fn what_can_not_be_is_said() {
    let world = World::new();
    for (name, slots, expect) in [
        ("HassTurnOff", &[("name", "Filmabend")][..], "device_cannot"),
        ("HassTurnOn", &[("name", "Wetter")], "device_cannot"),
        ("HassVacuumCleanArea", &[("area", "Bad")], "not_yet"),
        (
            "HassMediaSearchAndPlay",
            &[("search_query", "Abba")],
            "not_yet",
        ),
        (
            "HassLightSet",
            &[("name", "Flurlicht"), ("temperature", "2700")],
            "not_yet",
        ),
        (
            "HassStartTimer",
            &[("minutes", "5"), ("conversation_command", "Licht aus")],
            "not_yet",
        ),
        (
            "HassSetVolume",
            &[("name", "Radio"), ("volume_level", "130")],
            "out_of_range",
        ),
        ("HassGetWeather", &[], "weather_unknown"),
    ] {
        let got = world.code(intent(name, slots));
        assert_eq!(got, (Outcome::Error, expect), "{name} {slots:?}");
    }
    let got = world.code(intent("HassVacuumCleanArea", &[("area", "Hobbyraum")]));
    assert_eq!(got, (Outcome::Question, "unknown_area"));
    // Which player is meant is asked, and none is told anything.
    let got = world.code(intent("HassMediaPause", &[]));
    assert_eq!(got, (Outcome::Question, "which_device"));
}

#[test]
fn the_player_that_plays_is_meant_and_steps_are_absolute() {
    let playing = state(|s| {
        (s.on, s.playing) = (Some(true), Some(true));
        (s.track, s.volume_pct) = (Some(3), Some(95));
    });
    let world = World::new().with_state("media_player.radio", playing);
    for (name, slots, target) in [
        ("HassMediaNext", &[][..], state(|s| s.track = Some(4))),
        ("HassMediaPrevious", &[], state(|s| s.track = Some(2))),
        (
            "HassSetVolumeRelative",
            &[("volume_step", "up")],
            state(|s| s.volume_pct = Some(100)),
        ),
        (
            "HassSetVolumeRelative",
            &[("volume_step", "-20")],
            state(|s| s.volume_pct = Some(75)),
        ),
    ] {
        let got = world.commands(intent(name, slots));
        assert_eq!(got, [("media_player.radio".to_owned(), target)], "{name}");
    }
}

#[test]
fn the_weather_is_what_something_knows() {
    let rain = state(|s| (s.condition, s.current_celsius) = (Some(Condition::Rainy), Some(8.0)));
    let world = World::new().with_state("weather.home", rain);
    let say = world.decide(intent("HassGetWeather", &[])).say;
    let expect = Say::new("weather_temperature").text("condition", "rainy");
    assert_eq!(say, expect.number("temperature", 8));
}

#[test]
fn speech_that_is_no_command_is_answered() {
    let world = World::new();
    assert_eq!(world.code(intent("HassRespond", &[])).1, "hello");
    let decision = world.decide(intent("HassBroadcast", &[("message", "Essen ist fertig")]));
    assert_eq!(
        decision.effect,
        Effect::Announce("Essen ist fertig".to_owned())
    );
    let got = world.code(intent("HassBroadcast", &[]));
    assert_eq!(got, (Outcome::Question, "missing_message"));
}

/// What a change makes of a timer of ten minutes, one of which is over.
fn changed(name: &str, slots: &[(&str, &str)], paused: bool) -> Timer {
    let mut world = World::new();
    let timer = others::timer("a", "", 600, None);
    let now = world.context().now;
    world.timers = vec![if paused { timer.paused_at(now) } else { timer }];
    match world.decide(intent(name, slots)).effect {
        Effect::SetTimers(mut timers) => timers.remove(0),
        effect => panic!("{effect:?}"),
    }
}

#[test]
fn timers_change_and_keep_what_is_left() {
    let now = World::new().context().now;
    let minutes = |m: u64| Duration::from_secs(60 * m);
    for (name, slots, paused, left) in [
        ("HassIncreaseTimer", &[("minutes", "5")][..], false, 14),
        ("HassDecreaseTimer", &[("minutes", "5")], false, 4),
        ("HassPauseTimer", &[], false, 9),
        ("HassUnpauseTimer", &[], true, 9),
        ("HassIncreaseTimer", &[("minutes", "1")], true, 10),
    ] {
        let timer = changed(name, slots, paused);
        assert_eq!(timer.remaining(now), minutes(left), "{name}");
        let later = timer.remaining(now.plus(minutes(2)));
        let runs = timer.paused.is_none();
        let expect = if runs {
            minutes(left - 2)
        } else {
            minutes(left)
        };
        assert_eq!(later, expect, "{name}");
    }
    // Less than nothing is left of none: it is about to ring.
    let timer = changed("HassDecreaseTimer", &[("hours", "1")], false);
    assert_eq!(timer.remaining(now), Duration::from_secs(1));
    let world = World::new();
    let got = world.code(intent("HassPauseTimer", &[]));
    assert_eq!(got, (Outcome::Done, "no_timer"));
}

#[test]
fn a_time_of_day_is_a_timer_until_then() {
    let world = World::new();
    // It is five past two in the afternoon there.
    for (time, minutes) in [("14:06", 1), ("07:30", 17 * 60 + 25), ("14:05", 24 * 60)] {
        let decision = world.decide(intent("HassStartTimer", &[("time", time)]));
        let expect = Effect::StartTimer {
            name: String::new(),
            duration: Duration::from_secs(60 * minutes),
        };
        assert_eq!(decision.effect, expect, "{time}");
    }
    let got = world.code(intent("HassStartTimer", &[("time", "25:00")]));
    assert_eq!(got.1, "timer_needs_duration");
}

proptest! {
    #[test]
    fn no_change_makes_a_timer_longer_than_the_longest(
        seconds in 1_u64..100_000, left in 0_u64..200_000, at in 0_i64..1_000_000,
    ) {
        let now = Timestamp::from_unix_ms(at);
        let timer = others::timer("a", "", seconds.min(86_400), None);
        let changed = timer.with_left(Duration::from_secs(left), now);
        prop_assert!(changed.remaining(now) <= MAX_DURATION);
        prop_assert!(changed.remaining(now) >= Duration::from_secs(1));
        let (paused, resumed) = (changed.paused_at(now), changed.paused_at(now).resumed_at(now));
        prop_assert_eq!(paused.remaining(now), changed.remaining(now));
        prop_assert_eq!(resumed.remaining(now), changed.remaining(now));
    }
}
