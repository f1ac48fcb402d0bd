//! Whether what a home file says makes a home.

use std::collections::BTreeMap;

use hark_core::device::{DeviceState, Domain};
use hark_core::home::{Capabilities, Names};
use hark_core::{AreaId, DeviceId, Language};

use crate::Error;
use crate::description::{capabilities, domain};
use crate::file::{DeviceEntry, HomeFile};

/// Checks a home file and knows its name for the errors.
pub(crate) struct Checker<'a> {
    file: &'a str,
}

impl<'a> Checker<'a> {
    pub fn new(file: &'a str) -> Self {
        Self { file }
    }

    /// Checks everything that TOML's own types do not.
    pub fn check(&self, home: &HomeFile) -> Result<(), Error> {
        if home.languages.is_empty() {
            return Err(self.invalid("languages", "name at least one language, like \"de\""));
        }
        if home.time_zone.is_empty() {
            return Err(self.invalid("time_zone", "give an IANA time zone, like Europe/Berlin"));
        }
        self.check_names(home)?;
        for (id, area) in &home.areas {
            if let Some(floor) = &area.floor
                && !home.floors.contains_key(floor)
            {
                let key = format!("areas.{id}.floor");
                return Err(self.invalid(key, format!("there is no floor `{floor}` in `floors`")));
            }
        }
        home.devices
            .iter()
            .try_for_each(|(id, device)| self.check_device(home, id, device))
    }

    fn check_names(&self, home: &HomeFile) -> Result<(), Error> {
        let named = |kind: &'static str, names: Vec<(&str, &Names)>| -> Result<(), Error> {
            for (id, names) in names {
                self.check_own_names(&format!("{kind}.{id}.names"), names, &home.languages)?;
            }
            Ok(())
        };
        let areas = || home.areas.iter().map(|(id, a)| (id, &a.names));
        named("areas", areas().map(|(id, n)| (id.as_str(), n)).collect())?;
        let floors = home.floors.iter();
        named(
            "floors",
            floors.map(|(id, f)| (id.as_str(), &f.names)).collect(),
        )?;
        let lists = home.lists.iter();
        named(
            "lists",
            lists.map(|(id, l)| (id.as_str(), &l.names)).collect(),
        )?;
        let devices = home.devices.iter();
        named(
            "devices",
            devices.map(|(id, d)| (id.as_str(), &d.names)).collect(),
        )?;
        self.check_area_names_differ(areas())
    }

    /// A thing has a name in every language of the home, and no name is empty.
    fn check_own_names(
        &self,
        key: &str,
        names: &Names,
        languages: &[Language],
    ) -> Result<(), Error> {
        for language in languages {
            if language.best_of(names.0.keys()).is_none() {
                let problem = format!("there is no name in `{language}`, a language of the home");
                return Err(self.invalid(key, problem));
            }
        }
        for (language, local) in &names.0 {
            let phrase = local.phrase.iter();
            let mut all = std::iter::once(&local.name)
                .chain(&local.aliases)
                .chain(phrase);
            if all.any(|name| name.trim().is_empty()) {
                return Err(self.invalid(format!("{key}.{language}"), "a name is empty"));
            }
        }
        Ok(())
    }

    /// Two areas must not share a name: a command for one would be a guess. Two
    /// devices may; Hark asks which is meant.
    fn check_area_names_differ<'n>(
        &self,
        areas: impl Iterator<Item = (&'n AreaId, &'n Names)>,
    ) -> Result<(), Error> {
        let mut owners: BTreeMap<(&Language, String), &AreaId> = BTreeMap::new();
        for (id, names) in areas {
            for (language, local) in &names.0 {
                for name in std::iter::once(&local.name).chain(&local.aliases) {
                    let other = owners.insert((language, name.to_lowercase()), id);
                    if let Some(other) = other.filter(|other| *other != id) {
                        let problem = format!("`{name}` is a name of the area `{other}` too");
                        return Err(self.invalid(format!("areas.{id}.names.{language}"), problem));
                    }
                }
            }
        }
        Ok(())
    }

    fn check_device(
        &self,
        home: &HomeFile,
        id: &DeviceId,
        device: &DeviceEntry,
    ) -> Result<(), Error> {
        let key = format!("devices.{id}");
        let Some(domain) = domain(id) else {
            let domains = Domain::ALL.map(Domain::as_str).join(", ");
            let problem = format!("a device's id is `domain.name`, the domain one of {domains}");
            return Err(self.invalid(key, problem));
        };
        if !home.areas.contains_key(&device.area) {
            let problem = format!("there is no area `{}` in `areas`", device.area);
            return Err(self.invalid(format!("{key}.area"), problem));
        }
        if !device.can.is_empty() && domain != Domain::Light {
            let problem = "only lights have brightness and colour";
            return Err(self.invalid(format!("{key}.can"), problem));
        }
        let can = capabilities(domain, &device.can);
        self.check_state(&format!("{key}.state"), domain, &can, &device.state)
    }

    fn check_state(
        &self,
        key: &str,
        domain: Domain,
        can: &Capabilities,
        state: &DeviceState,
    ) -> Result<(), Error> {
        let weather = domain == Domain::Weather;
        let measures = matches!(domain, Domain::Sensor | Domain::Climate) || weather;
        let opens = domain == Domain::BinarySensor;
        let sensed = [
            ("current_celsius", state.current_celsius.is_some(), measures),
            ("open", state.open.is_some(), opens),
            ("condition", state.condition.is_some(), weather),
            (
                "measured",
                state.measured.is_some(),
                domain == Domain::Sensor,
            ),
        ];
        if let Some((field, ..)) = sensed.iter().find(|(_, given, has)| *given && !has) {
            let problem = format!("a {} has no such state", domain.as_str());
            return Err(self.invalid(format!("{key}.{field}"), problem));
        }
        let told = DeviceState {
            current_celsius: None,
            open: None,
            available: None,
            condition: None,
            measured: None,
            ..*state
        };
        can.check(&told)
            .map_err(|why| self.invalid(key, why.to_string()))
    }

    fn invalid(&self, key: impl Into<String>, problem: impl Into<String>) -> Error {
        Error::Invalid {
            file: self.file.to_owned(),
            key: key.into(),
            problem: problem.into(),
        }
    }
}
