//! Devices for people and programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hark_core::device::{DeviceState, Domain};
use hark_core::home::{Area, DeviceWithState};
use hark_core::{AreaId, DeviceId, Language};
use serde::Serialize;

use super::json::StateJson;
use super::style;

/// The domain of a device, which its id begins with.
pub fn domain_of(id: &DeviceId) -> Domain {
    let prefix = id.as_str().split('.').next();
    prefix.and_then(Domain::parse).unwrap_or(Domain::Switch)
}

/// What a state is, in short: `on, 70 %`, `open 40 %`, `heat, 21 °C`.
pub fn state(domain: Domain, state: &DeviceState) -> String {
    let mut words = vec![state.word(domain)];
    if state.on != Some(false) {
        words.extend(state.brightness_pct.map(|b| format!("{b} %")));
        let hex =
            |c: hark_core::device::Rgb| format!("#{:02x}{:02x}{:02x}", c.red, c.green, c.blue);
        words.extend(state.color.map(hex));
    }
    words.extend(state.position_pct.map(|p| format!("{p} %")));
    if state.on != Some(false) {
        words.extend(state.speed_pct.map(|p| format!("{p} %")));
        words.extend(state.volume_pct.map(|p| format!("volume {p} %")));
        words.extend((state.muted == Some(true)).then(|| "muted".to_owned()));
    }
    words.extend(state.target_celsius.map(|t| format!("{t} °C")));
    if domain == Domain::Weather {
        words.extend(state.current_celsius.map(|t| format!("{t} °C")));
    } else if domain != Domain::Sensor {
        words.extend(state.current_celsius.map(|t| format!("{t} °C now")));
    } else if state.current_celsius.is_some() {
        words[0].push_str(" °C");
    }
    words.join(", ")
}

/// A device as JSON.
#[derive(Debug, Serialize)]
pub struct DeviceJson {
    id: String,
    domain: &'static str,
    device_class: String,
    name: String,
    area_id: String,
    area: String,
    state: StateJson,
    revision: i64,
}

/// Devices and areas with their names in one language.
#[derive(Debug)]
pub struct Names {
    language: Language,
    areas: BTreeMap<AreaId, Area>,
}

impl Names {
    /// Names in `language`, where there are any.
    pub fn new(language: Language, areas: Vec<Area>) -> Self {
        let areas = areas.into_iter().map(|a| (a.id.clone(), a)).collect();
        Self { language, areas }
    }

    /// The name of an area; its id where it has none.
    pub fn area<'a>(&'a self, id: &'a AreaId) -> &'a str {
        let name = self.areas.get(id).map(|a| a.names.say(&self.language));
        name.filter(|n| !n.is_empty()).unwrap_or(id.as_str())
    }

    /// A device as JSON.
    pub fn json(&self, known: &DeviceWithState) -> DeviceJson {
        let device = &known.device;
        DeviceJson {
            id: device.id.to_string(),
            domain: device.domain.as_str(),
            device_class: device.device_class.clone(),
            name: device.names.say(&self.language).to_owned(),
            area_id: device.area.to_string(),
            area: self.area(&device.area).to_owned(),
            state: StateJson::new(device.domain, known.at.state),
            revision: known.at.revision.0,
        }
    }

    /// Devices under the names of their areas.
    pub fn table(&self, devices: &[DeviceWithState]) -> String {
        let mut by_area: BTreeMap<&str, Vec<&DeviceWithState>> = BTreeMap::new();
        for known in devices {
            let area = self.area(&known.device.area);
            by_area.entry(area).or_default().push(known);
        }
        let name = |d: &DeviceWithState| d.device.names.say(&self.language).to_owned();
        let width = devices.iter().map(|d| name(d).chars().count()).max();
        let width = width.unwrap_or(0);
        let mut table = String::new();
        for (area, devices) in by_area {
            let _ = writeln!(table, "{}{area}{:#}", style::STRONG, style::STRONG);
            for known in devices {
                let state = state(known.device.domain, &known.at.state);
                let (name, id) = (name(known), &known.device.id);
                let _ = writeln!(
                    table,
                    "  {name:<width$}  {state:<24}  {}{id}{:#}",
                    style::DIM,
                    style::DIM
                );
            }
        }
        table.trim_end().to_owned()
    }

    /// A device that changed, on one line.
    pub fn line(&self, known: &DeviceWithState) -> String {
        let device = &known.device;
        let state = state(device.domain, &known.at.state);
        let (area, name) = (self.area(&device.area), device.names.say(&self.language));
        format!(
            "{area}: {}{name}{:#}: {state}",
            style::STRONG,
            style::STRONG
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(domain: Domain, fields: DeviceState, expect: &str) {
        assert_eq!(state(domain, &fields), expect);
    }

    #[test]
    fn states_are_short() {
        let none = DeviceState::default;
        let (on, off) = (Some(true), Some(false));
        let brightness_pct = Some(70);
        check(
            Domain::Light,
            DeviceState {
                on,
                brightness_pct,
                ..none()
            },
            "on, 70 %",
        );
        check(
            Domain::Light,
            DeviceState {
                on: off,
                brightness_pct,
                ..none()
            },
            "off",
        );
        let position_pct = Some(40);
        check(
            Domain::Cover,
            DeviceState {
                position_pct,
                ..none()
            },
            "open, 40 %",
        );
        let current_celsius = Some(19.5);
        check(
            Domain::Sensor,
            DeviceState {
                current_celsius,
                ..none()
            },
            "19.5 °C",
        );
        let target_celsius = Some(21.0);
        let heating = DeviceState {
            on,
            target_celsius,
            current_celsius,
            ..none()
        };
        check(Domain::Climate, heating, "heat, 21 °C, 19.5 °C now");
    }

    #[test]
    fn a_domain_is_in_the_id() {
        let domain = |id| domain_of(&DeviceId::parse(id).unwrap());
        assert_eq!(domain("cover.garage_door"), Domain::Cover);
        assert_eq!(domain("odd"), Domain::Switch);
    }
}
