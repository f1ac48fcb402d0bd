//! The names of one home in one language.

use std::collections::BTreeMap;

use hark_core::home::{Home, Names};
use hark_core::intent::SlotValue;
use hark_core::{AreaId, Language};

use crate::list::Values;

/// The names of one home in one language, as lists that templates use: `name` (devices
/// and lists of items; a list has the domain `todo`), `area` and `floor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lexicon {
    /// The language.
    pub language: Language,
    /// Entries by the name of the list.
    pub lists: BTreeMap<String, Vec<Entry>>,
}

/// A thing that has names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The registered name: the value that a slot gets.
    pub value: String,
    /// Everything people call it, `value` included where they do.
    pub spoken: Vec<String>,
    /// What sentences may require of it: `domain`, `device_class`, `area`.
    pub context: BTreeMap<String, String>,
}

impl Lexicon {
    /// The names in `language` of everything in a home.
    pub fn of_home(home: &Home, language: &Language) -> Self {
        let area_name = |id: &AreaId| home.area(id).map(|a| a.names.say(language).to_owned());
        let devices = home.devices.iter().map(|device| {
            let mut context = BTreeMap::from([("domain".into(), device.domain.as_str().into())]);
            if !device.device_class.is_empty() {
                context.insert("device_class".into(), device.device_class.clone());
            }
            if let Some(area) = area_name(&device.area) {
                context.insert("area".into(), area);
            }
            entry(&device.names, language, context)
        });
        let lists = home.lists.iter().map(|list| {
            let context = BTreeMap::from([("domain".into(), "todo".into())]);
            entry(&list.names, language, context)
        });
        let plain = |names: &Names| entry(names, language, BTreeMap::new());
        let areas = home.areas.iter().map(|a| plain(&a.names)).collect();
        let floors = home.floors.iter().map(|f| plain(&f.names)).collect();
        Self {
            language: language.clone(),
            lists: BTreeMap::from([
                ("name".into(), devices.chain(lists).collect()),
                ("area".into(), areas),
                ("floor".into(), floors),
            ]),
        }
    }
}

/// The names in one list, ready to be looked up; `devices` where they are worth more than
/// other words.
pub(crate) fn values(entries: &[Entry], devices: bool) -> Values {
    let mut out = Values::default();
    out.names = devices;
    for entry in entries {
        let value = SlotValue::Text(entry.value.clone());
        let at = out.add(Some(value), entry.context.clone());
        for words in &entry.spoken {
            out.say(words, at);
        }
    }
    out
}

fn entry(names: &Names, language: &Language, context: BTreeMap<String, String>) -> Entry {
    Entry {
        value: names.say(language).to_owned(),
        spoken: names.all(language).into_iter().map(str::to_owned).collect(),
        context,
    }
}

#[cfg(test)]
mod tests {
    use hark_core::device::Domain;
    use hark_core::home::{Area, Capabilities, Device, List, LocalNames};
    use hark_core::{DeviceId, HomeId, ListId};

    use super::*;

    fn names(german: &str, english: &[&str]) -> Names {
        let local = |all: &[&str]| LocalNames {
            name: all[0].to_owned(),
            aliases: all[1..].iter().map(|a| (*a).to_owned()).collect(),
            phrase: None,
        };
        Names(BTreeMap::from([
            (Language::german(), local(&[german])),
            (Language::english(), local(english)),
        ]))
    }

    fn home() -> Home {
        let hallway = AreaId::parse("hallway").unwrap();
        Home {
            id: HomeId::parse("home").unwrap(),
            languages: vec![Language::german()],
            time_zone: "Europe/Berlin".to_owned(),
            floors: Vec::new(),
            areas: vec![Area {
                id: hallway.clone(),
                names: names("Flur", &["hallway", "hall"]),
                floor: None,
            }],
            devices: vec![Device {
                id: DeviceId::parse("cover.door").unwrap(),
                domain: Domain::Cover,
                device_class: "garage".to_owned(),
                area: hallway,
                names: names("Garagentor", &["garage door"]),
                can: Capabilities::default(),
            }],
            lists: vec![List {
                id: ListId::parse("shopping").unwrap(),
                names: names("Einkaufsliste", &["shopping list"]),
            }],
        }
    }

    #[test]
    fn a_home_gives_its_names_in_the_language_with_their_context() {
        let british = Language::parse("en-GB").unwrap();
        let lexicon = Lexicon::of_home(&home(), &british);
        let area = &lexicon.lists["area"][0];
        assert_eq!((area.value.as_str(), area.spoken.len()), ("hallway", 2));
        assert!(area.context.is_empty());
        let [door, list] = &lexicon.lists["name"][..] else {
            panic!("a device and a list");
        };
        assert_eq!(door.value, "garage door");
        let context: Vec<_> = door
            .context
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        assert_eq!(
            context,
            ["area=hallway", "device_class=garage", "domain=cover"]
        );
        assert_eq!(list.value, "shopping list");
        assert_eq!(list.context["domain"], "todo");
        assert!(lexicon.lists["floor"].is_empty());
    }

    #[test]
    fn a_language_without_names_gets_all_of_them() {
        let lexicon = Lexicon::of_home(&home(), &Language::parse("fr").unwrap());
        assert_eq!(lexicon.lists["area"][0].spoken, ["Flur", "hallway", "hall"]);
    }
}
