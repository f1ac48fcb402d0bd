//! The names of a home like the one that comes with Hark, for the tests.
#![allow(dead_code, reason = "each test uses its own part")]

use std::collections::BTreeMap;

use hark_core::Language;
use hark_core::intent::Reading;
use hark_intents::{Entry, Error, Lexicon, Matcher, Sentences};

/// Area: names in German, names in English; the first is the one to say.
const AREAS: &[(&str, &str)] = &[
    ("Flur|Diele", "hallway|hall"),
    ("Küche", "kitchen"),
    ("Wohnzimmer|Stube", "living room|lounge"),
    ("Schlafzimmer", "bedroom"),
    ("Bad|Badezimmer", "bathroom|bath"),
    ("Büro|Arbeitszimmer", "office|study"),
    ("Kinderzimmer", "children's room|kids' room|nursery"),
    ("Garage", "garage"),
    ("Garten|draußen", "garden|outside"),
];

const FLOORS: &[(&str, &str)] = &[
    ("Erdgeschoss|unten", "ground floor|downstairs"),
    ("Obergeschoss|oben", "upper floor|upstairs"),
];

/// Domain, device class, names in German, names in English.
const DEVICES: &[(&str, &str, &str, &str)] = &[
    (
        "light",
        "",
        "Flurlicht|Flurlampe",
        "hallway light|hallway lamp",
    ),
    ("light", "", "Küchenlicht|Küchenlampe", "kitchen light"),
    (
        "light",
        "",
        "Stehlampe|Leselampe",
        "floor lamp|reading lamp",
    ),
    (
        "light",
        "",
        "Stimmungslicht|Farblicht",
        "mood light|colour light|coloured light",
    ),
    ("climate", "", "Badheizung", "bathroom heating"),
    ("climate", "", "Wohnzimmerheizung", "living room heating"),
    (
        "cover",
        "blind",
        "Küchenrollladen|Küchenrollo|Küchenjalousie",
        "kitchen blind|kitchen blinds",
    ),
    ("cover", "garage", "Garagentor|Tor", "garage door"),
    ("lock", "", "Haustür|Eingangstür", "front door"),
    ("binary_sensor", "window", "Küchenfenster", "kitchen window"),
    ("binary_sensor", "window", "Badfenster", "bathroom window"),
    (
        "sensor",
        "temperature",
        "Außentemperatur",
        "outdoor temperature",
    ),
    ("sensor", "humidity", "Luftfeuchtigkeit", "humidity"),
    ("media_player", "tv", "Fernseher|TV", "television|TV"),
    ("switch", "", "Kaffeemaschine", "coffee machine"),
    (
        "todo",
        "",
        "Einkaufsliste|Einkaufszettel",
        "shopping list|groceries",
    ),
    ("todo", "", "Aufgabenliste|To-do-Liste", "to-do list"),
];

/// The names of that home.
pub fn lexicon(language: &Language) -> Lexicon {
    let pick = |german: &str, english: &str| match language.primary() {
        "de" => german.to_owned(),
        _ => english.to_owned(),
    };
    let entry = |names: String, context: BTreeMap<String, String>| {
        let spoken: Vec<String> = names.split('|').map(str::to_owned).collect();
        Entry {
            value: spoken[0].clone(),
            spoken,
            context,
        }
    };
    let plain = |(german, english): &(&str, &str)| entry(pick(german, english), BTreeMap::new());
    let devices = DEVICES.iter().map(|(domain, class, german, english)| {
        let context = [("domain", domain), ("device_class", class)];
        let context = context.into_iter().filter(|(_, v)| !v.is_empty());
        let context = context.map(|(k, v)| (k.to_owned(), (*v).to_owned()));
        entry(pick(german, english), context.collect())
    });
    Lexicon {
        language: language.clone(),
        lists: BTreeMap::from([
            ("name".to_owned(), devices.collect()),
            ("area".to_owned(), AREAS.iter().map(plain).collect()),
            ("floor".to_owned(), FLOORS.iter().map(plain).collect()),
        ]),
    }
}

/// The built-in sentences with the names of that home.
pub fn matcher(language: &Language) -> Matcher {
    let sentences = Sentences::builtin(language).unwrap();
    Matcher::compile(&sentences, &lexicon(language)).unwrap()
}

/// Sentences from the text of one file.
pub fn sentences(yaml: &str) -> Result<Sentences, Error> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("test.yaml"), yaml).unwrap();
    Sentences::load(folder.path())
}

/// `HassTurnOn area=Flur domain=light`.
pub fn show(reading: &Reading) -> String {
    let slots = reading.intent.slots.iter();
    let slots = slots.map(|(name, slot)| match slot.value.to_string() {
        value if value.contains(' ') => format!(" {name}=\"{value}\""),
        value => format!(" {name}={value}"),
    });
    reading.intent.name.clone() + &slots.collect::<String>()
}
