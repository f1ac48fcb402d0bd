//! States of devices, and their changes.

use hark_core::device::{Command, Condition, DeviceState, Rgb};
use hark_core::outcome::DeviceChange;

use super::{ids, optional, required};
use crate::{Error, stored, v1};

/// Temperatures that make sense for a home, in degrees Celsius.
const CELSIUS: std::ops::RangeInclusive<f64> = -50.0..=100.0;

impl From<DeviceState> for v1::DeviceState {
    fn from(state: DeviceState) -> Self {
        Self {
            on: state.on,
            brightness_pct: state.brightness_pct.map(u32::from),
            color: state.color.map(v1::Color::from),
            position_pct: state.position_pct.map(u32::from),
            target_celsius: state.target_celsius,
            current_celsius: state.current_celsius,
            locked: state.locked,
            open: state.open,
            available: state.available,
            speed_pct: state.speed_pct.map(u32::from),
            volume_pct: state.volume_pct.map(u32::from),
            muted: state.muted,
            playing: state.playing,
            track: state.track,
            working: state.working,
            condition: state.condition.map(|c| c.as_str().to_owned()),
            measured: state.measured,
        }
    }
}

impl TryFrom<v1::DeviceState> for DeviceState {
    type Error = Error;

    fn try_from(message: v1::DeviceState) -> Result<Self, Error> {
        Ok(Self {
            on: message.on,
            brightness_pct: percent("brightness_pct", message.brightness_pct)?,
            color: optional("color", message.color)?,
            position_pct: percent("position_pct", message.position_pct)?,
            target_celsius: celsius("target_celsius", message.target_celsius)?,
            current_celsius: celsius("current_celsius", message.current_celsius)?,
            locked: message.locked,
            open: message.open,
            available: message.available,
            speed_pct: percent("speed_pct", message.speed_pct)?,
            volume_pct: percent("volume_pct", message.volume_pct)?,
            muted: message.muted,
            playing: message.playing,
            track: message.track,
            working: message.working,
            // A condition that this version does not know is not known.
            condition: message.condition.as_deref().and_then(Condition::parse),
            measured: message.measured,
        })
    }
}

impl From<Rgb> for v1::Color {
    fn from(color: Rgb) -> Self {
        Self {
            red: color.red.into(),
            green: color.green.into(),
            blue: color.blue.into(),
        }
    }
}

impl TryFrom<v1::Color> for Rgb {
    type Error = Error;

    fn try_from(message: v1::Color) -> Result<Self, Error> {
        Ok(Self {
            red: channel("red", message.red)?,
            green: channel("green", message.green)?,
            blue: channel("blue", message.blue)?,
        })
    }
}

impl From<DeviceChange> for v1::DeviceChange {
    fn from(change: DeviceChange) -> Self {
        Self {
            device_id: change.device.into(),
            name: change.name,
            area: change.area,
            before: Some(change.before.into()),
            after: Some(change.after.into()),
        }
    }
}

impl TryFrom<v1::DeviceChange> for DeviceChange {
    type Error = Error;

    fn try_from(message: v1::DeviceChange) -> Result<Self, Error> {
        Ok(Self {
            device: ids::device("device_id", &message.device_id)?,
            name: message.name,
            area: message.area,
            before: required("before", message.before)?,
            after: required("after", message.after)?,
        })
    }
}

impl From<Command> for stored::AbsoluteCommand {
    fn from(command: Command) -> Self {
        Self {
            device_id: command.device.into(),
            target: Some(command.target.into()),
        }
    }
}

impl TryFrom<stored::AbsoluteCommand> for Command {
    type Error = Error;

    fn try_from(message: stored::AbsoluteCommand) -> Result<Self, Error> {
        Ok(Self {
            device: ids::device("device_id", &message.device_id)?,
            target: required("target", message.target)?,
        })
    }
}

impl TryFrom<v1::ExecuteRequest> for Command {
    type Error = Error;

    fn try_from(message: v1::ExecuteRequest) -> Result<Self, Error> {
        Ok(Self {
            device: ids::device("device_id", &message.device_id)?,
            target: required("target", message.target)?,
        })
    }
}

fn percent(field: &str, value: Option<u32>) -> Result<Option<u8>, Error> {
    let Some(value) = value else { return Ok(None) };
    match u8::try_from(value) {
        Ok(percent @ 0..=100) => Ok(Some(percent)),
        _ => Err(Error::invalid_field(
            field,
            format!("{value} is not within 0 to 100"),
        )),
    }
}

fn channel(field: &str, value: u32) -> Result<u8, Error> {
    u8::try_from(value)
        .map_err(|_| Error::invalid_field(field, format!("{value} is not within 0 to 255")))
}

fn celsius(field: &str, value: Option<f64>) -> Result<Option<f64>, Error> {
    match value {
        Some(value) if !CELSIUS.contains(&value) => Err(Error::invalid_field(
            field,
            format!("{value} is not within -50 to 100"),
        )),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::testing;

    fn check(state: v1::DeviceState, field: &str) {
        let error = DeviceState::try_from(state).unwrap_err();
        assert_eq!(error.violations()[0].field, field);
    }

    #[test]
    fn what_no_device_has_is_named() {
        let state = v1::DeviceState::default;
        let brightness_pct = Some(101);
        check(
            v1::DeviceState {
                brightness_pct,
                ..state()
            },
            "brightness_pct",
        );
        let position_pct = Some(300);
        check(
            v1::DeviceState {
                position_pct,
                ..state()
            },
            "position_pct",
        );
        let target_celsius = Some(f64::NAN);
        check(
            v1::DeviceState {
                target_celsius,
                ..state()
            },
            "target_celsius",
        );
        let (red, green, blue) = (0, 256, 0);
        let color = Some(v1::Color { red, green, blue });
        check(v1::DeviceState { color, ..state() }, "color.green");
    }

    #[test]
    fn a_command_needs_a_target() {
        let message = v1::ExecuteRequest {
            device_id: "light.hall".into(),
            target: None,
        };
        let error = Command::try_from(message).unwrap_err();
        assert_eq!(error.to_string(), "target: is missing");
    }

    proptest! {
        #[test]
        fn states_round_trip(state in testing::state()) {
            prop_assert_eq!(DeviceState::try_from(v1::DeviceState::from(state)), Ok(state));
        }

        #[test]
        fn changes_round_trip(change in testing::change()) {
            let message = v1::DeviceChange::from(change.clone());
            prop_assert_eq!(DeviceChange::try_from(message), Ok(change));
        }

        #[test]
        fn commands_round_trip(device in testing::device_id(), target in testing::state()) {
            let command = Command { device, target };
            let message = stored::AbsoluteCommand::from(command.clone());
            prop_assert_eq!(Command::try_from(message), Ok(command));
        }
    }
}
