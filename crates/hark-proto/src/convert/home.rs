//! Names, areas and devices.

use std::collections::BTreeMap;

use hark_core::device::Domain;
use hark_core::home::{Area, Capabilities, Device, DeviceWithState, LocalNames, Names, StateAt};
use hark_core::store::Revision;

use super::{ids, required};
use crate::{Error, v1};

/// Names as messages, in the order of their languages.
pub fn names_to_pb(names: Names) -> Vec<v1::LocalName> {
    let one = |(language, names): (_, LocalNames)| v1::LocalName {
        language: String::from(language),
        name: names.name,
        aliases: names.aliases,
        phrase: names.phrase,
    };
    names.0.into_iter().map(one).collect()
}

/// Names from messages.
///
/// # Errors
/// Names `field[index]` if a language is none or comes twice.
pub fn names(field: &str, messages: Vec<v1::LocalName>) -> Result<Names, Error> {
    let mut names = BTreeMap::new();
    for (i, message) in messages.into_iter().enumerate() {
        let path = format!("{field}[{i}].language");
        let language = ids::language(&path, &message.language)?;
        let local = LocalNames {
            name: message.name,
            aliases: message.aliases,
            phrase: message.phrase,
        };
        if names.insert(language, local).is_some() {
            return Err(Error::invalid_field(path, "comes twice"));
        }
    }
    Ok(Names(names))
}

impl From<Area> for v1::Area {
    fn from(area: Area) -> Self {
        Self {
            id: area.id.into(),
            names: names_to_pb(area.names),
            floor_id: area.floor.map(String::from),
        }
    }
}

impl TryFrom<v1::Area> for Area {
    type Error = Error;

    fn try_from(message: v1::Area) -> Result<Self, Error> {
        let floor = message.floor_id.as_deref();
        Ok(Self {
            id: ids::area("id", &message.id)?,
            floor: floor.map(|id| ids::floor("floor_id", id)).transpose()?,
            names: names("names", message.names)?,
        })
    }
}

impl From<DeviceWithState> for v1::Device {
    fn from(known: DeviceWithState) -> Self {
        let device = known.device;
        Self {
            id: device.id.into(),
            domain: device.domain.as_str().to_owned(),
            device_class: device.device_class,
            area_id: device.area.into(),
            names: names_to_pb(device.names),
            state: Some(known.at.state.into()),
            revision: known.at.revision.0,
            capabilities: Some(device.can.into()),
        }
    }
}

impl TryFrom<v1::Device> for DeviceWithState {
    type Error = Error;

    fn try_from(message: v1::Device) -> Result<Self, Error> {
        let device = Device {
            id: ids::device("id", &message.id)?,
            domain: domain("domain", &message.domain)?,
            device_class: message.device_class,
            area: ids::area("area_id", &message.area_id)?,
            names: names("names", message.names)?,
            can: message.capabilities.unwrap_or_default().into(),
        };
        let at = StateAt {
            state: required("state", message.state)?,
            revision: Revision(message.revision),
        };
        Ok(Self { device, at })
    }
}

impl From<Capabilities> for v1::Capabilities {
    fn from(can: Capabilities) -> Self {
        Self {
            on_off: can.on_off,
            brightness: can.brightness,
            color: can.color,
            position: can.position,
            temperature: can.temperature,
            lock: can.lock,
            speed: can.speed,
            media: can.media,
            work: can.work,
        }
    }
}

impl From<v1::Capabilities> for Capabilities {
    fn from(message: v1::Capabilities) -> Self {
        Self {
            on_off: message.on_off,
            brightness: message.brightness,
            color: message.color,
            position: message.position,
            temperature: message.temperature,
            lock: message.lock,
            speed: message.speed,
            media: message.media,
            work: message.work,
        }
    }
}

fn domain(field: &str, name: &str) -> Result<Domain, Error> {
    Domain::parse(name)
        .ok_or_else(|| Error::invalid_field(field, format!("`{name}` is not a domain")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::testing;

    #[test]
    fn a_language_twice_is_an_error() {
        let german = || v1::LocalName {
            language: "de".into(),
            ..Default::default()
        };
        let error = names("names", vec![german(), german()]).unwrap_err();
        assert_eq!(error.violations()[0].field, "names[1].language");
    }

    #[test]
    fn a_domain_nobody_knows_is_an_error() {
        let message = v1::Device {
            id: "toaster.kitchen".into(),
            domain: "toaster".into(),
            ..Default::default()
        };
        let error = DeviceWithState::try_from(message).unwrap_err();
        assert!(error.to_string().contains("`toaster`"), "{error}");
    }

    proptest! {
        #[test]
        fn areas_round_trip(area in testing::area()) {
            prop_assert_eq!(Area::try_from(v1::Area::from(area.clone())), Ok(area));
        }

        #[test]
        fn devices_round_trip(device in testing::device()) {
            let message = v1::Device::from(device.clone());
            prop_assert_eq!(DeviceWithState::try_from(message), Ok(device));
        }
    }
}
