//! The one reading that Home Assistant's own matcher would give: every word counts, a
//! missing context is no match, and ties are broken as it breaks them. For comparing with
//! it; people are better served by [`Matcher::readings`].
//!
//! After [hassil](https://github.com/home-assistant/hassil)'s `recognize_best`: skip words
//! are removed before matching, but for the end of a sentence that is open there; then a
//! reading with the longest `name` is best, then one with the fewest wildcards, the most
//! letters spelled by the sentence, the fewest in wildcards, and the first intent by name.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use hark_core::intent::{Intent, Reading, Slot, SlotValue};

use crate::captures::{Capture, What};
use crate::matcher::{Matcher, bounded};
use crate::meaning;
use crate::program::{Meaning, Sentence};
use crate::search::{Mode, Said, Search};

impl Matcher {
    /// What Home Assistant's matcher would understand. The context is what is known before
    /// anything is said, like the speaker's `area`.
    pub fn strict(&self, text: &str, context: &BTreeMap<String, String>) -> Option<Reading> {
        let normalized = bounded(text)?;
        let whole = normalized.text;
        let mut best: Option<(Rank, Reading)> = None;
        for variant in Variant::of(&whole, &self.program.skip_words) {
            let mut search = self.search(&variant.text, Mode::Strict);
            for said in search.run() {
                let sentence = self.program.sentences.get(said.sentence);
                let fits = sentence.is_some_and(|s| variant.is_for(s));
                let found = fits.then(|| self.ranked(&variant, &said, &search, context));
                for (rank, reading) in found.into_iter().flatten() {
                    if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                        best = Some((rank, reading));
                    }
                }
            }
        }
        best.map(|(_, reading)| reading)
    }

    fn ranked(
        &self,
        variant: &Variant,
        said: &Said,
        search: &Search<'_, '_>,
        context: &BTreeMap<String, String>,
    ) -> Vec<(Rank, Reading)> {
        let sentence = self.program.sentences.get(said.sentence);
        let meaning = sentence.and_then(|s| self.program.meanings.get(s.meaning));
        let Some(meaning) = meaning.filter(|m| has_keyword(m, &variant.text)) else {
            return Vec::new();
        };
        let captures = search.captures.list(said.way.captured);
        let choices = meaning::choices(&self.lists, &variant.text, &captures, meaning);
        let spoken = |from, to| variant.text.get(from..to).unwrap_or("");
        let kept = choices.iter().enumerate();
        let kept = kept.filter(|(_, choice)| meaning::holds(meaning, choice, Some(context)));
        let ranked = kept.map(|(nth, choice)| {
            let mut slots = meaning::slots(meaning, choice, &self.program.slots, &spoken);
            from_context(meaning, context, &mut slots);
            let rank = self.rank(
                meaning,
                &captures,
                said,
                (variant.order, said.sentence, nth),
            );
            let intent = Intent {
                name: meaning.intent.clone(),
                slots,
            };
            let reading = Reading {
                intent,
                score: 1.0,
                response: meaning.response.clone(),
            };
            (rank, reading)
        });
        ranked.collect()
    }

    fn rank(
        &self,
        meaning: &Meaning,
        captures: &[Capture],
        said: &Said,
        (variant, sentence, choice): (usize, usize, usize),
    ) -> Rank {
        let is_name = |c: &&Capture| {
            let slot = self.program.slots.get(c.slot.0 as usize);
            slot.is_some_and(|slot| slot == "name") && c.what == What::Value
        };
        let name = captures.iter().rev().find(is_name).map(|c| c.to - c.from);
        let open = captures.iter().filter(|c| c.what == What::Words);
        Rank {
            name: Reverse(name),
            wildcards: open.clone().count(),
            literal: Reverse(said.way.literal),
            open: open.map(|c| c.to - c.from).sum(),
            intent: meaning.intent.clone(),
            order: (sentence, variant, choice),
        }
    }
}

/// What makes a reading better, most important first; the smallest is best.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    name: Reverse<Option<usize>>,
    wildcards: usize,
    literal: Reverse<u32>,
    open: usize,
    intent: String,
    order: (usize, usize, usize),
}

/// A text with some of its skip words removed.
struct Variant {
    text: String,
    order: usize,
    begins_open: bool,
    ends_open: bool,
    /// Whether it is for sentences that are open at no end too.
    closed: bool,
}

impl Variant {
    /// The text as it is, without skip words, and without those at one end.
    fn of(text: &str, skip_words: &[String]) -> Vec<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let bare = without(&words, skip_words);
        let variant = |words: &[&str], order, begins_open, ends_open, closed| Self {
            text: words.join(" "),
            order,
            begins_open,
            ends_open,
            closed,
        };
        let mut all = vec![variant(&bare, 1, false, false, true)];
        if bare != words {
            all.push(variant(&words, 0, false, false, true));
        }
        let (mut head, mut tail) = (words.as_slice(), words.as_slice());
        while let Some(taken) = skipped(head, skip_words) {
            head = head.get(taken..).unwrap_or_default();
        }
        while let Some(taken) = skipped_at_end(tail, skip_words) {
            tail = tail.get(..tail.len() - taken).unwrap_or_default();
        }
        all.push(variant(head, 1, false, true, false));
        all.push(variant(tail, 1, true, false, false));
        all
    }

    fn is_for(&self, sentence: &Sentence) -> bool {
        match (sentence.begins_open, sentence.ends_open) {
            (false, false) => self.closed,
            (true, _) => self.begins_open,
            (false, true) => self.ends_open,
        }
    }
}

/// How many words the longest skip word takes that `words` begin with.
fn skipped(words: &[&str], skip_words: &[String]) -> Option<usize> {
    let fits = |skip: &&String| {
        let mut rest = words.iter();
        skip.split(' ').all(|part| rest.next() == Some(&part))
    };
    let longest = skip_words.iter().filter(fits).map(|s| s.split(' ').count());
    longest.max()
}

fn skipped_at_end(words: &[&str], skip_words: &[String]) -> Option<usize> {
    let fits = |skip: &&String| {
        let mut rest = words.iter().rev();
        skip.split(' ').rev().all(|part| rest.next() == Some(&part))
    };
    let longest = skip_words.iter().filter(fits).map(|s| s.split(' ').count());
    longest.max()
}

fn without<'t>(words: &[&'t str], skip_words: &[String]) -> Vec<&'t str> {
    let mut kept = Vec::new();
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        match skipped(rest, skip_words) {
            Some(taken) => rest = rest.get(taken..).unwrap_or_default(),
            None => {
                kept.push(*first);
                rest = after;
            }
        }
    }
    kept
}

fn has_keyword(meaning: &Meaning, text: &str) -> bool {
    let keywords = &meaning.keywords;
    keywords.is_empty()
        || text
            .split(' ')
            .any(|word| keywords.iter().any(|k| k == word))
}

/// Slots that take their value from what was known before.
fn from_context(
    meaning: &Meaning,
    context: &BTreeMap<String, String>,
    slots: &mut BTreeMap<String, Slot>,
) {
    for (key, condition) in &meaning.requires {
        let (Some(slot), Some(value)) = (&condition.slot, context.get(key)) else {
            continue;
        };
        slots.entry(slot.clone()).or_insert_with(|| Slot {
            value: SlotValue::Text(value.clone()),
            spoken: String::new(),
        });
    }
}
