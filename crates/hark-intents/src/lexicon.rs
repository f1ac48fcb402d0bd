//! The names of one home in one language.

use std::collections::BTreeMap;

use hark_core::home::{Home, Names};
use hark_core::{AreaId, Language};

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

fn entry(names: &Names, language: &Language, context: BTreeMap<String, String>) -> Entry {
    Entry {
        value: names.say(language).to_owned(),
        spoken: names.all(language).into_iter().map(str::to_owned).collect(),
        context,
    }
}
