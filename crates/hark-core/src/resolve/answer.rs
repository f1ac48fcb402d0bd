//! Answers: what state something is in, what time it is.

use super::places::{Place, ask, find, of_kind, said_place};
use super::switch::{about_one, state as state_of, with_device};
use super::verdict::{Verdict, ids};
use super::{Context, Effect, climate, cover};
use crate::device::{DeviceState, Domain};
use crate::home::Device;
use crate::intent::Intent;
use crate::reply::{Argument, Say};

/// What state a device is in, or which devices of a kind are on or open. A question
/// that names no place is about the whole home: answering it changes nothing. Only
/// "the light" is the one here.
pub(super) fn state(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let domain = intent.text("domain").and_then(Domain::parse);
    if intent.text("name").is_some() {
        let found = find(intent, context, domain)?;
        return Ok(about_device(context, found.devices[0]));
    }
    let domain = domain.ok_or_else(|| ask("which_kind"))?;
    if domain == Domain::Sensor {
        return climate::measured(intent, context);
    }
    let here = context.area.and_then(|id| context.home.area(id));
    let here = here.filter(|_| domain == Domain::Light);
    let place = said_place(intent, context)?;
    let place = place.unwrap_or_else(|| here.map_or(Place::Home, Place::Area));
    let found = of_kind(intent, context, domain, &place)?;
    if let Some(device) = found.one().filter(|_| domain != Domain::Light) {
        return Ok(about_device(context, device));
    }
    let area = match place {
        Place::Home => None,
        _ => found.place.as_deref(),
    };
    Ok(about_several(context, domain, &found.devices, area))
}

fn about_device(context: &Context<'_>, device: &Device) -> Verdict {
    let state = state_of(context, device);
    if state.available == Some(false) {
        let say = with_device("device_unavailable", context, device);
        return Verdict::failed(say);
    }
    let say = known_state(context, device, &state)
        .unwrap_or_else(|| with_device("state_unknown", context, device));
    Verdict::answer(ids(&[device]), say)
}

fn known_state(context: &Context<'_>, device: &Device, state: &DeviceState) -> Option<Say> {
    let say = |code| with_device(code, context, device);
    let either = |is: bool, yes, no| say(if is { yes } else { no });
    Some(match device.domain {
        Domain::Light | Domain::Switch | Domain::MediaPlayer | Domain::Fan => {
            about_one(context, device, state.on?)
        }
        Domain::Scene | Domain::Script => return None,
        Domain::Vacuum | Domain::LawnMower => either(state.working?, "robot_works", "robot_docks"),
        Domain::Weather => Say::new("weather").text("condition", state.condition?.as_str()),
        Domain::Cover => cover::say_one(context, device, state.position_pct?),
        Domain::Climate => match (state.on?, state.target_celsius) {
            (true, Some(celsius)) => say("climate_target").number("temperature", celsius),
            (on, _) => about_one(context, device, on),
        },
        Domain::Lock => either(state.locked?, "device_locked", "device_unlocked"),
        Domain::BinarySensor => either(state.open?, "device_open", "device_closed"),
        Domain::Sensor => match (state.current_celsius, state.measured) {
            (Some(celsius), _) => say("device_temperature").number("temperature", celsius),
            (None, measured) => say("device_measures").number("value", measured?),
        },
    })
}

fn about_several(
    context: &Context<'_>,
    domain: Domain,
    devices: &[&Device],
    area: Option<&str>,
) -> Verdict {
    let active: Vec<_> = devices
        .iter()
        .filter(|d| is_active(&state_of(context, d), domain))
        .copied()
        .collect();
    let lights_of = area.filter(|_| domain == Domain::Light);
    let (some, none) = match domain {
        Domain::Cover | Domain::BinarySensor => ("any_open", "none_open"),
        Domain::Lock => ("any_unlocked", "none_unlocked"),
        _ => ("any_on", "none_on"),
    };
    let say = match (lights_of, active.len()) {
        (Some(area), 0) => Say::new("lights_off").text("area", area),
        (Some(area), n) if n == devices.len() => Say::new("lights_on").text("area", area),
        (_, 0) => Say::new(none),
        _ => {
            let names = active
                .iter()
                .map(|d| d.names.say(context.language).to_owned());
            Say::new(some).with("devices", Argument::Texts(names.collect()))
        }
    };
    Verdict::answer(ids(devices), say)
}

fn is_active(state: &DeviceState, domain: Domain) -> bool {
    match domain {
        Domain::Cover => state.position_pct.is_some_and(|p| p > 0),
        Domain::BinarySensor => state.open == Some(true),
        Domain::Lock => state.locked == Some(false),
        _ => state.on == Some(true),
    }
}

/// A friendly word back.
pub(super) fn respond(intent: &Intent) -> Verdict {
    let say = match intent.text("response") {
        Some(text) => Say::new("respond").text("text", text),
        None => Say::new("hello"),
    };
    Verdict::answer(vec![], say)
}

/// Says something at every speaker.
pub(super) fn broadcast(intent: &Intent) -> Result<Verdict, Verdict> {
    let message = intent.text("message").map(str::trim);
    let message = message.filter(|m| !m.is_empty());
    let message = message.ok_or_else(|| ask("missing_message"))?;
    let say = Say::new("announced").text("text", message);
    Ok(Verdict::effect(Effect::Announce(message.to_owned()), say))
}

/// What time it is.
pub(super) fn time(context: &Context<'_>) -> Verdict {
    let time = Argument::Time {
        hour: context.local.hour,
        minute: context.local.minute,
    };
    Verdict::answer(vec![], Say::new("time").with("time", time))
}

/// What day it is.
pub(super) fn date(context: &Context<'_>) -> Verdict {
    let date = Argument::Date(context.local.date);
    Verdict::answer(vec![], Say::new("date").with("date", date))
}
