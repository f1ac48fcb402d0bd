//! Which commands are dangerous, and who may give them.
//!
//! Dangerous is what lets somebody into the house. There is no policy for locks yet:
//! nobody may work them. Other dangerous commands need a caller who proved to be a
//! person of this home; a voice alone, or nobody in particular, is not enough.

use crate::device::{Command, DeviceState, Domain};
use crate::home::{Device, Home};
use crate::principal::Kind;

/// Device classes whose opening lets somebody in.
const ENTRANCES: [&str; 3] = ["garage", "gate", "door"];

/// How bad a command is that nobody meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    /// A nuisance; it may be repeated.
    Low,
    /// It lets somebody in; it is never repeated unasked.
    Dangerous,
    /// It works a lock.
    Lock,
}

/// Whether the device is a way into the house that opens like a cover.
pub fn is_entrance(device: &Device) -> bool {
    device.domain == Domain::Cover && ENTRANCES.contains(&&*device.device_class)
}

/// How risky it is to tell `device` to be `target`.
pub fn risk(device: &Device, target: &DeviceState) -> Risk {
    let opens = target.position_pct.is_some_and(|p| p > 0);
    if device.domain == Domain::Lock || target.locked.is_some() {
        Risk::Lock
    } else if is_entrance(device) && opens {
        Risk::Dangerous
    } else {
        Risk::Low
    }
}

/// The highest risk of some commands; a device that is unknown is as bad as it gets.
pub fn highest(home: &Home, commands: &[Command]) -> Risk {
    let each = commands.iter().map(|command| {
        let device = home.device(&command.device);
        device.map_or(Risk::Lock, |d| risk(d, &command.target))
    });
    each.max().unwrap_or(Risk::Low)
}

/// Whether a caller may take that risk.
pub fn may(caller: Kind, risk: Risk) -> bool {
    match risk {
        Risk::Low => true,
        Risk::Dangerous => matches!(caller, Kind::Person | Kind::Node),
        Risk::Lock => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_works_a_lock_and_only_persons_let_somebody_in() {
        for (kind, dangerous) in [
            (Kind::Anonymous, false),
            (Kind::Speaker, false),
            (Kind::Person, true),
            (Kind::Node, true),
        ] {
            assert!(may(kind, Risk::Low));
            assert_eq!(may(kind, Risk::Dangerous), dangerous, "{kind:?}");
            assert!(!may(kind, Risk::Lock));
        }
    }
}
