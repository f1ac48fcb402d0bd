//! From what a sentence can mean to what is to be done in this home.
//!
//! [`resolve`] is a function of its arguments. It fails closed: a room that this home
//! does not have is a question, never every room; a command without a room is for the
//! speaker's area or it is a question; what is dangerous is refused unless who calls
//! may do it. Every command that it gives is absolute ("on", "70 %"), made so against
//! the states it is shown.

use std::collections::BTreeMap;

use crate::device::{Command, Domain};
use crate::home::{Home, States};
use crate::ids::{AreaId, DeviceId, ListId, SpeakerId, TimerId};
use crate::intent::{Intent, Reading};
use crate::language::Language;
use crate::list::Item;
use crate::outcome::Outcome;
use crate::principal::Kind;
use crate::reply::Say;
use crate::time::Timestamp;
use crate::timer::Timer;
use crate::words::Date;

mod answer;
mod climate;
mod cover;
mod light;
mod lists;
mod machines;
mod media;
mod places;
mod report;
mod several;
mod switch;
mod timers;
mod verdict;
mod weather;

pub use places::area_of;
pub use report::{Executed, report};
pub use several::resolve_all;
use verdict::Verdict;

/// What a decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The home.
    pub home: &'a Home,
    /// The states of its devices.
    pub states: &'a States,
    /// The timers that run.
    pub timers: &'a [Timer],
    /// What is on its lists.
    pub lists: &'a BTreeMap<ListId, Vec<Item>>,
    /// The language of the sentence.
    pub language: &'a Language,
    /// The area that commands without a room are for.
    pub area: Option<&'a AreaId>,
    /// The speaker that heard it.
    pub speaker: Option<&'a SpeakerId>,
    /// What kind of principal spoke.
    pub caller: Kind,
    /// The time.
    pub now: Timestamp,
    /// The time in the home's time zone.
    pub local: LocalTime,
    /// The words that were heard.
    pub heard: &'a str,
    /// Whether one sentence may act on the whole home.
    pub whole_home: bool,
}

/// A time of day and a day, in some time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// The day.
    pub date: Date,
}

/// What is to be done and said.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What comes of the utterance if the effect succeeds.
    pub outcome: Outcome,
    /// What was understood; `None` where nothing was.
    pub intent: Option<Intent>,
    /// What is to be done.
    pub effect: Effect,
    /// The devices that it is about, in the order they are acted on.
    pub about: Vec<DeviceId>,
    /// What to say if the effect succeeds.
    pub say: Say,
    /// What to say after it: of several commands, about those after the first.
    pub then: Vec<Say>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// Devices get new states.
    Devices(Vec<Command>),
    /// A timer begins now.
    StartTimer {
        /// Its name; may be empty.
        name: String,
        /// How long it runs.
        duration: std::time::Duration,
    },
    /// Timers end without ringing.
    CancelTimers(Vec<TimerId>),
    /// A list gets these items.
    SetList {
        /// The list.
        list: ListId,
        /// What is on it then.
        items: Vec<Item>,
    },
    /// Timers that run go on like this.
    SetTimers(Vec<Timer>),
    /// Every speaker says this.
    Announce(String),
    /// All of these; no two are about the same thing.
    Several(Vec<Effect>),
}

impl Effect {
    /// What devices are told.
    pub fn commands(&self) -> &[Command] {
        match self {
            Self::Devices(commands) => commands,
            Self::Several(all) => all
                .iter()
                .map(Self::commands)
                .find(|commands| !commands.is_empty())
                .unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Decides what a sentence is to do. `readings` are what it can mean, best first.
///
/// Only readings that score as well as the best one count: where that one is a
/// question, a worse reading must not act in its place.
pub fn resolve(readings: &[Reading], context: &Context<'_>) -> Decision {
    let Some(best) = readings.first() else {
        return decision(None, Verdict::not_understood(context.heard));
    };
    let equal = readings.iter().filter(|r| r.score >= best.score);
    let mut verdicts = equal.map(|r| (r, decide(&r.intent, context)));
    let Some(first) = verdicts.next() else {
        return decision(None, Verdict::not_understood(context.heard));
    };
    let acts = |(_, verdict): &(&Reading, Verdict)| verdict.outcome == Outcome::Done;
    let (reading, verdict) = match acts(&first) {
        true => first,
        false => verdicts.find(acts).unwrap_or(first),
    };
    decision(Some(reading), verdict)
}

fn decision(reading: Option<&Reading>, verdict: Verdict) -> Decision {
    let understood = verdict.outcome != Outcome::NotUnderstood;
    Decision {
        outcome: verdict.outcome,
        intent: reading.filter(|_| understood).map(|r| r.intent.clone()),
        effect: verdict.effect,
        about: verdict.about,
        say: verdict.say,
        then: Vec::new(),
    }
}

fn decide(intent: &Intent, context: &Context<'_>) -> Verdict {
    let decided = match &*intent.name {
        "HassTurnOn" => switch::turn(intent, context, switch::Turn::On),
        "HassTurnOff" => switch::turn(intent, context, switch::Turn::Off),
        "HassToggle" => switch::turn(intent, context, switch::Turn::Toggle),
        "HassLightSet" => light::set(intent, context),
        "HassSetPosition" => cover::set(intent, context),
        "HassFanSetSpeed" => machines::fan_speed(intent, context),
        "HassClimateSetTemperature" => climate::set(intent, context),
        "HassClimateGetTemperature" => climate::measured(intent, context),
        "HassGetState" => answer::state(intent, context),
        "HassGetWeather" => weather::now(intent, context),
        "HassVacuumStart" => machines::work(intent, context, Domain::Vacuum, true),
        "HassVacuumReturnToBase" => machines::work(intent, context, Domain::Vacuum, false),
        "HassLawnMowerStartMowing" => machines::work(intent, context, Domain::LawnMower, true),
        "HassLawnMowerDock" => machines::work(intent, context, Domain::LawnMower, false),
        "HassListAddItem" | "HassShoppingListAddItem" => lists::add(intent, context),
        "HassListRemoveItem" => lists::remove(intent, context),
        "HassListCompleteItem" | "HassShoppingListCompleteItem" => lists::complete(intent, context),
        "HassListGetItems" => lists::read(intent, context),
        "HassGetCurrentTime" => Ok(answer::time(context)),
        "HassGetCurrentDate" => Ok(answer::date(context)),
        "HassNevermind" => Ok(Verdict::answer(vec![], Say::new("never_mind"))),
        "HassRespond" => Ok(answer::respond(intent)),
        "HassBroadcast" => answer::broadcast(intent),
        name if name.contains("Timer") => timer(name, intent, context),
        name => media(name, intent, context),
    };
    decided.unwrap_or_else(|verdict| verdict)
}

fn timer(name: &str, intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    match name {
        "HassStartTimer" => timers::start(intent, context),
        "HassTimerStatus" => timers::status(intent, context),
        "HassCancelTimer" => timers::cancel(intent, context),
        "HassCancelAllTimers" => timers::cancel_all(intent, context),
        "HassIncreaseTimer" => timers::change(intent, context, timers::Change::Longer),
        "HassDecreaseTimer" => timers::change(intent, context, timers::Change::Shorter),
        "HassPauseTimer" => timers::change(intent, context, timers::Change::Pause),
        "HassUnpauseTimer" => timers::change(intent, context, timers::Change::Resume),
        other => Err(not_yet(other)),
    }
}

fn media(name: &str, intent: &Intent, context: &Context<'_>) -> Result<Verdict, Verdict> {
    match name {
        "HassMediaPause" => media::play(intent, context, media::Wish::Pause),
        "HassMediaUnpause" => media::play(intent, context, media::Wish::Resume),
        "HassMediaNext" => media::play(intent, context, media::Wish::Next),
        "HassMediaPrevious" => media::play(intent, context, media::Wish::Previous),
        "HassMediaPlayerMute" => media::play(intent, context, media::Wish::Mute),
        "HassMediaPlayerUnmute" => media::play(intent, context, media::Wish::Unmute),
        "HassSetVolume" => media::volume(intent, context),
        "HassSetVolumeRelative" => media::volume_step(intent, context),
        // A room that is not there is asked about whatever is to be done in it.
        other => places::said_place(intent, context).and_then(|_| Err(not_yet(other))),
    }
}

/// It is understood, but there is nothing here that could do it.
fn not_yet(what: &str) -> Verdict {
    Verdict::failed(Say::new("not_yet").text("what", what))
}

#[cfg(test)]
mod tests;
