//! From captures to slots: which of the values said by the same words are meant, and
//! whether what a sentence asks of the context is so.

use std::collections::BTreeMap;
use std::sync::Arc;

use hark_core::intent::{Slot, SlotValue};

use crate::captures::{Capture, What};
use crate::list::{List, Value};
use crate::program::Meaning;
use crate::sentences::Condition;

/// The most ways to choose among values said by the same words.
const MAX_CHOICES: usize = 16;

/// A capture with the value that was chosen for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen<'p> {
    pub(crate) capture: Capture,
    /// `None` for numbers and words.
    pub(crate) value: Option<&'p Value>,
}

/// Every way to choose values for captures of a normalised text that sentences of that
/// meaning may be about.
pub(crate) fn choices<'p>(
    lists: &'p [Arc<List>],
    text: &str,
    captures: &[Capture],
    meaning: &Meaning,
) -> Vec<Vec<Chosen<'p>>> {
    let mut all: Vec<Vec<Chosen<'p>>> = vec![Vec::with_capacity(captures.len())];
    for capture in captures {
        let each = each(lists, text, capture, meaning);
        let longer = all.iter().flat_map(|choice| {
            each.iter().map(|one| {
                let mut choice = choice.clone();
                choice.push(*one);
                choice
            })
        });
        all = longer.take(MAX_CHOICES).collect();
    }
    all
}

fn each<'p>(
    lists: &'p [Arc<List>],
    text: &str,
    capture: &Capture,
    meaning: &Meaning,
) -> Vec<Chosen<'p>> {
    let plain = Chosen {
        capture: *capture,
        value: None,
    };
    let list = lists.get(capture.list.0 as usize).map(|list| &**list);
    let (What::Value, Some(List::Values(values))) = (capture.what, list) else {
        return vec![plain];
    };
    let (hits, _) = values.hits(text, capture.from);
    let exact = hits.iter().any(|hit| hit.end == capture.to && hit.exact);
    let hits = hits.into_iter();
    let hits = hits.filter(|hit| hit.end == capture.to && hit.exact == exact);
    let said = hits.filter_map(|hit| values.get(hit.value));
    let chosen = said
        .filter(|value| may_be(meaning, value))
        .map(|value| Chosen {
            value: Some(value),
            ..plain
        });
    chosen.collect()
}

/// Whether sentences of that meaning may be about the value, by what it says of itself.
fn may_be(meaning: &Meaning, value: &Value) -> bool {
    let is = |key: &String| value.context.get(key);
    let required = meaning.requires.iter();
    let mut required = required.filter_map(|(key, condition)| Some((is(key)?, condition)));
    let excluded = meaning.excludes.iter();
    let mut excluded = excluded.filter_map(|(key, condition)| Some((is(key)?, condition)));
    required.all(|(is, condition)| among(condition, is).unwrap_or(true))
        && !excluded.any(|(is, condition)| among(condition, is).unwrap_or(false))
}

/// Whether a value is one of those that a condition names; `None` where it names none.
fn among(condition: &Condition, value: &str) -> Option<bool> {
    let values = condition.values.as_ref()?;
    Some(values.iter().any(|v| v == value))
}

/// Whether the values that were chosen, and what else is known, are what the sentences ask
/// for. What is `known` to be asked of the speaker's place only is passed over with `None`.
pub(crate) fn holds(
    meaning: &Meaning,
    choice: &[Chosen<'_>],
    known: Option<&BTreeMap<String, String>>,
) -> bool {
    let said = |key: &str| {
        let contexts = choice.iter().filter_map(|c| Some(&c.value?.context));
        contexts.rev().find_map(|context| context.get(key))
    };
    let is = |key: &str| said(key).or_else(|| known?.get(key));
    let required = meaning.requires.iter().all(|(key, condition)| {
        if condition.values.is_none() && known.is_none() {
            return true;
        }
        is(key).is_some_and(|is| among(condition, is).unwrap_or(true))
    });
    let excluded = meaning
        .excludes
        .iter()
        .any(|(key, condition)| is(key).is_some_and(|is| among(condition, is).unwrap_or(false)));
    required && !excluded
}

/// The slots that sentences of that meaning fill: fixed ones, then captured ones; of a slot
/// captured twice, the last.
pub(crate) fn slots<'a>(
    meaning: &Meaning,
    choice: &[Chosen<'_>],
    names: &[String],
    spoken: &dyn Fn(usize, usize) -> &'a str,
) -> BTreeMap<String, Slot> {
    let fixed = meaning.slots.iter().map(|(name, value)| {
        let slot = Slot {
            value: value.clone(),
            spoken: String::new(),
        };
        (name.clone(), slot)
    });
    let mut slots: BTreeMap<String, Slot> = fixed.collect();
    for chosen in choice {
        let capture = &chosen.capture;
        let Some(name) = names.get(capture.slot.0 as usize) else {
            continue;
        };
        let spoken = spoken(capture.from, capture.to);
        let words = || SlotValue::Text(spoken.to_owned());
        let value = match (capture.what, chosen.value) {
            (What::Number(number), _) => SlotValue::Number(number),
            (_, Some(value)) => value.value.clone().unwrap_or_else(words),
            (_, None) => words(),
        };
        let spoken = spoken.to_owned();
        slots.insert(name.clone(), Slot { value, spoken });
    }
    clock_time(&mut slots);
    slots
}

/// Hours and minutes of a clock become one slot: `time_hour` × 60 + `time_minute` +
/// `time_add` minutes is the `time`, like "07:30" ("halb acht" is hour 8, minute −30).
fn clock_time(slots: &mut BTreeMap<String, Slot>) {
    let Some(SlotValue::Number(hour)) = slots.get("time_hour").map(|s| s.value.clone()) else {
        return;
    };
    let mut take = |name: &str| slots.remove(name);
    let parts = ["time_hour", "time_minute", "time_add"].map(&mut take);
    let number = |slot: &Option<Slot>| match slot.as_ref().map(|s| &s.value) {
        Some(SlotValue::Number(number)) => *number,
        _ => 0.0,
    };
    let minutes = hour * 60.0 + number(&parts[1]) + number(&parts[2]);
    let minutes = minutes.round().rem_euclid(24.0 * 60.0);
    let mut spoken = parts.iter().flatten().map(|s| s.spoken.as_str());
    let spoken = spoken
        .find(|s| !s.is_empty())
        .unwrap_or_default()
        .to_owned();
    let text = format!("{:02}:{:02}", (minutes / 60.0).floor(), minutes % 60.0);
    let value = SlotValue::Text(text);
    slots.insert("time".to_owned(), Slot { value, spoken });
}
