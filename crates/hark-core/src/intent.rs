//! Intents: what a sentence asks for, with Home Assistant's names of intents and
//! slots.
//!
//! What [`crate::resolve`] acts on:
//!
//! | intents | slots |
//! | --- | --- |
//! | `HassTurnOn`, `HassTurnOff`, `HassToggle` | where; opening a cover or locking a lock is `HassTurnOn` |
//! | `HassLightSet` | where; `brightness` (percent), `brightness_step` (`up`, `down` or signed percent points), `color` (English name) |
//! | `HassSetPosition` | where; `position` (percent open) |
//! | `HassClimateSetTemperature` | where; `temperature` (degrees Celsius) |
//! | `HassClimateGetTemperature` | where |
//! | `HassGetState` | where; `state` is not needed |
//! | `HassFanSetSpeed` | where; `percentage` |
//! | `HassGetWeather` | `name` |
//! | `HassVacuumStart`, `HassVacuumReturnToBase`, `HassLawnMowerStartMowing`, `HassLawnMowerDock` | where; without it the only one, or the one around |
//! | `HassMediaPause`, `HassMediaUnpause`, `HassMediaNext`, `HassMediaPrevious`, `HassMediaPlayerMute`, `HassMediaPlayerUnmute` | the same; of several those that play |
//! | `HassSetVolume`, `HassSetVolumeRelative` | the same; `volume_level` (percent), `volume_step` (`up`, `down` or signed percent points) |
//! | `HassStartTimer` | `hours`, `minutes`, `seconds`, `name` |
//! | `HassTimerStatus`, `HassCancelTimer`, `HassPauseTimer`, `HassUnpauseTimer` | `name`, `start_hours`, `start_minutes`, `start_seconds`, `area` |
//! | `HassIncreaseTimer`, `HassDecreaseTimer` | the same; `hours`, `minutes`, `seconds` |
//! | `HassCancelAllTimers` | `area` |
//! | `HassListAddItem`, `HassListRemoveItem`, `HassListCompleteItem` | `item`, `name` of the list |
//! | `HassListGetItems` | `name` of the list; Hark's own |
//! | `HassShoppingListAddItem`, `HassShoppingListCompleteItem` | `item` |
//! | `HassGetCurrentTime`, `HassGetCurrentDate`, `HassNevermind` | |
//! | `HassRespond`, `HassBroadcast` | `response`; `message` |
//!
//! Any other intent is understood and answered that it can't be done yet: Home
//! Assistant's `HassVacuumCleanArea` and `HassMediaSearchAndPlay` among them.
//!
//! Where: `name` of a device, `area` or `floor` (names as people say them or ids; what
//! is no such name becomes a question), `domain`, `device_class`. With none of the first
//! three the speaker's area is meant, never the whole home, unless `scope` is `home`.
//! What `except_area`, `except_floor` and `except_name` (and `_2` to `_4`) say is not meant.

use std::collections::BTreeMap;
use std::fmt;

/// What a sentence asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Home Assistant's name, like `HassTurnOn`.
    pub name: String,
    /// Its slots by name: `name`, `area`, `floor`, `domain`, `brightness`, …
    pub slots: BTreeMap<String, Slot>,
}

impl Intent {
    /// The text of a slot, where it has one.
    pub fn text(&self, slot: &str) -> Option<&str> {
        match &self.slots.get(slot)?.value {
            SlotValue::Text(text) => Some(text),
            SlotValue::Number(_) => None,
        }
    }

    /// The number in a slot, where it has one.
    pub fn number(&self, slot: &str) -> Option<f64> {
        match self.slots.get(slot)?.value {
            SlotValue::Number(number) => Some(number),
            SlotValue::Text(_) => None,
        }
    }
}

/// What one part of a sentence stood for.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The canonical value.
    pub value: SlotValue,
    /// The words it came from; empty where the template gave it.
    pub spoken: String,
}

/// The value of a slot.
#[derive(Debug, Clone, PartialEq)]
pub enum SlotValue {
    /// Text.
    Text(String),
    /// A number, in the unit that the slot's name implies.
    Number(f64),
}

impl fmt::Display for SlotValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => text.fmt(f),
            Self::Number(number) => number.fmt(f),
        }
    }
}

/// One way to understand a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it asks for.
    pub intent: Intent,
    /// Higher is better; comparable within one sentence only.
    pub score: f32,
    /// The response that the template names, if any (`default` where it names none).
    pub response: String,
}
