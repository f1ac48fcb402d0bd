//! What words would do in a home, by the router's own sentences and decisions, and whether
//! that is what they were to do. Nothing is done.

use std::collections::BTreeMap;
use std::time::Duration;

use hark_core::home::{Device, Home, StateAt, States};
use hark_core::intent::Intent;
use hark_core::outcome::Outcome;
use hark_core::principal::Kind;
use hark_core::resolve::{Context, Decision, Effect, LocalTime, area_of, resolve_all};
use hark_core::store::Revision;
use hark_core::time::Timestamp;
use hark_core::timer::Timer;
use hark_core::words::Date;
use hark_core::{AreaId, Language, TimerId};
use hark_home::Description;
use hark_intents::{Lexicon, Matcher, Sentences};
use serde::Serialize;

use crate::Error;
use crate::expect::Expected;
use crate::normalize;

/// The time in the home: a Sunday in November at half past nine.
const NOW: Timestamp = Timestamp::from_unix_ms(1_795_339_800_000);

/// What came of a clip's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// What it was to do.
    Right,
    /// The right intent, for something else.
    WrongTarget,
    /// Another intent.
    WrongIntent,
    /// Nothing, though it was to do something.
    Nothing,
    /// Something, though nothing may happen.
    Invented,
}

/// A home that words are said in: one thing plays, one timer runs.
#[derive(Debug)]
pub struct House {
    home: Home,
    states: States,
    timers: Vec<Timer>,
    matchers: BTreeMap<Language, Matcher>,
    area: Option<AreaId>,
}

impl House {
    /// With the area that the speaker stands in.
    ///
    /// # Errors
    /// [`Error::Sentences`] if the home speaks a language that has no sentences.
    pub fn new(description: &Description, area: Option<AreaId>) -> Result<Self, Error> {
        let home = description.home().clone();
        let mut matchers = BTreeMap::new();
        for language in &home.languages {
            let lexicon = Lexicon::of_home(&home, language);
            let matcher = Matcher::compile(&Sentences::builtin(language)?, &lexicon)?;
            matchers.insert(language.clone(), matcher);
        }
        let at = |state: &_| StateAt {
            state: *state,
            revision: Revision(1),
        };
        let states = description.initial().iter();
        Ok(Self {
            states: States {
                devices: states.map(|(id, s)| (id.clone(), at(s))).collect(),
                revision: Revision(1),
            },
            timers: vec![timer(area.clone())],
            home,
            matchers,
            area,
        })
    }

    /// What words would do. A language that the home does not speak does nothing.
    pub fn decide(&self, text: &str, language: &Language) -> Decision {
        let known = language.best_of(self.matchers.keys());
        let matcher = known.and_then(|known| self.matchers.get(known));
        let commands = matcher.map_or_else(Vec::new, |m| m.understand(&[text], true).commands);
        let lists = self.home.lists.iter();
        let lists = lists.map(|l| (l.id.clone(), Vec::new())).collect();
        let context = Context {
            home: &self.home,
            states: &self.states,
            timers: &self.timers,
            lists: &lists,
            language,
            area: self.area.as_ref(),
            speaker: None,
            caller: Kind::Speaker,
            now: NOW,
            local: LocalTime {
                hour: 9,
                minute: 30,
                date: Date {
                    year: 2026,
                    month: 11,
                    day: 22,
                    weekday: 7,
                },
            },
            heard: text,
            whole_home: true,
        };
        resolve_all(&commands, &context)
    }

    /// Whether words would do what they were to do.
    pub fn judge(&self, expected: &Expected, text: &str, language: &Language) -> Judgement {
        let decision = self.decide(text, language);
        let acts = decision.effect != Effect::Nothing || decision.outcome == Outcome::Done;
        match (expected, &decision.intent) {
            (Expected::Nothing, _) if acts => Judgement::Invented,
            (Expected::Nothing, _) => Judgement::Right,
            (Expected::Intent { .. }, None) => Judgement::Nothing,
            (Expected::Intent { name, target }, Some(intent)) => {
                let meant = Meant {
                    home: &self.home,
                    language,
                    decision: &decision,
                    intent,
                };
                match (meant.is_called(name), meant.is_about(target)) {
                    (false, _) => Judgement::WrongIntent,
                    (true, false) => Judgement::WrongTarget,
                    (true, true) => Judgement::Right,
                }
            }
        }
    }

    /// Whether words would do what the right words would.
    pub fn compare(&self, said: &str, heard: &str, language: &Language) -> Judgement {
        let (said, heard) = (self.decide(said, language), self.decide(heard, language));
        let acts = |d: &Decision| d.effect != Effect::Nothing || d.outcome == Outcome::Done;
        match (&said.intent, &heard.intent) {
            (None, None) => Judgement::Right,
            (None, Some(_)) if acts(&heard) => Judgement::Invented,
            (None, Some(_)) => Judgement::Right,
            (Some(_), None) => Judgement::Nothing,
            (Some(a), Some(b)) if a.name != b.name => Judgement::WrongIntent,
            (Some(a), Some(b)) => match said.about == heard.about && same_values(a, b) {
                true => Judgement::Right,
                false => Judgement::WrongTarget,
            },
        }
    }
}

fn same_values(a: &Intent, b: &Intent) -> bool {
    let values = |intent: &Intent| {
        let slots = intent.slots.iter();
        let values = slots.map(|(k, s)| (k.clone(), s.value.to_string().to_lowercase()));
        values.collect::<Vec<_>>()
    };
    values(a) == values(b)
}

fn timer(area: Option<AreaId>) -> Timer {
    Timer {
        id: TimerId::parse("evaluation").expect("it is an id"),
        name: String::new(),
        duration: Duration::from_secs(600),
        started_at: NOW,
        speaker: None,
        area,
        language: Language::english(),
        paused: None,
    }
}

/// What words were taken to mean.
struct Meant<'a> {
    home: &'a Home,
    language: &'a Language,
    decision: &'a Decision,
    intent: &'a Intent,
}

impl Meant<'_> {
    /// Shopping intents are those of the list `shopping`.
    fn is_called(&self, name: &str) -> bool {
        let list = self.intent.name.replace("HassShoppingList", "HassList");
        self.intent.name == name || list == name
    }

    fn is_about(&self, target: &[(String, String)]) -> bool {
        target.iter().all(|(key, value)| match &**key {
            "device" => self.is_device(value),
            "area" => self.is_area(value),
            "domain" => self.is_domain(value),
            "list" => self.is_list(value),
            key => self.has(key, value),
        })
    }

    fn devices(&self) -> impl Iterator<Item = &Device> {
        let about = self.decision.about.iter();
        about.filter_map(|id| self.home.device(id))
    }

    fn is_device(&self, id: &str) -> bool {
        if !self.decision.about.is_empty() {
            return self.decision.about.iter().all(|about| about.as_str() == id);
        }
        let device = self.home.devices.iter().find(|d| d.id.as_str() == id);
        device.is_some_and(|device| self.names(&device.names.all(self.language), "name"))
    }

    fn is_area(&self, id: &str) -> bool {
        match self.intent.text("area") {
            Some(area) => area_of(self.home, area, self.language).is_some_and(|a| a.as_str() == id),
            None => self.every_device(|device| device.area.as_str() == id),
        }
    }

    fn is_domain(&self, domain: &str) -> bool {
        match self.intent.text("domain") {
            Some(text) => text == domain,
            None => self.every_device(|device| device.domain.as_str() == domain),
        }
    }

    fn every_device(&self, is: impl Fn(&Device) -> bool) -> bool {
        !self.decision.about.is_empty() && self.devices().all(is)
    }

    fn is_list(&self, id: &str) -> bool {
        let id = id.strip_prefix("todo.").unwrap_or(id);
        if self.intent.name.starts_with("HassShoppingList") {
            return id == "shopping";
        }
        let list = self.home.lists.iter().find(|l| l.id.as_str() == id);
        list.is_some_and(|list| self.names(&list.names.all(self.language), "name"))
    }

    /// Whether a slot holds one of some names.
    fn names(&self, names: &[&str], slot: &str) -> bool {
        let spelled = |text: &str| normalize::squeezed(&normalize::words(text, self.language));
        let held = self.intent.text(slot).map(spelled);
        held.is_some_and(|held| names.iter().any(|name| spelled(name) == held))
    }

    fn has(&self, key: &str, value: &str) -> bool {
        match (self.intent.number(key), value.parse::<f64>()) {
            (Some(number), Ok(value)) => (number - value).abs() < 1e-6,
            (Some(_), Err(_)) => false,
            (None, _) => self.names(&[value], key),
        }
    }
}
