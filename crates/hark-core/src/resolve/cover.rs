//! Covers: how far they open. An entrance opens only for who may let somebody in.

use super::Context;
use super::places::{Found, ask, find};
use super::switch::{cannot, with_device};
use super::verdict::Verdict;
use crate::device::{Command, DeviceState, Domain};
use crate::home::Device;
use crate::intent::Intent;
use crate::reply::Say;
use crate::risk;

/// Moves covers to a position.
pub(super) fn set(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let position = percent(intent, "position")?;
    let found = find(intent, context, Some(Domain::Cover))?;
    move_to(context, &found, position)
}

/// Moves the covers that were found to a position, 0 to 100.
pub(super) fn move_to(
    context: &Context<'_>,
    found: &Found<'_>,
    position: u8,
) -> Result<Verdict, Verdict> {
    let target = DeviceState {
        position_pct: Some(position),
        ..Default::default()
    };
    for device in &found.devices {
        if !device.can.position {
            return Err(cannot(context, device));
        }
        if !risk::may(context.caller, risk::risk(device, &target)) {
            let say = with_device("refused_dangerous", context, device);
            return Err(Verdict::refused(say));
        }
    }
    let commands = found.devices.iter().map(|d| Command {
        device: d.id.clone(),
        target,
    });
    let say = match (&found.place, found.one()) {
        (Some(place), None) => say_all(place, position),
        _ => say_one(context, found.devices[0], position),
    };
    Ok(Verdict::commands(commands.collect(), say))
}

/// That one cover is so far open.
pub(super) fn say_one(context: &Context<'_>, device: &Device, position: u8) -> Say {
    match position {
        0 => with_device("device_closed", context, device),
        100 => with_device("device_open", context, device),
        _ => with_device("device_position", context, device).number("position", position),
    }
}

fn say_all(place: &str, position: u8) -> Say {
    match position {
        0 => Say::new("covers_closed").text("area", place),
        100 => Say::new("covers_open").text("area", place),
        _ => Say::new("covers_position")
            .text("area", place)
            .number("position", position),
    }
}

/// A slot that is a percentage.
pub(super) fn percent(intent: &Intent, slot: &str) -> Result<u8, Verdict> {
    let value = intent.number(slot).ok_or_else(|| ask("missing_value"))?;
    let rounded = value.round();
    if !(0.0..=100.0).contains(&rounded) {
        return Err(out_of_range(value, 0, 100));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was just checked to be from 0 to 100"
    )]
    Ok(rounded as u8)
}

/// The value is none that can be set.
pub(super) fn out_of_range(value: f64, low: i32, high: i32) -> Verdict {
    let say = Say::new("out_of_range").number("value", value);
    Verdict::failed(say.number("low", low).number("high", high))
}
