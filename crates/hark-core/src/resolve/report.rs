//! What to say once the devices have answered.

use super::Decision;
use crate::device::DeviceState;
use crate::home::{DeviceError, Home};
use crate::ids::DeviceId;
use crate::language::Language;
use crate::outcome::Outcome;
use crate::reply::{Argument, Say};

/// What became of one command.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed {
    /// The device.
    pub device: DeviceId,
    /// Its state before.
    pub before: DeviceState,
    /// Its state after, or why it is not what was wanted.
    pub result: Result<DeviceState, DeviceError>,
}

/// What comes of a decision whose commands were carried out like that: what was
/// decided if all went well; else which devices failed.
pub fn report(
    decision: &Decision,
    executed: &[Executed],
    home: &Home,
    language: &Language,
) -> (Outcome, Say) {
    let failed: Vec<_> = executed.iter().filter(|e| e.result.is_err()).collect();
    let Some(first) = failed.first() else {
        return (decision.outcome, decision.say.clone());
    };
    let name = |id: &DeviceId| match home.device(id) {
        Some(device) => device.names.say(language).to_owned(),
        None => id.to_string(),
    };
    if executed.len() > 1 {
        let names = failed.iter().map(|e| name(&e.device)).collect();
        let say = Say::new("partly_done").with("devices", Argument::Texts(names));
        return (Outcome::Error, say);
    }
    let device = home.device(&first.device);
    let phrase = device.map_or_else(
        || name(&first.device),
        |d| d.names.phrase(language).to_owned(),
    );
    let (outcome, code) = match first.result {
        Err(DeviceError::Indeterminate { .. }) => {
            return (Outcome::Unknown, Say::new("outcome_unknown"));
        }
        Err(DeviceError::Unsupported { .. }) => (Outcome::Error, "device_cannot"),
        _ => (Outcome::Error, "device_unavailable"),
    };
    (outcome, Say::new(code).text("device", phrase))
}
