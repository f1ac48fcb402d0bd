//! The home that a corpus is about: a short form of what a home has.

use std::path::Path;

use hark_core::device::{DeviceState, Domain};
use hark_core::home::{Area, Capabilities, Device, Floor, Home, List, Names, StateAt, States};
use hark_core::store::Revision;
use hark_core::{AreaId, DeviceId, FloorId, HomeId, Language, ListId};
use serde::Deserialize;

use super::{parsed, wrong};
use crate::error::Error;

/// A home, the states of its devices, and where its speaker is.
#[derive(Debug, Clone)]
pub struct CorpusHome {
    /// The home.
    pub home: Home,
    /// The states.
    pub states: States,
    /// Where the speaker is.
    pub speaker_area: Option<AreaId>,
}

impl CorpusHome {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error`] if it can't be read or is no home.
    pub fn load(file: &Path) -> Result<Self, Error> {
        let raw: RawHome = parsed(file)?;
        raw.checked().map_err(|why| wrong(file, 0, why))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHome {
    #[serde(default)]
    id: Option<HomeId>,
    languages: Vec<Language>,
    time_zone: String,
    #[serde(default)]
    speaker_area: Option<AreaId>,
    #[serde(default)]
    floors: Vec<RawPlace<FloorId>>,
    #[serde(default)]
    areas: Vec<RawPlace<AreaId>>,
    #[serde(default)]
    devices: Vec<RawDevice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlace<Id> {
    id: Id,
    names: Names,
    #[serde(default)]
    floor: Option<FloorId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDevice {
    id: String,
    kind: String,
    names: Names,
    #[serde(default)]
    area: Option<AreaId>,
    #[serde(default, rename = "class")]
    class: String,
    #[serde(default)]
    can: Vec<Extra>,
    #[serde(default)]
    state: DeviceState,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Extra {
    Brightness,
    Color,
}

impl RawHome {
    fn checked(self) -> Result<CorpusHome, String> {
        if self.languages.is_empty() {
            return Err("`languages` has none".to_owned());
        }
        let id = HomeId::parse("corpus").map_err(|e| e.to_string())?;
        let (mut devices, mut lists, mut states) = (Vec::new(), Vec::new(), States::default());
        for raw in self.devices {
            if raw.kind == "todo" {
                lists.push(raw.list()?);
                continue;
            }
            if let Some(area) = &raw.area
                && !self.areas.iter().any(|known| known.id == *area)
            {
                return Err(format!("device {}: there is no area `{area}`", raw.id));
            }
            let state = raw.state;
            let device = raw.device()?;
            let revision = Revision(0);
            let known = StateAt { state, revision };
            states.devices.insert(device.id.clone(), known);
            devices.push(device);
        }
        let floors = self.floors.into_iter().map(|raw| Floor {
            id: raw.id,
            names: raw.names,
        });
        let areas = self.areas.into_iter().map(|raw| Area {
            id: raw.id,
            names: raw.names,
            floor: raw.floor,
        });
        Ok(CorpusHome {
            home: Home {
                id: self.id.unwrap_or(id),
                languages: self.languages,
                time_zone: self.time_zone,
                floors: floors.collect(),
                areas: areas.collect(),
                devices,
                lists,
            },
            states,
            speaker_area: self.speaker_area,
        })
    }
}

impl RawDevice {
    fn list(self) -> Result<List, String> {
        let id = self.id.strip_prefix("todo.").unwrap_or(&self.id);
        Ok(List {
            id: ListId::parse(id).map_err(|e| e.to_string())?,
            names: self.names,
        })
    }

    fn device(self) -> Result<Device, String> {
        let domain = Domain::parse(&self.kind)
            .ok_or_else(|| format!("device {}: there is no kind `{}`", self.id, self.kind))?;
        // What is nowhere in particular is in an area that nobody can name.
        let nowhere = || AreaId::parse("nowhere").map_err(|e| e.to_string());
        let has = |extra| self.can.contains(&extra);
        let switched = !matches!(
            domain,
            Domain::Cover
                | Domain::Lock
                | Domain::Sensor
                | Domain::BinarySensor
                | Domain::Vacuum
                | Domain::LawnMower
                | Domain::Weather
        );
        let can = Capabilities {
            on_off: switched,
            brightness: has(Extra::Brightness),
            color: has(Extra::Color),
            position: domain == Domain::Cover,
            temperature: domain == Domain::Climate,
            lock: domain == Domain::Lock,
            speed: domain == Domain::Fan,
            media: domain == Domain::MediaPlayer,
            work: matches!(domain, Domain::Vacuum | Domain::LawnMower),
        };
        Ok(Device {
            id: DeviceId::parse(&self.id).map_err(|e| e.to_string())?,
            domain,
            device_class: self.class,
            area: self.area.map_or_else(nowhere, Ok)?,
            names: self.names,
            can,
        })
    }
}
