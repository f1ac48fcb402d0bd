//! Timers: set, ask, cancel.

use std::time::Duration;

use super::places::{Place, ask, said_place};
use super::verdict::Verdict;
use super::{Context, Effect, not_yet};
use crate::intent::Intent;
use crate::reply::{Argument, Say};
use crate::timer::{MAX_DURATION, MAX_TIMERS, Timer};
use crate::words;

/// Sets a timer.
pub(super) fn start(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    if intent.text("conversation_command").is_some() {
        return Err(not_yet("conversation_command"));
    }
    let until = intent.text("time").and_then(|time| until(time, context));
    let duration = span(intent, "").or(until).filter(|d| !d.is_zero());
    let duration = duration.ok_or_else(|| ask("timer_needs_duration"))?;
    if duration > MAX_DURATION {
        return Err(too_long());
    }
    if context.timers.len() >= MAX_TIMERS {
        let count = u32::try_from(MAX_TIMERS).expect("the limit is small");
        return Err(Verdict::failed(
            Say::new("too_many_timers").number("count", count),
        ));
    }
    let name = intent.text("name").unwrap_or_default().to_owned();
    let say = named("timer_started", "timer_started_named", &name);
    let say = say.with("duration", Argument::Duration(duration));
    Ok(Verdict::effect(Effect::StartTimer { name, duration }, say))
}

/// How long it is until the clock shows `time`, like "07:30".
fn until(time: &str, context: &Context<'_>) -> Option<Duration> {
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (u64, u64) = (hour.parse().ok()?, minute.parse().ok()?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let now = u64::from(context.local.hour) * 60 + u64::from(context.local.minute);
    let minutes = (hour * 60 + minute + DAY - now) % DAY;
    let minutes = if minutes == 0 { DAY } else { minutes };
    Some(Duration::from_secs(minutes * 60))
}

/// Minutes of a day.
const DAY: u64 = 24 * 60;

/// What is left of the timers that are meant.
pub(super) fn status(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let timers = meant(intent, context)?;
    let left = |timer: &Timer| timer.remaining(context.now);
    let say = match timers[..] {
        [] => Say::new("no_timer"),
        [timer] => named("timer_remaining", "timer_remaining_named", &timer.name)
            .with("remaining", Argument::Duration(left(timer))),
        _ => {
            let each = timers.iter().map(|timer| {
                let left = words::duration(left(timer), context.language);
                format!("{}: {left}", called(timer, context))
            });
            Say::new("timers_remaining")
                .with("count", count(&timers))
                .with("timers", Argument::Texts(each.collect()))
        }
    };
    Ok(Verdict::answer(vec![], say))
}

/// Cancels the one timer that is meant.
pub(super) fn cancel(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let Some(timer) = the_one(intent, context, |_| true)? else {
        return Ok(Verdict::answer(vec![], Say::new("no_timer")));
    };
    let say = named("timer_cancelled", "timer_cancelled_named", &timer.name);
    let effect = Effect::CancelTimers(vec![timer.id.clone()]);
    Ok(Verdict::effect(effect, say))
}

/// How a timer is to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Longer,
    Shorter,
    Pause,
    Resume,
}

/// Changes the one timer that is meant.
pub(super) fn change(
    intent: &Intent,
    context: &Context<'_>,
    change: Change,
) -> Result<Verdict, Verdict> {
    let by = span(intent, "").filter(|d| !d.is_zero());
    let by = || by.ok_or_else(|| ask("missing_value"));
    let suits = |timer: &Timer| match change {
        Change::Pause => timer.paused.is_none(),
        Change::Resume => timer.paused.is_some(),
        Change::Longer | Change::Shorter => true,
    };
    let Some(timer) = the_one(intent, context, suits)? else {
        return Ok(Verdict::answer(vec![], Say::new("no_timer")));
    };
    let (now, left) = (context.now, timer.remaining(context.now));
    let (changed, plain, with_name) = match change {
        Change::Longer => {
            let longer = left.saturating_add(by()?);
            if longer > MAX_DURATION {
                return Err(too_long());
            }
            let changed = timer.with_left(longer, now);
            (changed, "timer_changed", "timer_changed_named")
        }
        Change::Shorter => {
            let changed = timer.with_left(left.saturating_sub(by()?), now);
            (changed, "timer_changed", "timer_changed_named")
        }
        Change::Pause => (timer.paused_at(now), "timer_paused", "timer_paused_named"),
        Change::Resume => (
            timer.resumed_at(now),
            "timer_resumed",
            "timer_resumed_named",
        ),
    };
    let say = named(plain, with_name, &timer.name);
    let say = say.with("remaining", Argument::Duration(changed.remaining(now)));
    Ok(Verdict::effect(Effect::SetTimers(vec![changed]), say))
}

/// The one timer that is meant, of those that `suits`; of several the speaker's own, else
/// a question. `None` where none runs.
fn the_one<'a>(
    intent: &Intent,
    context: &Context<'a>,
    suits: impl Fn(&Timer) -> bool,
) -> Result<Option<&'a Timer>, Verdict> {
    let mut timers = meant(intent, context)?;
    timers.retain(|t| suits(t));
    let own = |t: &&Timer| t.speaker.is_some() && t.speaker.as_ref() == context.speaker;
    if timers.len() > 1 && timers.iter().copied().filter(|t| own(t)).count() == 1 {
        timers.retain(|t| own(t));
    }
    match timers[..] {
        [] => Ok(None),
        [timer] => Ok(Some(timer)),
        _ => {
            let each = timers.iter().map(|timer| called(timer, context)).collect();
            let say = Say::new("which_timer").with("timers", Argument::Texts(each));
            Err(Verdict::question(say))
        }
    }
}

/// Cancels every timer, or every one that was set in the area that is said.
pub(super) fn cancel_all(intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    let timers = set_in(intent, context, context.timers.iter().collect())?;
    let timers: Vec<_> = timers.into_iter().take(MAX_TIMERS).collect();
    if timers.is_empty() {
        return Ok(Verdict::answer(vec![], Say::new("no_timer")));
    }
    let say = Say::new("timers_cancelled").with("count", count(&timers));
    let ids = timers.iter().map(|t| t.id.clone()).collect();
    Ok(Verdict::effect(Effect::CancelTimers(ids), say))
}

/// Those of some timers that were set in the area that is said, if one is.
fn set_in<'a>(
    intent: &Intent,
    context: &Context<'_>,
    timers: Vec<&'a Timer>,
) -> Result<Vec<&'a Timer>, Verdict> {
    let Some(Place::Area(area)) = said_place(intent, context)? else {
        return Ok(timers);
    };
    let there = |t: &&Timer| t.area.as_ref() == Some(&area.id);
    Ok(timers.into_iter().filter(there).collect())
}

fn too_long() -> Verdict {
    let say = Say::new("timer_too_long").with("duration", Argument::Duration(MAX_DURATION));
    Verdict::failed(say)
}

/// The timers that a sentence is about: by name, by the span they were set for, or all.
fn meant<'a>(intent: &Intent, context: &Context<'a>) -> Result<Vec<&'a Timer>, Verdict> {
    let all = context.timers.iter();
    let chosen: Vec<_> = match (intent.text("name"), span(intent, "start_")) {
        (Some(name), _) => {
            let same = |t: &&Timer| t.name.to_lowercase() == name.to_lowercase();
            all.filter(same).collect()
        }
        (None, Some(span)) => all.filter(|t| t.duration == span).collect(),
        (None, None) => return set_in(intent, context, all.collect()),
    };
    if chosen.is_empty() && !context.timers.is_empty() {
        let span = || words::duration(span(intent, "start_").unwrap_or_default(), context.language);
        let name = intent.text("name").map_or_else(span, str::to_owned);
        return Err(Verdict::question(
            Say::new("unknown_timer").text("name", name),
        ));
    }
    Ok(chosen)
}

/// The span in the slots `hours`, `minutes` and `seconds` with that prefix, in whole
/// seconds; `None` where there is none of them.
fn span(intent: &Intent, prefix: &str) -> Option<Duration> {
    let units = [("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0)];
    let parts = units.map(|(unit, seconds)| {
        let number = intent.number(&format!("{prefix}{unit}"))?;
        Some(number * seconds)
    });
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let seconds: f64 = parts.into_iter().flatten().sum();
    // Longer than any timer is all the same: too long.
    let most = 2.0 * MAX_DURATION.as_secs_f64();
    Some(Duration::from_secs_f64(seconds.round().clamp(0.0, most)))
}

fn called(timer: &Timer, context: &Context<'_>) -> String {
    match &*timer.name {
        "" => words::duration(timer.duration, context.language),
        name => name.to_owned(),
    }
}

fn named(plain: &'static str, with_name: &'static str, name: &str) -> Say {
    match name {
        "" => Say::new(plain),
        name => Say::new(with_name).text("name", name),
    }
}

fn count(timers: &[&Timer]) -> Argument {
    let count = u32::try_from(timers.len()).expect("timers are few");
    Argument::Number(count.into())
}
