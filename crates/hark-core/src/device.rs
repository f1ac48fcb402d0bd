//! Devices: what they are, what state they have, and absolute commands.
//!
//! A command names the state that is to be, never a change of it ("on", not "toggle";
//! "70 %", not "brighter"), so that carrying it out twice is the same as once.

use serde::{Deserialize, Serialize};

use crate::ids::DeviceId;

/// What kind of device: Home Assistant's domains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// A lamp.
    Light,
    /// A plug, or anything else that is on or off.
    Switch,
    /// A blind, a garage door.
    Cover,
    /// A thermostat.
    Climate,
    /// A lock.
    Lock,
    /// Measures something.
    Sensor,
    /// Tells one of two things.
    BinarySensor,
    /// A television, a speaker that plays music.
    MediaPlayer,
    /// A fan.
    Fan,
    /// A robot that cleans the floor.
    Vacuum,
    /// A robot that mows the lawn.
    LawnMower,
    /// Devices in states that belong together.
    Scene,
    /// Steps, one after another.
    Script,
    /// What the weather is somewhere.
    Weather,
}

impl Domain {
    /// Every domain.
    pub const ALL: [Self; 14] = [
        Self::Light,
        Self::Switch,
        Self::Cover,
        Self::Climate,
        Self::Lock,
        Self::Sensor,
        Self::BinarySensor,
        Self::MediaPlayer,
        Self::Fan,
        Self::Vacuum,
        Self::LawnMower,
        Self::Scene,
        Self::Script,
        Self::Weather,
    ];

    /// Home Assistant's name of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Switch => "switch",
            Self::Cover => "cover",
            Self::Climate => "climate",
            Self::Lock => "lock",
            Self::Sensor => "sensor",
            Self::BinarySensor => "binary_sensor",
            Self::MediaPlayer => "media_player",
            Self::Fan => "fan",
            Self::Vacuum => "vacuum",
            Self::LawnMower => "lawn_mower",
            Self::Scene => "scene",
            Self::Script => "script",
            Self::Weather => "weather",
        }
    }

    /// The domain of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == text)
    }
}

/// What the weather is: Home Assistant's conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// A clear night.
    ClearNight,
    /// Clouds.
    Cloudy,
    /// Something out of the ordinary.
    Exceptional,
    /// Fog.
    Fog,
    /// Hail.
    Hail,
    /// Lightning.
    Lightning,
    /// Lightning and rain.
    LightningRainy,
    /// Some clouds.
    #[serde(rename = "partlycloudy")]
    PartlyCloudy,
    /// Heavy rain.
    Pouring,
    /// Rain.
    Rainy,
    /// Snow.
    Snowy,
    /// Snow and rain.
    SnowyRainy,
    /// Sun.
    Sunny,
    /// Wind.
    Windy,
    /// Wind and clouds.
    WindyVariant,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 15] = [
        Self::ClearNight,
        Self::Cloudy,
        Self::Exceptional,
        Self::Fog,
        Self::Hail,
        Self::Lightning,
        Self::LightningRainy,
        Self::PartlyCloudy,
        Self::Pouring,
        Self::Rainy,
        Self::Snowy,
        Self::SnowyRainy,
        Self::Sunny,
        Self::Windy,
        Self::WindyVariant,
    ];

    /// Home Assistant's name of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClearNight => "clear-night",
            Self::Cloudy => "cloudy",
            Self::Exceptional => "exceptional",
            Self::Fog => "fog",
            Self::Hail => "hail",
            Self::Lightning => "lightning",
            Self::LightningRainy => "lightning-rainy",
            Self::PartlyCloudy => "partlycloudy",
            Self::Pouring => "pouring",
            Self::Rainy => "rainy",
            Self::Snowy => "snowy",
            Self::SnowyRainy => "snowy-rainy",
            Self::Sunny => "sunny",
            Self::Windy => "windy",
            Self::WindyVariant => "windy-variant",
        }
    }

    /// The condition of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == text)
    }
}

/// A colour in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rgb {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
}

/// The state of a device, or of a command: the state that is to be. What is `None`
/// does not apply, is not known, or is not to be changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceState {
    /// Whether it is switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// How bright a light is when it is on, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brightness_pct: Option<u8>,
    /// The colour of a light.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<Rgb>,
    /// How far a cover is open: 0 closed, 100 open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_pct: Option<u8>,
    /// The temperature that a thermostat is set to, in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_celsius: Option<f64>,
    /// The temperature that is measured, in degrees Celsius.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_celsius: Option<f64>,
    /// Whether a lock is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// Whether a window or door is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// `Some(false)` where the device can't be reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
    /// How fast a fan turns when it is on, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed_pct: Option<u8>,
    /// How loud a media player is, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume_pct: Option<u8>,
    /// Whether a media player is silent for the time being.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<bool>,
    /// Whether a media player plays, or has paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playing: Option<bool>,
    /// Which piece of what it plays a media player is at, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<u32>,
    /// Whether a robot is at work, or at its dock or on its way there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working: Option<bool>,
    /// What the weather is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// What a sensor measures that is no temperature, in the unit that Home Assistant
    /// has for its class (percent, W, ppm, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
}

impl DeviceState {
    /// This state with everything that `change` says.
    #[must_use]
    pub fn with(self, change: &Self) -> Self {
        Self {
            on: change.on.or(self.on),
            brightness_pct: change.brightness_pct.or(self.brightness_pct),
            color: change.color.or(self.color),
            position_pct: change.position_pct.or(self.position_pct),
            target_celsius: change.target_celsius.or(self.target_celsius),
            current_celsius: change.current_celsius.or(self.current_celsius),
            locked: change.locked.or(self.locked),
            open: change.open.or(self.open),
            available: change.available.or(self.available),
            speed_pct: change.speed_pct.or(self.speed_pct),
            volume_pct: change.volume_pct.or(self.volume_pct),
            muted: change.muted.or(self.muted),
            playing: change.playing.or(self.playing),
            track: change.track.or(self.track),
            working: change.working.or(self.working),
            condition: change.condition.or(self.condition),
            measured: change.measured.or(self.measured),
        }
    }

    /// One word for the state, as Home Assistant has it: on, off, open, closed,
    /// locked, unlocked, a number, or unavailable / unknown.
    pub fn word(&self, domain: Domain) -> String {
        let either = |is: Option<bool>, yes: &str, no: &str| match is {
            Some(true) => yes.to_owned(),
            Some(false) => no.to_owned(),
            None => "unknown".to_owned(),
        };
        if self.available == Some(false) {
            return "unavailable".to_owned();
        }
        match domain {
            Domain::MediaPlayer if self.on == Some(true) => match self.playing {
                Some(true) => "playing".to_owned(),
                Some(false) => "paused".to_owned(),
                None => "on".to_owned(),
            },
            Domain::Light | Domain::Switch | Domain::MediaPlayer | Domain::Fan => {
                either(self.on, "on", "off")
            }
            Domain::Scene | Domain::Script => either(self.on, "on", "unknown"),
            Domain::Vacuum => either(self.working, "cleaning", "docked"),
            Domain::LawnMower => either(self.working, "mowing", "docked"),
            Domain::Weather => self
                .condition
                .map_or("unknown", Condition::as_str)
                .to_owned(),
            Domain::Cover => either(self.position_pct.map(|p| p > 0), "open", "closed"),
            Domain::Climate => either(self.on, "heat", "off"),
            Domain::Lock => either(self.locked, "locked", "unlocked"),
            Domain::BinarySensor => either(self.open, "on", "off"),
            Domain::Sensor => self
                .current_celsius
                .or(self.measured)
                .map_or_else(|| "unknown".to_owned(), |t| t.to_string()),
        }
    }
}

/// A device and the state it is to have.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// The device.
    pub device: DeviceId,
    /// What is to be; what is `None` stays as it is.
    pub target: DeviceState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_changes_only_what_it_names_and_twice_is_once() {
        let before = DeviceState {
            on: Some(false),
            brightness_pct: Some(40),
            ..Default::default()
        };
        let target = DeviceState {
            on: Some(true),
            ..Default::default()
        };
        let after = before.with(&target);
        assert_eq!((after.on, after.brightness_pct), (Some(true), Some(40)));
        assert_eq!(after.with(&target), after);
    }
}
