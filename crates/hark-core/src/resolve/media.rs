//! What plays: pause, go on, next, previous, how loud. A step is made absolute against
//! the state of the player, so that doing it twice is doing it once.

use super::Context;
use super::cover::percent;
use super::places::{Found, anywhere, ask};
use super::switch::{cannot, state, with_device};
use super::verdict::Verdict;
use crate::device::{Command, DeviceState, Domain};
use crate::home::Device;
use crate::intent::{Intent, SlotValue};
use crate::reply::Say;

/// The step of "louder" where no number was said, in percent points.
const VOLUME_STEP: i32 = 10;

/// What is wanted of a player.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Pause,
    Resume,
    Next,
    Previous,
    Mute,
    Unmute,
}

/// Does it.
pub(super) fn play(intent: &Intent, context: &Context<'_>, wish: Wish) -> Result<Verdict, Verdict> {
    let found = players(intent, context)?;
    let target = |now: &DeviceState| {
        let track = now.track.unwrap_or(1);
        let mut target = DeviceState::default();
        match wish {
            Wish::Pause => target.playing = Some(false),
            Wish::Resume => (target.playing, target.on) = (Some(true), Some(true)),
            Wish::Next => target.track = Some(track.saturating_add(1)),
            Wish::Previous => target.track = Some(track.saturating_sub(1).max(1)),
            Wish::Mute => target.muted = Some(true),
            Wish::Unmute => target.muted = Some(false),
        }
        target
    };
    let code = match wish {
        Wish::Pause => "media_paused",
        Wish::Resume => "media_playing",
        Wish::Next => "media_next",
        Wish::Previous => "media_previous",
        Wish::Mute => "media_muted",
        Wish::Unmute => "media_unmuted",
    };
    told(context, &found, target, |first, _| {
        with_device(code, context, first)
    })
}

/// Sets how loud players are.
pub(super) fn volume(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let volume = percent(intent, "volume_level")?;
    let found = players(intent, context)?;
    told(
        context,
        &found,
        |_| loud(volume),
        |first, target| say_volume(context, first, target),
    )
}

/// Makes players louder or quieter.
pub(super) fn volume_step(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let step = match intent.slots.get("volume_step").map(|slot| &slot.value) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` clips, and steps beyond 100 are clamped anyway"
        )]
        Some(SlotValue::Number(step)) => step.round() as i32,
        Some(SlotValue::Text(text)) if text == "up" => VOLUME_STEP,
        Some(SlotValue::Text(text)) if text == "down" => -VOLUME_STEP,
        _ => return Err(ask("missing_value")),
    };
    let found = players(intent, context)?;
    let target = |now: &DeviceState| {
        let from = i32::from(now.volume_pct.unwrap_or(50));
        let to = from.saturating_add(step).clamp(0, 100);
        loud(u8::try_from(to).expect("it is clamped to at most 100"))
    };
    told(context, &found, target, |first, target| {
        say_volume(context, first, target)
    })
}

fn loud(percent: u8) -> DeviceState {
    DeviceState {
        volume_pct: Some(percent),
        ..Default::default()
    }
}

fn say_volume(context: &Context<'_>, device: &Device, target: &DeviceState) -> Say {
    let say = with_device("media_volume", context, device);
    say.number("volume", target.volume_pct.unwrap_or_default())
}

/// The players that are meant; of several around the speaker, those that play.
fn players<'a>(intent: &Intent, context: &Context<'a>) -> Result<Found<'a>, Verdict> {
    anywhere(intent, context, Domain::MediaPlayer, |device| {
        let state = state(context, device);
        state.on == Some(true) && state.playing != Some(false)
    })
}

fn told(
    context: &Context<'_>,
    found: &Found<'_>,
    target: impl Fn(&DeviceState) -> DeviceState,
    say: impl Fn(&Device, &DeviceState) -> Say,
) -> Result<Verdict, Verdict> {
    if let Some(device) = found.devices.iter().find(|d| !d.can.media) {
        return Err(cannot(context, device));
    }
    let commands = found.devices.iter().map(|d| Command {
        device: d.id.clone(),
        target: target(&state(context, d)),
    });
    let commands: Vec<_> = commands.collect();
    let say = say(found.devices[0], &commands[0].target);
    Ok(Verdict::commands(commands, say))
}
