//! Whether a sentence is understood as its case says.

use std::collections::BTreeMap;

use hark_core::intent::{Intent, Reading, SlotValue};
use hark_core::outcome::Outcome;
use hark_core::principal::Kind;
use hark_core::resolve::{Context, Decision, LocalTime, area_of, resolve_all};
use hark_core::time::Timestamp;
use hark_core::words::Date;
use hark_core::{AreaId, Language};

use super::{Case, CorpusHome, Expect, Expected};
use crate::error::Error;
use crate::lexicon::Lexicon;
use crate::matcher::Matcher;
use crate::sentences::Sentences;
use crate::understand::Understood;

/// Slots that count only where they are expected: sentences may say them or not.
const IMPLIED: [&str; 3] = ["domain", "device_class", "state"];

/// Judges the cases of one language and home.
#[derive(Debug)]
pub struct Judge {
    matcher: Matcher,
    home: CorpusHome,
    language: Language,
    fuzzy: bool,
}

/// What came of a case.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// Whether it is what was expected.
    pub right: bool,
    /// What was understood.
    pub understood: Understood,
    /// What would come of it.
    pub decision: Decision,
}

impl Judge {
    /// Compiles sentences with the names of a home; `fuzzy` as in [`Matcher::understand`].
    ///
    /// # Errors
    /// What the sentences have wrong.
    pub fn new(sentences: &Sentences, home: CorpusHome, fuzzy: bool) -> Result<Self, Error> {
        let language = sentences.language().clone();
        let lexicon = Lexicon::of_home(&home.home, &language);
        Ok(Self {
            matcher: Matcher::compile(sentences, &lexicon)?,
            home,
            language,
            fuzzy,
        })
    }

    /// Understands one case and compares.
    pub fn judge(&self, case: &Case) -> Judgement {
        let understood = self.matcher.understand(&[&case.say], self.fuzzy);
        let decision = self.decide(&understood, case);
        let right = match &case.expect {
            Expect::Nothing => understood.commands.iter().all(Vec::is_empty),
            Expect::Question(code) => {
                decision.outcome == Outcome::Question && is_kind(decision.say.code, code)
            }
            Expect::Commands(expected) => {
                let best = understood.commands.iter().map(|c| c.first());
                let mut pairs = best
                    .zip(expected)
                    .map(|(got, expected)| got.is_some_and(|got| same(&got.intent, expected)));
                let all = pairs.all(|right| right);
                all && understood.commands.len() == expected.len()
            }
        };
        Judgement {
            right,
            understood,
            decision,
        }
    }

    /// What would come of it, at noon on some day.
    fn decide(&self, understood: &Understood, case: &Case) -> Decision {
        let home = &self.home.home;
        let said = case.area.as_deref();
        let area: Option<AreaId> = match said {
            None => self.home.speaker_area.clone(),
            Some(name) => area_of(home, name, &self.language),
        };
        let context = Context {
            home,
            states: &self.home.states,
            timers: &[],
            lists: &BTreeMap::new(),
            language: &self.language,
            area: area.as_ref(),
            speaker: None,
            caller: Kind::Person,
            now: Timestamp::from_unix_ms(1_795_345_200_000),
            local: LocalTime {
                hour: 12,
                minute: 0,
                date: Date {
                    year: 2026,
                    month: 11,
                    day: 22,
                    weekday: 7,
                },
            },
            heard: &case.say,
            whole_home: true,
        };
        resolve_all(&understood.commands, &context)
    }
}

/// Whether a question is the one expected: for a place or device that is unknown the one
/// which it is will do.
fn is_kind(got: &str, expected: &str) -> bool {
    let kind = |code: &str| match code {
        "unknown_area" | "unknown_floor" => "which_area".to_owned(),
        "unknown_device" => "which_device".to_owned(),
        code => code.to_owned(),
    };
    got == expected || kind(got) == expected
}

fn same(got: &Intent, expected: &Expected) -> bool {
    let (mut slots, mut wanted) = (values(got), expected.slots.clone());
    for prefix in ["", "start_"] {
        in_seconds(&mut slots, prefix);
        in_seconds(&mut wanted, prefix);
    }
    slots.retain(|name, _| !IMPLIED.contains(&name.as_str()) || wanted.contains_key(name));
    got.name == expected.intent
        && slots.len() == wanted.len()
        && wanted
            .iter()
            .all(|(name, value)| slots.get(name).is_some_and(|got| equal(got, value)))
}

fn values(intent: &Intent) -> BTreeMap<String, SlotValue> {
    let slots = intent.slots.iter();
    slots
        .map(|(name, slot)| (name.clone(), slot.value.clone()))
        .collect()
}

/// Hours, minutes and seconds as one span.
fn in_seconds(slots: &mut BTreeMap<String, SlotValue>, prefix: &str) {
    let units = [("hours", 3600.0), ("minutes", 60.0), ("seconds", 1.0)];
    let mut total = None;
    for (unit, seconds) in units {
        if let Some(SlotValue::Number(number)) = slots.remove(&format!("{prefix}{unit}")) {
            total = Some(total.unwrap_or(0.0) + number * seconds);
        }
    }
    if let Some(total) = total {
        slots.insert(format!("{prefix}duration"), SlotValue::Number(total));
    }
}

fn equal(got: &SlotValue, expected: &SlotValue) -> bool {
    let number = |value: &SlotValue| match value {
        SlotValue::Number(number) => Some(*number),
        SlotValue::Text(text) => text.parse().ok(),
    };
    match (number(got), number(expected)) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-6,
        _ => got.to_string().to_lowercase() == expected.to_string().to_lowercase(),
    }
}

/// A reading in one line: `HassTurnOn area=Flur domain=light`.
pub(crate) fn line(reading: &Reading) -> String {
    let slots = reading.intent.slots.iter();
    let slots = slots.map(|(name, slot)| match slot.value.to_string() {
        value if value.contains(' ') => format!(" {name}=\"{value}\""),
        value => format!(" {name}={value}"),
    });
    reading.intent.name.clone() + &slots.collect::<String>()
}

impl Judgement {
    /// What was understood, a line a command; `-` where it was nothing.
    pub fn lines(&self) -> Vec<String> {
        let best = self.understood.commands.iter().filter_map(|c| c.first());
        let lines: Vec<String> = best.map(line).collect();
        match lines.is_empty() {
            true => vec!["-".to_owned()],
            false => lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use hark_core::intent::Slot;

    use super::*;

    fn intent(slots: &[(&str, SlotValue)]) -> Intent {
        let slot = |(name, value): &(&str, SlotValue)| {
            let value = value.clone();
            let spoken = String::new();
            ((*name).to_owned(), Slot { value, spoken })
        };
        Intent {
            name: "X".to_owned(),
            slots: slots.iter().map(slot).collect(),
        }
    }

    #[test]
    fn slots_count_but_for_what_is_implied_and_spans_are_added_up() {
        let text = |t: &str| SlotValue::Text(t.to_owned());
        let number = SlotValue::Number;
        for (got, expected, same_expected) in [
            (
                vec![("area", text("Flur"))],
                vec![("area", text("flur"))],
                true,
            ),
            (
                vec![("area", text("Flur")), ("domain", text("light"))],
                vec![("area", text("Flur"))],
                true,
            ),
            (
                vec![("area", text("Flur"))],
                vec![("area", text("Flur")), ("domain", text("light"))],
                false,
            ),
            (vec![("scope", text("home"))], vec![], false),
            (
                vec![("minutes", number(5.0))],
                vec![("duration", number(300.0))],
                true,
            ),
            (
                vec![("hours", number(1.5))],
                vec![("duration", number(5400.0))],
                true,
            ),
            (
                vec![("minutes", number(5.0))],
                vec![("start_duration", number(300.0))],
                false,
            ),
        ] {
            let slots = expected.into_iter().map(|(k, v)| (k.to_owned(), v));
            let expected = Expected {
                intent: "X".to_owned(),
                slots: slots.collect(),
            };
            assert_eq!(same(&intent(&got), &expected), same_expected, "{got:?}");
        }
    }

    #[test]
    fn an_unknown_place_is_a_question_which_one() {
        assert!(is_kind("unknown_area", "which_area"));
        assert!(is_kind("which_device", "which_device"));
        assert!(!is_kind("which_device", "which_area"));
    }
}
