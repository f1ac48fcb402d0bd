//! The form of a home file, before it is checked.

use std::collections::BTreeMap;

use hark_core::device::DeviceState;
use hark_core::home::Names;
use hark_core::{AreaId, DeviceId, FloorId, HomeId, Language, ListId};
use serde::Deserialize;

/// A home file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HomeFile {
    pub id: HomeId,
    pub languages: Vec<Language>,
    pub time_zone: String,
    #[serde(default)]
    pub floors: BTreeMap<FloorId, NamedEntry>,
    pub areas: BTreeMap<AreaId, AreaEntry>,
    pub devices: BTreeMap<DeviceId, DeviceEntry>,
    #[serde(default)]
    pub lists: BTreeMap<ListId, NamedEntry>,
}

/// A floor or a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedEntry {
    pub names: Names,
}

/// An area.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AreaEntry {
    pub names: Names,
    pub floor: Option<FloorId>,
}

/// A device. Its domain is the part of its id before the dot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceEntry {
    pub area: AreaId,
    pub names: Names,
    #[serde(default)]
    pub device_class: String,
    /// What it can beyond what every device of its domain can.
    #[serde(default)]
    pub can: Vec<Extra>,
    /// Its state until it is told another.
    #[serde(default)]
    pub state: DeviceState,
}

/// What only some lights can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Extra {
    Brightness,
    Color,
}
