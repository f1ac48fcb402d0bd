//! What a text can mean: the readings of all sentences, best first.

use std::collections::BTreeMap;

use hark_core::Language;
use hark_core::intent::{Intent, Reading, Slot, SlotValue};

use crate::compile::{Compiled, Program};
use crate::error::Error;
use crate::lexicon::Lexicon;
use crate::normalize::{Normalized, normalize};
use crate::search::{Captured, Search, State, captured, letters};
use crate::sentences::Sentences;

/// The longest text that is matched, in characters.
pub const MAX_TEXT_CHARS: usize = 1000;
/// The most readings of one text.
pub const MAX_READINGS: usize = 16;
/// Steps that one text may take; ours take under 20,000.
const BUDGET: usize = 5_000_000;

/// Sentences of one language, compiled with the names of one home.
#[derive(Debug)]
pub struct Matcher {
    program: Program,
}

impl Matcher {
    /// Compiles sentences with names. The two should be in the same language.
    ///
    /// # Errors
    /// [`Error::Unknown`] if a template uses a list or rule that is not there,
    /// [`Error::TooLarge`] if one is too large or its rules go in a circle.
    pub fn compile(sentences: &Sentences, lexicon: &Lexicon) -> Result<Self, Error> {
        let program = Program::new(sentences, lexicon)?;
        Ok(Self { program })
    }

    /// The language of its sentences.
    pub fn language(&self) -> &Language {
        &self.program.language
    }

    /// What a text can mean, best first (the [crate] says by which score); at most
    /// [`MAX_READINGS`]. None for what no sentence says, for empty text and for more than
    /// [`MAX_TEXT_CHARS`] characters. Two readings never have the same intent and values.
    pub fn readings(&self, text: &str) -> Vec<Reading> {
        if text.chars().nth(MAX_TEXT_CHARS).is_some() {
            return Vec::new();
        }
        let normalized = normalize(text);
        let total = letters(&normalized.text);
        if total == 0 {
            return Vec::new();
        }
        let mut search = Search::new(&normalized.text, &self.program, BUDGET);
        let mut readings: Vec<Reading> = Vec::new();
        for block in &self.program.blocks {
            for sentence in &block.sentences {
                for state in search.run(block, sentence) {
                    keep(
                        &mut readings,
                        reading(&state, block, text, &normalized, total),
                    );
                }
            }
        }
        readings.sort_by(|a, b| {
            let slots = |r: &Reading| r.intent.slots.len();
            b.score.total_cmp(&a.score).then(slots(a).cmp(&slots(b)))
        });
        readings.truncate(MAX_READINGS);
        readings
    }
}

fn reading(
    state: &State<'_>,
    block: &Compiled,
    original: &str,
    normalized: &Normalized,
    total: u32,
) -> Reading {
    let fixed = block.slots.iter().map(|(name, value)| {
        let slot = Slot {
            value: value.clone(),
            spoken: String::new(),
        };
        (name.clone(), slot)
    });
    let mut slots: BTreeMap<String, Slot> = fixed.collect();
    for (name, capture) in captured(state) {
        let spoken = normalized.spoken(original, capture.from, capture.to);
        let value = match capture.value {
            Captured::Value(value) => value.clone(),
            Captured::Number(number) => SlotValue::Number(number),
            Captured::Words => SlotValue::Text(spoken.to_owned()),
        };
        let spoken = spoken.to_owned();
        slots.insert(name.to_owned(), Slot { value, spoken });
    }
    let response = match block.response.as_str() {
        "" => "default",
        response => response,
    };
    let score = f64::from(state.worth) / (1000.0 * f64::from(total));
    Reading {
        intent: Intent {
            name: block.intent.clone(),
            slots,
        },
        score: score as f32,
        response: response.to_owned(),
    }
}

/// Adds a reading, or keeps the better of it and the one that means the same.
fn keep(readings: &mut Vec<Reading>, new: Reading) {
    match readings.iter_mut().find(|r| same(&r.intent, &new.intent)) {
        Some(old) if old.score < new.score => *old = new,
        Some(_) => {}
        None => readings.push(new),
    }
}

fn same(a: &Intent, b: &Intent) -> bool {
    let values = |i: &Intent| {
        let pairs = i.slots.iter().map(|(k, s)| (k.clone(), s.value.clone()));
        pairs.collect::<Vec<_>>()
    };
    a.name == b.name && a.slots.len() == b.slots.len() && values(a) == values(b)
}
