//! A home as a table: id, area, German and English name. A device's kind and what it can
//! follow from its id; areas are named as in the built-in home.

use hark_core::device::Domain;
use hark_core::home::Home;
use hark_core::{AreaId, Language};
use hark_home::Description;
use toml::{Table, Value};

use crate::Error;

/// A home that was read from a table.
#[derive(Debug, Clone)]
pub struct Read {
    /// The home.
    pub description: Description,
    /// Ids of things of kinds that Hark does not have.
    pub left_out: Vec<String>,
}

/// Reads a table with the header `id area name_de name_en`; `file` is what errors call
/// it. Ids that begin with `todo.` are lists.
///
/// # Errors
/// [`Error::Line`] where a line has no names, [`Error::Home`] where it makes no home.
pub fn parse(text: &str, file: &str) -> Result<Read, Error> {
    let builtin = Description::builtin();
    let (mut areas, mut devices, mut lists) = (Table::new(), Table::new(), Table::new());
    let mut left_out = Vec::new();
    for area in &builtin.home().areas {
        let entry = named(|language| area.names.say(language).to_owned());
        areas.insert(area.id.to_string(), Value::Table(entry));
    }
    for (i, line) in text.lines().enumerate().skip(1) {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
        let [id, area, german, english] = cells[..] else {
            let what = "give id, area, German and English name, tab-separated";
            return Err(Error::line(file, i + 1, what));
        };
        let mut entry = named(|language| match language.primary() {
            "de" => german.to_owned(),
            _ => english.to_owned(),
        });
        match id.split_once('.') {
            Some(("todo", list)) => {
                lists.insert(list.to_owned(), Value::Table(entry));
            }
            Some((kind, _)) if Domain::parse(kind).is_some() => {
                let area = place(area, builtin.home());
                areas.entry(&area).or_insert_with(|| unnamed(&area));
                entry.insert("area".to_owned(), Value::String(area));
                equip(id, kind, &mut entry);
                devices.insert(id.to_owned(), Value::Table(entry));
            }
            _ => left_out.push(id.to_owned()),
        }
    }
    let mut home = Table::new();
    let text = |text: &str| Value::String(text.to_owned());
    home.insert("id".to_owned(), text("home"));
    home.insert("time_zone".to_owned(), text("Europe/Berlin"));
    let languages = vec![text("de"), text("en")];
    home.insert("languages".to_owned(), Value::Array(languages));
    for (name, table) in [("areas", areas), ("devices", devices), ("lists", lists)] {
        home.insert(name.to_owned(), Value::Table(table));
    }
    Ok(Read {
        description: Description::parse(&home.to_string(), file)?,
        left_out,
    })
}

/// Where a device is; one that is nowhere is where the built-in home's first area is.
fn place(area: &str, home: &Home) -> String {
    match area {
        "" => home
            .areas
            .first()
            .map_or("home", |a| a.id.as_str())
            .to_owned(),
        area => area.to_owned(),
    }
}

fn named(name: impl Fn(&Language) -> String) -> Table {
    let mut names = Table::new();
    for language in [Language::german(), Language::english()] {
        let mut local = Table::new();
        local.insert("name".to_owned(), Value::String(name(&language)));
        names.insert(language.to_string(), Value::Table(local));
    }
    let mut entry = Table::new();
    entry.insert("names".to_owned(), Value::Table(names));
    entry
}

fn unnamed(area: &str) -> Value {
    Value::Table(named(|_| area.replace('_', " ")))
}

/// What a device of that kind can, and the state that it begins with.
fn equip(id: &str, kind: &str, entry: &mut Table) {
    let mut state = Table::new();
    let mut set = |key: &str, value: Value| state.insert(key.to_owned(), value);
    match kind {
        "light" => {
            let can = ["brightness", "color"].map(|c| Value::String(c.to_owned()));
            entry.insert("can".to_owned(), Value::Array(can.to_vec()));
            set("on", Value::Boolean(false));
            set("brightness_pct", Value::Integer(100));
        }
        "switch" => {
            set("on", Value::Boolean(false));
        }
        "media_player" => {
            set("on", Value::Boolean(true));
        }
        "cover" => {
            set("position_pct", Value::Integer(0));
        }
        "lock" => {
            set("locked", Value::Boolean(true));
        }
        "climate" => {
            set("on", Value::Boolean(true));
            set("target_celsius", Value::Float(21.0));
            set("current_celsius", Value::Float(20.5));
        }
        _ => {}
    }
    entry.insert("state".to_owned(), Value::Table(state));
    let classes = ["garage", "humidity", "temperature"];
    if let Some(class) = classes.iter().find(|class| id.contains(**class)) {
        let class = Value::String((*class).to_owned());
        entry.insert("device_class".to_owned(), class);
    }
}

/// The area that commands without a room are for.
///
/// # Errors
/// [`Error::Area`] lists those that there are.
pub fn area(home: &Home, text: &str) -> Result<AreaId, Error> {
    let of = |language| hark_core::resolve::area_of(home, text, language);
    let found = home.languages.iter().find_map(of);
    found.ok_or_else(|| {
        let known: Vec<_> = home.areas.iter().map(|a| a.id.as_str()).collect();
        Error::Area {
            area: text.to_owned(),
            known: known.join(", "),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "id\tarea\tname_de\tname_en\n\
        light.bed\tbedroom\tBettlicht\tBed Light\n\
        cover.garage_door\tgarage\tGaragentor\tGarage Door\n\
        light.attic\tthe_attic\tDachlicht\tAttic Light\n\
        warp_drive.main\t\tWarpantrieb\tWarp Drive\n\
        todo.shopping\t\tEinkaufsliste\tShopping List\n";

    #[test]
    fn a_table_makes_a_home() {
        let read = parse(TABLE, "h").unwrap();
        let home = read.description.home();
        assert_eq!(read.left_out, ["warp_drive.main"]);
        assert_eq!(home.devices.len(), 3);
        let garage = home.devices.iter().find(|d| d.device_class == "garage");
        let german = Language::german();
        assert_eq!(garage.unwrap().names.say(&german), "Garagentor");
        assert_eq!(home.lists[0].id.as_str(), "shopping");
        assert_eq!(area(home, "Schlafzimmer").unwrap().as_str(), "bedroom");
        assert_eq!(area(home, "the_attic").unwrap().as_str(), "the_attic");
        let error = area(home, "cellar").unwrap_err().to_string();
        assert!(
            error.contains("`cellar`") && error.contains("kitchen"),
            "{error}"
        );
    }

    #[test]
    fn a_line_without_names_is_found() {
        let error = parse("id\tarea\nlight.x\tkitchen\n", "h")
            .unwrap_err()
            .to_string();
        assert!(error.contains("h, line 2: give id"), "{error}");
    }
}
