//! Several commands in one sentence: all of them, or none where one can't be.

use super::{Context, Decision, Effect, resolve};
use crate::device::Command;
use crate::intent::Reading;
use crate::outcome::Outcome;
use crate::reply::Say;

/// Decides what a sentence of one or more commands is to do; each has what it can mean,
/// best first. Where one of them is a question, refused or fails, nothing is done, and
/// that is what is said.
pub fn resolve_all(commands: &[Vec<Reading>], context: &Context<'_>) -> Decision {
    let mut decisions = commands.iter().map(|readings| resolve(readings, context));
    let Some(mut all) = decisions.next() else {
        return resolve(&[], context);
    };
    for next in decisions {
        if all.outcome != Outcome::Done {
            return all;
        }
        if next.outcome != Outcome::Done {
            return next;
        }
        let Some(effect) = joined(all.effect, next.effect) else {
            return Decision {
                outcome: Outcome::Question,
                effect: Effect::Nothing,
                about: Vec::new(),
                say: Say::new("one_at_a_time"),
                then: Vec::new(),
                ..next
            };
        };
        all.effect = effect;
        all.about.extend(next.about);
        all.then.push(next.say);
    }
    all
}

/// Both effects as one; `None` where they are about the same thing in the store.
fn joined(first: Effect, second: Effect) -> Option<Effect> {
    let mut all = flat(first);
    for effect in flat(second) {
        if all.iter().any(|known| are_in_the_way(known, &effect)) {
            return None;
        }
        match (effect, all.iter_mut().find_map(commands)) {
            (Effect::Devices(more), Some(known)) => known.extend(more),
            (effect, _) => all.push(effect),
        }
    }
    Some(match all.len() {
        0 => Effect::Nothing,
        1 => all.swap_remove(0),
        _ => Effect::Several(all),
    })
}

fn flat(effect: Effect) -> Vec<Effect> {
    match effect {
        Effect::Nothing => Vec::new(),
        Effect::Several(all) => all,
        one => vec![one],
    }
}

fn commands(effect: &mut Effect) -> Option<&mut Vec<Command>> {
    match effect {
        Effect::Devices(commands) => Some(commands),
        _ => None,
    }
}

/// What is written is decided from what was there before: a second change of the same
/// list, and a second one of timers, would undo the first.
fn are_in_the_way(a: &Effect, b: &Effect) -> bool {
    match (a, b) {
        (Effect::SetList { list: a, .. }, Effect::SetList { list: b, .. }) => a == b,
        (Effect::Devices(_) | Effect::SetList { .. }, _)
        | (_, Effect::Devices(_) | Effect::SetList { .. }) => false,
        (Effect::Announce(_), Effect::Announce(_)) => true,
        (Effect::Announce(_), _) | (_, Effect::Announce(_)) => false,
        // Timers.
        _ => true,
    }
}
