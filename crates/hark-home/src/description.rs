//! A home as its file describes it: everything but what its devices are told later.

use std::collections::BTreeMap;
use std::path::Path;

use hark_core::DeviceId;
use hark_core::device::{DeviceState, Domain};
use hark_core::home::{Area, Capabilities, Device, Floor, Home, List};

use crate::Error;
use crate::check::Checker;
use crate::file::{DeviceEntry, Extra, HomeFile};

const BUILTIN: &str = include_str!("../homes/virtual.toml");

/// A home and the states that its devices begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    home: Home,
    initial: BTreeMap<DeviceId, DeviceState>,
}

impl Description {
    /// The built-in virtual home: nine areas, German and English.
    pub fn builtin() -> Self {
        Self::parse(BUILTIN, "(built in)").expect("the built-in home is checked by a test")
    }

    /// Reads a home file.
    ///
    /// # Errors
    /// [`Error::Read`], and all of [`Description::parse`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads the text of a home file; `file` is what errors call it.
    ///
    /// # Errors
    /// [`Error::Syntax`] (not TOML, an unknown or doubled key, a bad value) and
    /// [`Error::Invalid`] (an unknown area, a name missing or used twice, a state that
    /// the device can't have); each names the file and the key.
    pub fn parse(text: &str, file: &str) -> Result<Self, Error> {
        let raw: HomeFile = toml::from_str(text).map_err(|source| Error::Syntax {
            file: file.to_owned(),
            source: Box::new(source),
        })?;
        Checker::new(file).check(&raw)?;
        Ok(Self::from_checked(raw))
    }

    /// The home, without states.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The states that the devices begin with: one for each device.
    pub fn initial(&self) -> &BTreeMap<DeviceId, DeviceState> {
        &self.initial
    }

    fn from_checked(raw: HomeFile) -> Self {
        let initial = raw.devices.iter().map(|(id, d)| (id.clone(), d.state));
        let initial = initial.collect();
        let floors = raw.floors.into_iter().map(|(id, floor)| Floor {
            id,
            names: floor.names,
        });
        let areas = raw.areas.into_iter().map(|(id, area)| Area {
            id,
            names: area.names,
            floor: area.floor,
        });
        let lists = raw.lists.into_iter().map(|(id, list)| List {
            id,
            names: list.names,
        });
        let home = Home {
            id: raw.id,
            languages: raw.languages,
            time_zone: raw.time_zone,
            floors: floors.collect(),
            areas: areas.collect(),
            devices: raw.devices.into_iter().filter_map(device).collect(),
            lists: lists.collect(),
        };
        Self { home, initial }
    }
}

/// The domain that a device's id begins with.
pub(crate) fn domain(id: &DeviceId) -> Option<Domain> {
    let (domain, object) = id.as_str().split_once('.')?;
    Domain::parse(domain).filter(|_| !object.is_empty())
}

/// What a device of that kind can be told.
pub(crate) fn capabilities(domain: Domain, extra: &[Extra]) -> Capabilities {
    let switched = [
        Domain::Light,
        Domain::Switch,
        Domain::MediaPlayer,
        Domain::Climate,
        Domain::Fan,
        Domain::Scene,
        Domain::Script,
    ];
    Capabilities {
        on_off: switched.contains(&domain),
        brightness: extra.contains(&Extra::Brightness),
        color: extra.contains(&Extra::Color),
        position: domain == Domain::Cover,
        temperature: domain == Domain::Climate,
        lock: domain == Domain::Lock,
        speed: domain == Domain::Fan,
        media: domain == Domain::MediaPlayer,
        work: matches!(domain, Domain::Vacuum | Domain::LawnMower),
    }
}

fn device((id, entry): (DeviceId, DeviceEntry)) -> Option<Device> {
    let domain = domain(&id)?;
    Some(Device {
        domain,
        device_class: entry.device_class,
        area: entry.area,
        names: entry.names,
        can: capabilities(domain, &entry.can),
        id,
    })
}

#[cfg(test)]
mod tests;
