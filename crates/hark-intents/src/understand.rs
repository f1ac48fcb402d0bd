//! What somebody asks for: one command or several, said exactly or nearly so.
//!
//! A text that a sentence says as it is, is one command. Else it may be several, joined by
//! "and": each part has to be a whole sentence, where words that the speaker left out are
//! taken from the parts beside it ("mach das Licht aus und die Heizung auf 18"). Else its
//! words may have been misheard ([`crate::fuzzy`]). Only when all that fails, a room or
//! device that the home does not have is one.

use hark_core::intent::{Intent, Reading, SlotValue};

use crate::matcher::{self, Matcher, bounded};

mod split;

/// The most variants of a text that are looked up.
const MAX_LOOKUPS: usize = 16;
/// The most alternatives of a recogniser that are looked at.
const MAX_ALTERNATIVES: usize = 5;
/// Variants whose costs are no further apart are as likely as each other.
const AS_LIKELY: f32 = 0.02;

/// What a text asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Understood {
    /// The commands in their order, each with what it can mean, best first. None where
    /// nothing was understood.
    pub commands: Vec<Vec<Reading>>,
    /// Whether words had to be taken for others.
    pub fuzzy: bool,
    /// Which of the texts it was.
    pub text: usize,
}

impl Understood {
    fn one(readings: Vec<Reading>, text: usize) -> Self {
        Self {
            commands: vec![readings],
            fuzzy: false,
            text,
        }
    }
}

impl Matcher {
    /// What the first of `texts` asks for that can be understood: what a recogniser heard,
    /// the likeliest first. With `fuzzy` also what sounds or looks nearly like a sentence.
    pub fn understand(&self, texts: &[&str], fuzzy: bool) -> Understood {
        let texts = texts.get(..MAX_ALTERNATIVES).unwrap_or(texts);
        let mut unknown: Option<Understood> = None;
        for (at, text) in texts.iter().enumerate() {
            let readings = self.readings(text);
            if self.is_complete(&readings) {
                return Understood::one(readings, at);
            }
            if let Some(commands) = self.several(text) {
                return Understood {
                    commands,
                    fuzzy: false,
                    text: at,
                };
            }
            if unknown.is_none() && !readings.is_empty() {
                unknown = Some(Understood::one(readings, at));
            }
        }
        if fuzzy {
            let nearly = texts.iter().enumerate();
            let mut nearly = nearly.filter_map(|(at, text)| self.nearly(text, at));
            if let Some(found) = nearly.next() {
                return found;
            }
        }
        unknown.unwrap_or_default()
    }

    /// The best variants of a text that are sentences.
    fn nearly(&self, text: &str, at: usize) -> Option<Understood> {
        let normalized = bounded(text)?;
        let mut found: Option<(f32, Vec<Vec<Reading>>)> = None;
        let variants = self.vocabulary.variants(&normalized.text);
        for variant in variants.into_iter().take(MAX_LOOKUPS) {
            if let Some((cost, _)) = &found
                && variant.cost > cost + AS_LIKELY
            {
                break;
            }
            let readings = self.readings(&variant.text);
            let commands = match self.is_complete(&readings) {
                true => Some(vec![readings]),
                false => self.several(&variant.text),
            };
            match (&found, commands) {
                (_, None) => {}
                (None, Some(commands)) => found = Some((variant.cost, commands)),
                (Some((_, known)), Some(commands)) if mean_the_same(known, &commands) => {}
                // As likely, and something else: nobody knows which.
                (Some(_), Some(_)) => return None,
            }
        }
        let (cost, mut commands) = found?;
        let readings = commands.iter_mut().flatten();
        readings.for_each(|reading| reading.score *= 1.0 - cost);
        Some(Understood {
            commands,
            fuzzy: true,
            text: at,
        })
    }

    /// Whether the best reading is about things that this home has.
    pub(crate) fn is_complete(&self, readings: &[Reading]) -> bool {
        let best = readings.first();
        best.is_some_and(|reading| !self.names_what_is_unknown(&reading.intent))
    }

    /// Whether an intent is about a room or device that this home does not have.
    fn names_what_is_unknown(&self, intent: &Intent) -> bool {
        intent.slots.iter().any(|(slot, said)| {
            let kind = slot.strip_prefix("except_").unwrap_or(slot);
            let kind = kind.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
            let named = matches!(kind, "area" | "floor" | "name");
            // What a timer is called is up to whoever sets it.
            let free = kind == "name" && intent.name.contains("Timer");
            match &said.value {
                SlotValue::Text(value) if named && !free => !self.registered.contains(value),
                _ => false,
            }
        })
    }
}

fn mean_the_same(a: &[Vec<Reading>], b: &[Vec<Reading>]) -> bool {
    let same = |(a, b): (&Vec<Reading>, &Vec<Reading>)| match (a.first(), b.first()) {
        (Some(a), Some(b)) => matcher::same(&a.intent, &b.intent),
        (None, None) => true,
        _ => false,
    };
    a.len() == b.len() && a.iter().zip(b).all(same)
}
