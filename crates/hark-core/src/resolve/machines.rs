//! Fans, robots, scenes and scripts.

use super::Context;
use super::cover::percent;
use super::places::{Found, anywhere, find};
use super::switch::{cannot, with_device};
use super::verdict::Verdict;
use crate::device::{Command, DeviceState, Domain};
use crate::home::Device;
use crate::intent::Intent;
use crate::reply::Say;

/// Sets how fast fans turn; at 0 they are off.
pub(super) fn fan_speed(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let speed = percent(intent, "percentage")?;
    let found = find(intent, context, Some(Domain::Fan))?;
    let target = match speed {
        0 => DeviceState {
            on: Some(false),
            ..Default::default()
        },
        speed => DeviceState {
            on: Some(true),
            speed_pct: Some(speed),
            ..Default::default()
        },
    };
    let say = match (speed, found.devices[0]) {
        (0, fan) => with_device("device_off", context, fan),
        (speed, fan) => with_device("fan_speed", context, fan).number("speed", speed),
    };
    told(context, &found, target, |d| d.can.speed, say)
}

/// Sends a robot to work or to its dock.
pub(super) fn work(
    intent: &Intent,
    context: &Context<'_>,
    domain: Domain,
    working: bool,
) -> Result<Verdict, Verdict> {
    let found = anywhere(intent, context, domain, |_| false)?;
    send(context, &found, working)
}

/// Sends the robots that were found to work or to their docks.
pub(super) fn send(
    context: &Context<'_>,
    found: &Found<'_>,
    working: bool,
) -> Result<Verdict, Verdict> {
    let target = DeviceState {
        working: Some(working),
        ..Default::default()
    };
    let code = if working {
        "robot_works"
    } else {
        "robot_docks"
    };
    let say = with_device(code, context, found.devices[0]);
    told(context, found, target, |d| d.can.work, say)
}

/// Activates scenes, runs scripts; neither can be undone.
pub(super) fn activate(
    context: &Context<'_>,
    found: &Found<'_>,
    on: bool,
) -> Result<Verdict, Verdict> {
    let first = found.devices[0];
    if !on {
        return Err(cannot(context, first));
    }
    let target = DeviceState {
        on: Some(true),
        ..Default::default()
    };
    let code = match first.domain {
        Domain::Script => "script_run",
        _ => "scene_activated",
    };
    let say = with_device(code, context, first);
    told(context, found, target, |d| d.can.on_off, say)
}

fn told(
    context: &Context<'_>,
    found: &Found<'_>,
    target: DeviceState,
    able: impl Fn(&Device) -> bool,
    say: Say,
) -> Result<Verdict, Verdict> {
    if let Some(device) = found.devices.iter().find(|d| !able(d)) {
        return Err(cannot(context, device));
    }
    let commands = found.devices.iter().map(|d| Command {
        device: d.id.clone(),
        target,
    });
    Ok(Verdict::commands(commands.collect(), say))
}
