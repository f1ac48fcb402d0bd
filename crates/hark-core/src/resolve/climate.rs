//! Heating: which temperature to hold, and which one there is.

use super::Context;
use super::cover::out_of_range;
use super::places::{ask, find, of_kind, place};
use super::switch::{cannot, state, with_device};
use super::verdict::{Verdict, ids};
use crate::device::{Command, DeviceState, Domain};
use crate::home::TARGET_CELSIUS;
use crate::intent::Intent;
use crate::reply::Say;

/// Sets thermostats to a temperature, and on.
pub(super) fn set(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let asked = intent.number("temperature");
    let celsius = asked.ok_or_else(|| ask("missing_value"))?;
    let (low, high) = (*TARGET_CELSIUS.start(), *TARGET_CELSIUS.end());
    if !(f64::from(low)..=f64::from(high)).contains(&celsius) {
        return Err(out_of_range(celsius, low, high));
    }
    let found = find(intent, context, Some(Domain::Climate))?;
    if let Some(device) = found.devices.iter().find(|d| !d.can.temperature) {
        return Err(cannot(context, device));
    }
    let target = DeviceState {
        on: Some(true),
        target_celsius: Some(celsius),
        ..Default::default()
    };
    let commands = found.devices.iter().map(|d| Command {
        device: d.id.clone(),
        target,
    });
    let say = match (&found.place, found.one()) {
        (Some(place), None) => Say::new("climates_target").text("area", place),
        _ => with_device("climate_target", context, found.devices[0]),
    };
    let say = say.number("temperature", celsius);
    Ok(Verdict::commands(commands.collect(), say))
}

/// The temperature that is measured: by the thermostat, else by a sensor.
pub(super) fn measured(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    if intent.text("name").is_some() {
        let found = find(intent, context, None)?;
        let device = found.devices[0];
        let say = match state(context, device).current_celsius {
            Some(celsius) => {
                with_device("device_temperature", context, device).number("temperature", celsius)
            }
            None => return Err(cannot(context, device)),
        };
        return Ok(Verdict::answer(ids(&found.devices), say));
    }
    let place = place(intent, context)?.ok_or_else(|| ask("which_area"))?;
    let area = place.phrase(context.language);
    for domain in [Domain::Climate, Domain::Sensor] {
        let Ok(found) = of_kind(intent, context, domain, &place) else {
            continue;
        };
        let known = |d: &&&crate::home::Device| state(context, d).current_celsius.is_some();
        if let Some(device) = found.devices.iter().find(known) {
            let celsius = state(context, device).current_celsius.unwrap_or_default();
            let say = Say::new("temperature").text("area", area);
            let say = say.number("temperature", celsius);
            return Ok(Verdict::answer(ids(&[device]), say));
        }
    }
    Err(Verdict::failed(
        Say::new("no_device_in_area").text("area", area),
    ))
}
