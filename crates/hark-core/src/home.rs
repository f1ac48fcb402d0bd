//! A home: areas, devices and their names; and the port behind which devices are.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::device::{Command, DeviceState, Domain};
use crate::ids::{AreaId, DeviceId, FloorId, HomeId, ListId};
use crate::language::Language;
use crate::store::Revision;

/// Names of a thing, by language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Names(pub BTreeMap<Language, LocalNames>);

/// Names of a thing in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalNames {
    /// The name to say.
    pub name: String,
    /// What people call it too.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// How a reply refers to it, where the bare name does not fit a sentence: a device
    /// with its article (`das Garagentor`), an area with its preposition (`im Flur`).
    #[serde(default)]
    pub phrase: Option<String>,
}

impl Names {
    /// The name to say in `language`; where there is none, the first in any language.
    pub fn say(&self, language: &Language) -> &str {
        let best = language.best_of(self.0.keys()).and_then(|l| self.0.get(l));
        best.or_else(|| self.0.values().next())
            .map_or("", |n| &n.name)
    }

    /// How a reply in `language` refers to it: its phrase, else its name.
    pub fn phrase(&self, language: &Language) -> &str {
        let best = language.best_of(self.0.keys()).and_then(|l| self.0.get(l));
        best.and_then(|n| n.phrase.as_deref())
            .unwrap_or_else(|| self.say(language))
    }

    /// Every name and alias in `language`; where there are none, those of every
    /// language.
    pub fn all(&self, language: &Language) -> Vec<&str> {
        let best = language.best_of(self.0.keys()).and_then(|l| self.0.get(l));
        let chosen: Vec<_> = best.map_or_else(|| self.0.values().collect(), |n| vec![n]);
        chosen
            .into_iter()
            .flat_map(|n| std::iter::once(&*n.name).chain(n.aliases.iter().map(|a| &**a)))
            .collect()
    }
}

/// A floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// Stable id.
    pub id: FloorId,
    /// Its names.
    pub names: Names,
}

/// A room, or another part of the home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Stable id.
    pub id: AreaId,
    /// Its names.
    pub names: Names,
    /// The floor it is on.
    pub floor: Option<FloorId>,
}

/// A device, without its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Stable id.
    pub id: DeviceId,
    /// What kind of device it is.
    pub domain: Domain,
    /// Home Assistant's device class (`garage`, `blind`, `window`, `temperature`, …),
    /// or empty.
    pub device_class: String,
    /// The area it is in.
    pub area: AreaId,
    /// Its names.
    pub names: Names,
    /// What it can be told.
    pub can: Capabilities,
}

/// What a device can be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// To be on or off.
    pub on_off: bool,
    /// How bright to be.
    pub brightness: bool,
    /// Which colour to have.
    pub color: bool,
    /// How far to open.
    pub position: bool,
    /// Which temperature to hold.
    pub temperature: bool,
    /// To be locked or unlocked.
    pub lock: bool,
    /// How fast to turn.
    pub speed: bool,
    /// How loud to be, and to play, pause, or go to another piece.
    pub media: bool,
    /// To go to work or to its dock.
    pub work: bool,
}

/// Why a device can't be told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It has no such thing.
    #[error("it has no {0}")]
    Lacks(&'static str),
    /// It has, but not in that range.
    #[error("its {what} is from {low} to {high}")]
    Range {
        /// What.
        what: &'static str,
        /// The lowest value.
        low: i32,
        /// The highest value.
        high: i32,
    },
    /// It is measured, not told.
    #[error("its {0} is measured and can't be set")]
    Measured(&'static str),
}

/// The temperatures that a thermostat can hold, in degrees Celsius.
pub const TARGET_CELSIUS: std::ops::RangeInclusive<i32> = 5..=30;

impl Capabilities {
    /// Whether a device that can this can be told `target`.
    ///
    /// # Errors
    /// [`Unfit`]: what it lacks, or which range it has.
    pub fn check(&self, target: &DeviceState) -> Result<(), Unfit> {
        let lacks = [
            (target.on.is_some(), self.on_off, "switch"),
            (
                target.brightness_pct.is_some(),
                self.brightness,
                "brightness",
            ),
            (target.color.is_some(), self.color, "colour"),
            (target.position_pct.is_some(), self.position, "position"),
            (
                target.target_celsius.is_some(),
                self.temperature,
                "thermostat",
            ),
            (target.locked.is_some(), self.lock, "lock"),
            (target.speed_pct.is_some(), self.speed, "speed"),
            (target.volume_pct.is_some(), self.media, "volume"),
            (target.muted.is_some(), self.media, "volume"),
            (target.playing.is_some(), self.media, "player"),
            (target.track.is_some(), self.media, "player"),
            (target.working.is_some(), self.work, "robot"),
        ];
        if let Some((.., what)) = lacks.iter().find(|(asked, can, _)| *asked && !can) {
            return Err(Unfit::Lacks(what));
        }
        let measured = [
            (target.current_celsius.is_some(), "temperature"),
            (target.open.is_some(), "contact"),
            (target.available.is_some(), "availability"),
            (target.condition.is_some(), "weather"),
            (target.measured.is_some(), "value"),
        ];
        if let Some((_, what)) = measured.iter().find(|(asked, _)| *asked) {
            return Err(Unfit::Measured(what));
        }
        let percents = [
            ("brightness", target.brightness_pct),
            ("position", target.position_pct),
            ("speed", target.speed_pct),
            ("volume", target.volume_pct),
        ];
        for (what, percent) in percents {
            if percent.is_some_and(|p| p > 100) {
                return Err(Unfit::Range {
                    what,
                    low: 0,
                    high: 100,
                });
            }
        }
        let (low, high) = (*TARGET_CELSIUS.start(), *TARGET_CELSIUS.end());
        let fits = |t: f64| (f64::from(low)..=f64::from(high)).contains(&t);
        if !target.target_celsius.is_none_or(fits) {
            let what = "temperature";
            return Err(Unfit::Range { what, low, high });
        }
        Ok(())
    }
}

/// A list, without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Stable id.
    pub id: ListId,
    /// Its names.
    pub names: Names,
}

/// Everything a home has, in the order of the ids; without states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Stable id.
    pub id: HomeId,
    /// Languages spoken here, the most usual first; at least one.
    pub languages: Vec<Language>,
    /// IANA time zone.
    pub time_zone: String,
    /// Floors.
    pub floors: Vec<Floor>,
    /// Areas.
    pub areas: Vec<Area>,
    /// Devices.
    pub devices: Vec<Device>,
    /// Lists.
    pub lists: Vec<List>,
}

impl Home {
    /// The area with that id.
    pub fn area(&self, id: &AreaId) -> Option<&Area> {
        self.areas.iter().find(|a| a.id == *id)
    }

    /// The device with that id.
    pub fn device(&self, id: &DeviceId) -> Option<&Device> {
        self.devices.iter().find(|d| d.id == *id)
    }
}

/// The state of a device and when it came to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StateAt {
    /// The state.
    pub state: DeviceState,
    /// The store's revision of it; 0 where it was never set.
    pub revision: Revision,
}

/// A device and its state, as clients see it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceWithState {
    /// The device.
    pub device: Device,
    /// Its state.
    pub at: StateAt,
}

/// States of all devices of an adapter at one revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct States {
    /// By device.
    pub devices: BTreeMap<DeviceId, StateAt>,
    /// The revision.
    pub revision: Revision,
}

/// Why a device did not do what it was told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// There is no such device.
    #[error("there is no device {0}")]
    NotFound(DeviceId),
    /// It can't do that.
    #[error("{device} can't do that: {why}")]
    Unsupported {
        /// The device.
        device: DeviceId,
        /// What it lacks.
        why: String,
    },
    /// It can't be reached; nothing happened.
    #[error("{device} can't be reached: {why}")]
    Unavailable {
        /// The device.
        device: DeviceId,
        /// Why.
        why: String,
    },
    /// It may have done it or not.
    #[error("it is not known whether {device} did it: {why}")]
    Indeterminate {
        /// The device.
        device: DeviceId,
        /// Why.
        why: String,
    },
}

/// What devices are behind.
#[async_trait]
pub trait DeviceAdapter: Send + Sync + 'static {
    /// The home as it is now.
    fn home(&self) -> Arc<Home>;

    /// The states of all devices as they are known now.
    fn states(&self) -> Arc<States>;

    /// Waits until the states are newer than `seen`, then gives them.
    async fn changed(&self, seen: Revision) -> Arc<States>;

    /// Sets a device to a state and gives the one it has then. Absolute, hence safe
    /// to repeat.
    ///
    /// # Errors
    /// [`DeviceError`].
    async fn execute(&self, command: &Command) -> Result<DeviceState, DeviceError>;
}
