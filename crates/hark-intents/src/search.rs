//! Walks compiled templates over a text.
//!
//! A walk is a set of states, each a place in the text with what was captured on the way;
//! a step takes the whole set to the next one. At each place only the few best states
//! stay, so that the work is at most parts × places, whatever the template and the text.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::SlotValue;

use crate::compile::{Compiled, Op, Program};
use crate::list::{List, Value, Values, Wildcard, contains};
use crate::numbers;
use crate::sentences::Range;

/// How many states may be at one place.
const STATES_PER_PLACE: usize = 6;

/// How many words (or phrases) may be skipped in a row.
const MAX_SKIPPED: usize = 8;

/// What a letter is worth by what it matched, in thousandths.
mod worth {
    /// Spelled by a template, or given by a list or number.
    pub(super) const KNOWN: u32 = 1000;
    /// The same, with other spaces.
    pub(super) const LOOSE: u32 = 980;
    /// In a device's or list's name from the home.
    pub(super) const NAME: u32 = 1050;
    /// In a skipped word.
    pub(super) const SKIPPED: u32 = 900;
    /// In a wildcard.
    pub(super) const WILDCARD: u32 = 100;
}

/// A place in the text and how it was reached.
#[derive(Debug, Clone)]
pub(crate) struct State<'p> {
    at: usize,
    /// The worth of the letters so far, in thousandths.
    pub(crate) worth: u32,
    /// The last capture, which knows the one before it.
    captures: Option<Rc<Capture<'p>>>,
}

/// Words taken for a slot.
#[derive(Debug)]
pub(crate) struct Capture<'p> {
    pub(crate) slot: &'p str,
    pub(crate) value: Captured<'p>,
    /// Bytes of the normalised text.
    pub(crate) from: usize,
    pub(crate) to: usize,
    before: Option<Rc<Capture<'p>>>,
}

/// What was captured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Captured<'p> {
    Value(&'p SlotValue),
    Number(f64),
    /// The words themselves.
    Words,
}

impl<'p> State<'p> {
    fn start(at: usize) -> Self {
        Self {
            at,
            worth: 0,
            captures: None,
        }
    }

    /// This state, then what `next` did from its place on.
    fn then(&self, next: &Self) -> Self {
        let mut state = self.moved(next.at, next.worth);
        let captures: Vec<_> = next.captures().collect();
        for capture in captures.into_iter().rev() {
            state.captures = Some(Rc::new(Capture {
                before: state.captures.take(),
                ..*capture
            }));
        }
        state
    }

    /// The captures, the last one first.
    pub(crate) fn captures(&self) -> impl Iterator<Item = &Capture<'p>> {
        std::iter::successors(self.captures.as_deref(), |c| c.before.as_deref())
    }

    fn moved(&self, to: usize, worth: u32) -> Self {
        Self {
            at: to,
            worth: self.worth.saturating_add(worth),
            captures: self.captures.clone(),
        }
    }

    fn with(mut self, slot: &'p str, from: usize, value: Captured<'p>) -> Self {
        let before = self.captures.take();
        self.captures = Some(Rc::new(Capture {
            slot,
            value,
            from,
            to: self.at,
            before,
        }));
        self
    }

    fn same_captures(&self, other: &Self) -> bool {
        let key = |c: &Capture<'p>| (c.slot, c.value, c.from, c.to);
        self.captures().map(key).eq(other.captures().map(key))
    }
}

/// One text, to be searched with many templates.
pub(crate) struct Search<'t, 'p> {
    /// Normalised.
    text: &'t str,
    language: &'p Language,
    /// Normalised.
    skip_words: &'p [String],
    /// Steps that may still be taken.
    budget: usize,
    /// What rules matched, by rule, place and what was allowed.
    memo: HashMap<(*const Op, usize, *const Compiled), Rc<[State<'p>]>>,
}

impl<'t, 'p> Search<'t, 'p> {
    /// Searches a normalised text; gives up after `budget` steps.
    pub(crate) fn new(text: &'t str, program: &'p Program, budget: usize) -> Self {
        Self {
            text,
            language: &program.language,
            skip_words: &program.skip_words,
            budget,
            memo: HashMap::new(),
        }
    }

    /// Every way in which a sentence of `block` says the whole text.
    pub(crate) fn run(&mut self, block: &'p Compiled, sentence: &'p Op) -> Vec<State<'p>> {
        let ends = self.step(sentence, block, &self.skip(State::start(0)));
        let all = ends.into_iter().filter_map(|state| {
            let skipped = self.skip(state);
            skipped.into_iter().find(|s| s.at == self.text.len())
        });
        all.collect()
    }

    fn step(&mut self, op: &'p Op, block: &'p Compiled, states: &[State<'p>]) -> Vec<State<'p>> {
        if states.is_empty() || self.budget == 0 {
            return Vec::new();
        }
        self.budget = self.budget.saturating_sub(states.len());
        match op {
            Op::Text(text) => self.literal(text, states),
            Op::Space => best(states.iter().flat_map(|s| self.space(s)).collect()),
            Op::All(parts) => {
                let Some((first, more)) = parts.split_first() else {
                    return states.to_vec();
                };
                let first = self.step(first, block, states);
                more.iter()
                    .fold(first, |states, part| self.step(part, block, &states))
            }
            Op::Any(parts) => {
                let mut all = Vec::new();
                for part in parts.iter() {
                    all.append(&mut self.step(part, block, states));
                }
                best(all)
            }
            Op::Rule(inner) => self.rule(inner, block, states),
            Op::List { list, slot } => match &**list {
                List::Values(values) => self.values(values, slot, block, states),
                List::Range(range) => self.range(range, slot, states),
                List::Wildcard(wildcard) => self.wildcard(wildcard, slot, states),
            },
        }
    }

    /// What a rule matches at a place does not depend on how the place was reached.
    fn rule(
        &mut self,
        inner: &'p Arc<Op>,
        block: &'p Compiled,
        states: &[State<'p>],
    ) -> Vec<State<'p>> {
        let asks = !(block.requires.is_empty() && block.excludes.is_empty());
        let allowed = if asks {
            std::ptr::from_ref(block)
        } else {
            std::ptr::null()
        };
        let mut found = Vec::new();
        for state in states {
            let key = (Arc::as_ptr(inner), state.at, allowed);
            let ends = match self.memo.get(&key) {
                Some(ends) => Rc::clone(ends),
                None => {
                    let ends = self.step(inner, block, &[State::start(state.at)]);
                    let ends: Rc<[_]> = ends.into();
                    self.memo.insert(key, Rc::clone(&ends));
                    ends
                }
            };
            found.extend(ends.iter().map(|end| state.then(end)));
        }
        best(found)
    }

    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or("")
    }

    fn literal(&self, text: &str, states: &[State<'p>]) -> Vec<State<'p>> {
        let here = states.iter().filter(|s| self.rest(s.at).starts_with(text));
        here.map(|s| s.moved(s.at + text.len(), letters(text) * worth::KNOWN))
            .collect()
    }

    /// A border between words, and what may be skipped behind it.
    fn space(&self, state: &State<'p>) -> Vec<State<'p>> {
        let before = self.text.get(..state.at).unwrap_or("");
        if self.rest(state.at).starts_with(' ') {
            return self.skip(state.moved(state.at + 1, 0));
        }
        let border = state.at == self.text.len() || before.is_empty() || before.ends_with(' ');
        if border {
            vec![state.clone()]
        } else {
            Vec::new()
        }
    }

    /// The state itself, and those behind words that may be skipped there.
    fn skip(&self, state: State<'p>) -> Vec<State<'p>> {
        let mut states = vec![state];
        for next in 0..MAX_SKIPPED {
            let Some(state) = states.get(next).cloned() else {
                break;
            };
            let rest = self.rest(state.at);
            let words = rest.strip_prefix(' ').unwrap_or(rest);
            let start = self.text.len() - words.len();
            let fresh = start == 0 || self.text.get(..start).is_some_and(|t| t.ends_with(' '));
            if !fresh {
                continue;
            }
            for word in self.skip_words {
                let Some(after) = words.strip_prefix(word.as_str()) else {
                    continue;
                };
                let end = match after.strip_prefix(' ') {
                    Some(after) => self.text.len() - after.len(),
                    None if after.is_empty() => self.text.len(),
                    None => continue,
                };
                if states.iter().all(|s| s.at != end) {
                    states.push(state.moved(end, letters(word) * worth::SKIPPED));
                }
            }
        }
        states
    }

    fn values(
        &mut self,
        list: &'p Values,
        slot: &'p str,
        block: &'p Compiled,
        states: &[State<'p>],
    ) -> Vec<State<'p>> {
        let mut found = Vec::new();
        for state in states {
            let hits = list.hits(self.rest(state.at));
            for hit in hits.into_iter().filter(|h| allowed(h.value, block)) {
                let end = state.at + hit.len;
                let each = match (list.names, hit.exact) {
                    (_, false) => worth::LOOSE,
                    (true, true) => worth::NAME,
                    (false, true) => worth::KNOWN,
                };
                let count = letters(self.text.get(state.at..end).unwrap_or(""));
                let value = Captured::Value(&hit.value.value);
                found.push(state.moved(end, count * each).with(slot, state.at, value));
            }
        }
        for (op, at) in &list.templates {
            let Some(value) = list.values.get(*at).filter(|v| allowed(v, block)) else {
                continue;
            };
            // One state at a time, to know where the value starts.
            for state in states {
                for mut end in self.step(op, block, std::slice::from_ref(state)) {
                    let value = Captured::Value(&value.value);
                    end.captures = state.captures.clone();
                    found.push(end.with(slot, state.at, value));
                }
            }
        }
        best(found)
    }

    fn range(&self, range: &Range, slot: &'p str, states: &[State<'p>]) -> Vec<State<'p>> {
        let mut found = Vec::new();
        for state in states {
            for (len, number) in numbers::prefixes(self.rest(state.at), self.language) {
                if !contains(range, number) {
                    continue;
                }
                let end = state.at + len;
                let count = letters(self.text.get(state.at..end).unwrap_or(""));
                let value = Captured::Number(number * range.multiplier);
                let moved = state.moved(end, count * worth::KNOWN);
                found.push(moved.with(slot, state.at, value));
            }
        }
        best(found)
    }

    fn wildcard(&self, wildcard: &Wildcard, slot: &'p str, states: &[State<'p>]) -> Vec<State<'p>> {
        let mut found = Vec::new();
        for state in states {
            let before = self.text.get(..state.at).unwrap_or("");
            if !(before.is_empty() || before.ends_with(' ')) {
                continue;
            }
            for len in wildcard.ends(self.rest(state.at)) {
                let end = state.at + len;
                let count = letters(self.text.get(state.at..end).unwrap_or(""));
                let moved = state.moved(end, count * worth::WILDCARD);
                found.push(moved.with(slot, state.at, Captured::Words));
            }
        }
        best(found)
    }
}

/// How many letters a normalised text has, in bytes without spaces.
pub(crate) fn letters(text: &str) -> u32 {
    let count = text.bytes().filter(|b| *b != b' ').count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Whether sentences of `block` may be about that value.
fn allowed(value: &Value, block: &Compiled) -> bool {
    let has = |(key, wanted): (&String, &Vec<String>)| {
        let is = value.context.get(key);
        is.is_some_and(|is| wanted.contains(is))
    };
    // A value that has no context of its own is no device, and is not asked.
    value.context.is_empty() || (block.requires.iter().all(has) && !block.excludes.iter().any(has))
}

/// The best states at each place, in the order of places; of those with the same captures,
/// one.
fn best(mut states: Vec<State<'_>>) -> Vec<State<'_>> {
    if states.len() < 2 {
        return states;
    }
    states.sort_by(|a, b| a.at.cmp(&b.at).then(b.worth.cmp(&a.worth)));
    let mut kept: Vec<State<'_>> = Vec::with_capacity(states.len());
    for state in states {
        let here = kept.iter().rev().take_while(|k| k.at == state.at);
        let (mut count, mut known) = (0, false);
        for other in here {
            count += 1;
            known |= other.same_captures(&state);
        }
        if !known && count < STATES_PER_PLACE {
            kept.push(state);
        }
    }
    kept
}

/// The slots of a state, fixed ones of the block included; where a slot was captured
/// twice, the last one.
pub(crate) fn captured<'s, 'p>(state: &'s State<'p>) -> BTreeMap<&'p str, &'s Capture<'p>> {
    let mut slots = BTreeMap::new();
    for capture in state.captures() {
        slots.entry(capture.slot).or_insert(capture);
    }
    slots
}
