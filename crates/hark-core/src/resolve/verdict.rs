//! What one reading comes to.

use super::Effect;
use crate::device::Command;
use crate::home::Device;
use crate::ids::DeviceId;
use crate::outcome::Outcome;
use crate::reply::Say;

/// What one reading comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub outcome: Outcome,
    pub effect: Effect,
    pub about: Vec<DeviceId>,
    pub say: Say,
}

impl Verdict {
    /// Devices are told something.
    pub fn commands(commands: Vec<Command>, say: Say) -> Self {
        let about = commands.iter().map(|c| c.device.clone()).collect();
        Self {
            outcome: Outcome::Done,
            effect: Effect::Devices(commands),
            about,
            say,
        }
    }

    /// Something else is done.
    pub fn effect(effect: Effect, say: Say) -> Self {
        Self {
            effect,
            ..Self::answer(vec![], say)
        }
    }

    /// A question about these devices is answered.
    pub fn answer(about: Vec<DeviceId>, say: Say) -> Self {
        Self {
            outcome: Outcome::Done,
            effect: Effect::Nothing,
            about,
            say,
        }
    }

    /// Something is missing or ambiguous.
    pub fn question(say: Say) -> Self {
        Self::nothing(Outcome::Question, say)
    }

    /// It could not be done.
    pub fn failed(say: Say) -> Self {
        Self::nothing(Outcome::Error, say)
    }

    /// Policy says no.
    pub fn refused(say: Say) -> Self {
        Self::nothing(Outcome::Refused, say)
    }

    /// It is nothing that this home understands.
    pub fn not_understood(heard: &str) -> Self {
        let say = Say::new("not_understood").text("spoken", heard.trim());
        Self::nothing(Outcome::NotUnderstood, say)
    }

    fn nothing(outcome: Outcome, say: Say) -> Self {
        Self {
            outcome,
            ..Self::answer(vec![], say)
        }
    }
}

/// The ids of devices.
pub(super) fn ids(devices: &[&Device]) -> Vec<DeviceId> {
    devices.iter().map(|d| d.id.clone()).collect()
}
