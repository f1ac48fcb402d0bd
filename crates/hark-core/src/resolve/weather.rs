//! What the weather is, as far as something in the home knows.

use super::Context;
use super::places::anywhere;
use super::switch::state;
use super::verdict::{Verdict, ids};
use crate::device::Domain;
use crate::intent::Intent;
use crate::reply::Say;

/// The weather now.
pub(super) fn now(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let unknown = || Verdict::failed(Say::new("weather_unknown"));
    let knows = |d: &&crate::home::Device| d.domain == Domain::Weather;
    let home = &context.home.devices;
    if !home.iter().any(|d| knows(&d)) {
        return Err(unknown());
    }
    // Of several places none was named: the first is the home's own.
    let device = match intent.text("name") {
        Some(_) => anywhere(intent, context, Domain::Weather, |_| false)?.devices[0],
        None => home.iter().find(knows).ok_or_else(unknown)?,
    };
    let state = state(context, device);
    let say = match (state.condition, state.current_celsius) {
        (None, _) => return Err(unknown()),
        (Some(condition), None) => Say::new("weather").text("condition", condition.as_str()),
        (Some(condition), Some(celsius)) => Say::new("weather_temperature")
            .text("condition", condition.as_str())
            .number("temperature", celsius),
    };
    Ok(Verdict::answer(ids(&[device]), say))
}
