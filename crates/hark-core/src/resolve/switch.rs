//! On, off and toggle, which for a cover means open and closed.

use super::places::{Found, find};
use super::verdict::Verdict;
use super::{Context, cover, machines};
use crate::device::{Command, DeviceState, Domain};
use crate::home::Device;
use crate::intent::Intent;
use crate::reply::Say;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    On,
    Off,
    Toggle,
}

/// Switches what is meant.
pub(super) fn turn(intent: &Intent, context: &Context<'_>, turn: Turn) -> Result<Verdict, Verdict> {
    let domain = intent.text("domain").and_then(Domain::parse);
    let found = find(intent, context, domain)?;
    let on = match turn {
        Turn::On => true,
        Turn::Off => false,
        Turn::Toggle => !found.devices.iter().any(|d| is_on(context, d)),
    };
    let first = found.devices[0];
    match first.domain {
        Domain::Lock => Err(refused_lock(context, first)),
        Domain::Cover => cover::move_to(context, &found, if on { 100 } else { 0 }),
        Domain::Sensor | Domain::BinarySensor | Domain::Weather => Err(cannot(context, first)),
        Domain::Vacuum | Domain::LawnMower => machines::send(context, &found, on),
        Domain::Scene | Domain::Script => machines::activate(context, &found, on),
        Domain::Light | Domain::Switch | Domain::Climate | Domain::MediaPlayer | Domain::Fan => {
            Ok(switched(context, &found, on))
        }
    }
}

fn switched(context: &Context<'_>, found: &Found<'_>, on: bool) -> Verdict {
    let target = DeviceState {
        on: Some(on),
        ..Default::default()
    };
    let commands = found.devices.iter().map(|d| Command {
        device: d.id.clone(),
        target,
    });
    let light = found.devices[0].domain == Domain::Light;
    let say = match (&found.place, found.one()) {
        (Some(place), one) if light || one.is_none() => {
            let code = match (light, on) {
                (true, true) => "lights_on",
                (true, false) => "lights_off",
                (false, true) => "devices_on",
                (false, false) => "devices_off",
            };
            Say::new(code).text("area", place)
        }
        _ => about_one(context, found.devices[0], on),
    };
    Verdict::commands(commands.collect(), say)
}

/// That one device is on or off.
pub(super) fn about_one(context: &Context<'_>, device: &Device, on: bool) -> Say {
    let code = match (device.domain, on) {
        (Domain::Light, true) => "light_on",
        (Domain::Light, false) => "light_off",
        (_, true) => "device_on",
        (_, false) => "device_off",
    };
    with_device(code, context, device)
}

/// A reply about one device.
pub(super) fn with_device(code: &'static str, context: &Context<'_>, device: &Device) -> Say {
    Say::new(code).text("device", device.names.phrase(context.language))
}

/// The device can't do that.
pub(super) fn cannot(context: &Context<'_>, device: &Device) -> Verdict {
    Verdict::failed(with_device("device_cannot", context, device))
}

fn refused_lock(context: &Context<'_>, device: &Device) -> Verdict {
    Verdict::refused(with_device("refused_lock", context, device))
}

/// The state that a device has, as far as it is known.
pub(super) fn state(context: &Context<'_>, device: &Device) -> DeviceState {
    let at = context.states.devices.get(&device.id);
    at.map(|at| at.state).unwrap_or_default()
}

fn is_on(context: &Context<'_>, device: &Device) -> bool {
    let state = state(context, device);
    match device.domain {
        Domain::Cover => state.position_pct.is_some_and(|p| p > 0),
        Domain::Vacuum | Domain::LawnMower => state.working == Some(true),
        // These can only be activated.
        Domain::Scene | Domain::Script => false,
        _ => state.on == Some(true),
    }
}
