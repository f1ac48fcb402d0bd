//! One home with two kitchens' worth of trouble: devices that share a name, covers of
//! every class, and every kind of intent said to it.

use proptest::prelude::*;

use super::*;
use crate::device::{DeviceState, Domain, Rgb};
use crate::home::{Area, Capabilities, Device, Floor, List, LocalNames, Names, StateAt};
use crate::ids::{FloorId, HomeId};
use crate::intent::{Slot, SlotValue};
use crate::reply;
use crate::store::Revision;

mod devices;
mod machines;
mod others;
mod several;

/// A home and all else that a decision is made from.
pub(super) struct World {
    home: Home,
    states: States,
    timers: Vec<Timer>,
    lists: BTreeMap<ListId, Vec<Item>>,
    language: Language,
    area: Option<AreaId>,
    speaker: Option<SpeakerId>,
    caller: Kind,
}

fn names(german: &str, english: &str) -> Names {
    let local = |name: &str| LocalNames {
        name: name.to_owned(),
        aliases: vec![],
        phrase: None,
    };
    Names(BTreeMap::from([
        (Language::german(), local(german)),
        (Language::english(), local(english)),
    ]))
}

fn area_id(id: &str) -> AreaId {
    AreaId::parse(id).unwrap()
}

fn device_id(id: &str) -> DeviceId {
    DeviceId::parse(id).unwrap()
}

/// A device: id, class, area, names.
fn device(id: &str, class: &str, area: &str, german: &str, english: &str) -> Device {
    let domain = Domain::parse(id.split('.').next().unwrap()).unwrap();
    let lit = domain == Domain::Light;
    let switched = [
        Domain::Switch,
        Domain::MediaPlayer,
        Domain::Climate,
        Domain::Fan,
        Domain::Scene,
        Domain::Script,
    ];
    let switched = switched.contains(&domain);
    Device {
        id: device_id(id),
        domain,
        device_class: class.to_owned(),
        area: area_id(area),
        names: names(german, english),
        can: Capabilities {
            on_off: lit || switched,
            brightness: lit && id != "light.plain",
            color: id == "light.mood",
            position: domain == Domain::Cover,
            temperature: domain == Domain::Climate,
            lock: domain == Domain::Lock,
            speed: domain == Domain::Fan,
            media: domain == Domain::MediaPlayer,
            work: [Domain::Vacuum, Domain::LawnMower].contains(&domain),
        },
    }
}

impl World {
    fn new() -> Self {
        let area = |id: &str, floor: Option<&str>, german: &str, english: &str| Area {
            id: area_id(id),
            names: names(german, english),
            floor: floor.map(|f| FloorId::parse(f).unwrap()),
        };
        let home = Home {
            id: HomeId::parse("test").unwrap(),
            languages: vec![Language::german(), Language::english()],
            time_zone: "Europe/Berlin".to_owned(),
            floors: vec![Floor {
                id: FloorId::parse("upper").unwrap(),
                names: names("Obergeschoss", "upstairs"),
            }],
            areas: vec![
                area("bath", Some("upper"), "Bad", "bathroom"),
                area("garage", None, "Garage", "garage"),
                area("hall", None, "Flur", "hallway"),
                area("living", None, "Wohnzimmer", "living room"),
            ],
            devices: devices_of_the_home(),
            lists: vec![List {
                id: ListId::parse("shopping").unwrap(),
                names: names("Einkaufsliste", "shopping list"),
            }],
        };
        Self {
            home,
            states: States::default(),
            timers: vec![],
            lists: BTreeMap::new(),
            language: Language::german(),
            area: None,
            speaker: None,
            caller: Kind::Anonymous,
        }
    }

    /// The same, with a speaker in that area.
    fn at(mut self, area: &str) -> Self {
        self.area = Some(area_id(area));
        self
    }

    fn called_by(mut self, caller: Kind) -> Self {
        self.caller = caller;
        self
    }

    fn with_state(mut self, device: &str, state: DeviceState) -> Self {
        let at = StateAt {
            state,
            revision: Revision(1),
        };
        self.states.devices.insert(device_id(device), at);
        self
    }

    fn context(&self) -> Context<'_> {
        Context {
            home: &self.home,
            states: &self.states,
            timers: &self.timers,
            lists: &self.lists,
            language: &self.language,
            area: self.area.as_ref(),
            speaker: self.speaker.as_ref(),
            caller: self.caller,
            now: Timestamp::from_unix_ms(60_000),
            heard: "blah",
            whole_home: true,
            local: LocalTime {
                hour: 14,
                minute: 5,
                date: Date {
                    year: 2026,
                    month: 11,
                    day: 22,
                    weekday: 7,
                },
            },
        }
    }

    /// What an intent comes to; its reply must be complete.
    fn decide(&self, intent: Intent) -> Decision {
        let reading = Reading {
            intent,
            score: 1.0,
            response: "default".to_owned(),
        };
        let decision = resolve(&[reading], &self.context());
        assert!(reply::is_complete(&decision.say), "{:?}", decision.say);
        decision
    }

    /// The outcome and reply code that an intent comes to.
    fn code(&self, intent: Intent) -> (Outcome, &'static str) {
        let decision = self.decide(intent);
        (decision.outcome, decision.say.code)
    }

    /// The commands that an intent comes to, by device.
    fn commands(&self, intent: Intent) -> Vec<(String, DeviceState)> {
        let decision = self.decide(intent);
        let Effect::Devices(commands) = decision.effect else {
            panic!("no commands: {decision:?}");
        };
        let told = |c: Command| (c.device.to_string(), c.target);
        commands.into_iter().map(told).collect()
    }
}

fn devices_of_the_home() -> Vec<Device> {
    vec![
        device(
            "binary_sensor.window",
            "window",
            "bath",
            "Badfenster",
            "bathroom window",
        ),
        device("climate.bath", "", "bath", "Badheizung", "bathroom heating"),
        device("cover.blind", "blind", "living", "Rollladen", "blind"),
        device(
            "cover.garage",
            "garage",
            "garage",
            "Garagentor",
            "garage door",
        ),
        device("light.bath", "", "bath", "Deckenlampe", "ceiling light"),
        device("light.hall", "", "hall", "Flurlicht", "hallway light"),
        device("light.living", "", "living", "Deckenlampe", "ceiling light"),
        device("light.mood", "", "living", "Stimmungslicht", "mood light"),
        device("light.plain", "", "living", "Lichterkette", "fairy lights"),
        device("fan.bath", "", "bath", "Lüfter", "fan"),
        device("lawn_mower.robot", "", "garage", "Mäher", "mower"),
        device("lock.door", "", "hall", "Haustür", "front door"),
        device("media_player.radio", "speaker", "bath", "Radio", "radio"),
        device("media_player.tv", "tv", "living", "Fernseher", "television"),
        device(
            "sensor.hall",
            "temperature",
            "hall",
            "Flurtemperatur",
            "hallway temperature",
        ),
        device("scene.film", "", "living", "Filmabend", "movie night"),
        device("script.night", "", "hall", "Gute Nacht", "good night"),
        device("vacuum.robot", "", "hall", "Sauger", "vacuum"),
        device("weather.home", "", "garage", "Wetter", "weather"),
    ]
}

/// An intent with text slots.
fn intent(name: &str, slots: &[(&str, &str)]) -> Intent {
    let slot = |(name, value): &(&str, &str)| {
        let value = match value.parse() {
            Ok(number) => SlotValue::Number(number),
            Err(_) => SlotValue::Text((*value).to_owned()),
        };
        let spoken = match name {
            &"color" => "rot".to_owned(),
            _ => String::new(),
        };
        ((*name).to_owned(), Slot { value, spoken })
    };
    Intent {
        name: name.to_owned(),
        slots: slots.iter().map(slot).collect(),
    }
}

fn on() -> DeviceState {
    DeviceState {
        on: Some(true),
        ..Default::default()
    }
}

fn off() -> DeviceState {
    DeviceState {
        on: Some(false),
        ..Default::default()
    }
}

fn lit(brightness: u8) -> DeviceState {
    DeviceState {
        brightness_pct: Some(brightness),
        ..on()
    }
}

fn open(position: u8) -> DeviceState {
    DeviceState {
        position_pct: Some(position),
        ..Default::default()
    }
}
