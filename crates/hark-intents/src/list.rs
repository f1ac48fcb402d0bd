//! Lists as the matcher uses them: what people say, ready to be looked up.

use std::collections::BTreeMap;

use hark_core::intent::SlotValue;

use crate::normalize::normalize;
use crate::program::ListId;
use crate::sentences::Range;
use crate::trie::Trie;

/// A list, ready to be looked up.
#[derive(Debug)]
pub(crate) enum List {
    Values(Values),
    Range(Range),
    Wildcard(Wildcard),
}

/// Any words.
#[derive(Debug)]
pub(crate) struct Wildcard {
    pub(crate) max_words: usize,
    /// Normalised.
    pub(crate) without: Vec<String>,
    /// Lists whose values it never is.
    pub(crate) not_in: Vec<ListId>,
    /// Whether it is the beginning of one word instead.
    pub(crate) part_of_word: bool,
}

/// The fewest letters of a wildcard that is part of a word, in bytes.
const MIN_PART: usize = 3;

/// Values by what is said for them.
#[derive(Debug, Default)]
pub(crate) struct Values {
    values: Vec<Value>,
    said: Vec<Said>,
    trie: Trie,
    /// Whether these are names of devices.
    pub(crate) names: bool,
}

/// One value.
#[derive(Debug)]
pub(crate) struct Value {
    /// `None` where the words themselves are the value.
    pub(crate) value: Option<SlotValue>,
    pub(crate) context: BTreeMap<String, String>,
}

/// Words that stand for a value.
#[derive(Debug)]
struct Said {
    /// Normalised, with their spaces.
    words: Box<str>,
    value: usize,
}

/// A value that a text has at some place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    /// The place behind it.
    pub(crate) end: usize,
    /// Its place in the list.
    pub(crate) value: usize,
    /// Whether the spaces are as in the registered name.
    pub(crate) exact: bool,
}

impl Values {
    /// Adds a value; gives its place.
    pub(crate) fn add(
        &mut self,
        value: Option<SlotValue>,
        context: BTreeMap<String, String>,
    ) -> usize {
        self.values.push(Value { value, context });
        self.values.len() - 1
    }

    /// Says that words stand for a value.
    pub(crate) fn say(&mut self, words: &str, value: usize) {
        let words = normalize(words).text.into_boxed_str();
        let item = u32::try_from(self.said.len()).expect("fewer than 2^32 names");
        self.trie.insert(&words, item);
        self.said.push(Said { words, value });
    }

    /// Everything that is said for a value, normalised.
    pub(crate) fn said(&self) -> impl Iterator<Item = &str> {
        self.said.iter().map(|said| &*said.words)
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Value> {
        self.values.get(place)
    }

    /// Every value that a normalised text has at `from`, and whether the text ends within
    /// the words of one. Spaces within names don't matter.
    pub(crate) fn hits(&self, text: &str, from: usize) -> (Vec<Hit>, bool) {
        let mut hits: Vec<Hit> = Vec::new();
        let more = self.trie.walk(text, from, |end, items| {
            for said in items.iter().filter_map(|i| self.said.get(*i as usize)) {
                let exact = text.get(from..end) == Some(&*said.words);
                let value = said.value;
                match hits.iter_mut().find(|h| h.end == end && h.value == value) {
                    Some(known) => known.exact |= exact,
                    None => hits.push(Hit { end, value, exact }),
                }
            }
        });
        (hits, more)
    }

    /// Whether normalised words are a value.
    pub(crate) fn has(&self, words: &str) -> bool {
        let (hits, _) = self.hits(words, 0);
        hits.iter().any(|hit| hit.end == words.len())
    }
}

impl Wildcard {
    /// The lengths of what may be taken from the start of a text. With `glued` it may end
    /// within a word.
    pub(crate) fn ends(
        &self,
        text: &str,
        glued: bool,
        mut takes: impl FnMut(&str) -> bool,
    ) -> Vec<usize> {
        let word = text.split(' ').next().unwrap_or("");
        let mut ends: Vec<usize> = if self.part_of_word {
            let inside = word.char_indices().map(|(at, _)| at);
            inside.filter(|at| *at >= MIN_PART).collect()
        } else {
            self.word_ends(text)
        };
        if glued
            && !self.part_of_word
            && let Some(last) = ends.last()
        {
            let inside = text.char_indices().map(|(at, _)| at);
            let inside = inside.take_while(|at| at < last);
            let mut all: Vec<usize> = inside.filter(|at| *at > 0).collect();
            all.push(*last);
            ends = all;
        }
        ends.retain(|end| {
            let taken = text.get(..*end).unwrap_or("");
            !taken.ends_with(' ') && !self.without.iter().any(|w| w == taken) && takes(taken)
        });
        ends
    }

    /// Where the first words end, up to one that is never among them.
    fn word_ends(&self, text: &str) -> Vec<usize> {
        let words = text.split(' ').filter(|w| !w.is_empty());
        let mut ends = Vec::new();
        let mut end = 0;
        for word in words.take(self.max_words) {
            if self.without.iter().any(|w| w == word) {
                break;
            }
            end += word.len() + usize::from(end > 0);
            ends.push(end);
        }
        ends
    }
}

/// Whether `range` has that number.
pub(crate) fn contains(range: &Range, number: f64) -> bool {
    let steps = (number - range.from) / range.step * range.parts;
    (range.from..=range.to).contains(&number) && (steps - steps.round()).abs() < 1e-6
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spaces_and_hyphens_in_names_do_not_matter() {
        let mut list = Values::default();
        for name in ["Kinderzimmer", "living room", "To-do-Liste"] {
            let at = list.add(None, BTreeMap::new());
            list.say(name, at);
        }
        let check = |text: &str, expect: &[(usize, bool)]| {
            let text = normalize(text).text;
            let (hits, _) = list.hits(&text, 0);
            let hits: Vec<_> = hits.iter().map(|h| (h.end, h.exact)).collect();
            assert_eq!(hits, expect, "{text}");
        };
        check("Kinderzimmer an", &[(12, true)]);
        check("Kinder-Zimmer an", &[(13, false)]);
        check("livingroom", &[(10, false)]);
        check("living room", &[(11, true)]);
        check("todo Liste", &[(10, false)]);
        check("Kinder", &[]);
        check("", &[]);
        assert!(list.hits("living", 0).1 && !list.hits("livid", 0).1);
    }

    #[test]
    fn a_range_has_its_steps_and_fractions() {
        let range = |parts| Range {
            from: 5.0,
            to: 30.0,
            step: 1.0,
            parts,
            multiplier: 1.0,
        };
        for (parts, number, expect) in [
            (1.0, 5.0, true),
            (1.0, 30.0, true),
            (1.0, 4.0, false),
            (1.0, 31.0, false),
            (1.0, 21.5, false),
            (2.0, 21.5, true),
            (2.0, 21.4, false),
            (10.0, 21.4, true),
            (10.0, f64::NAN, false),
        ] {
            assert_eq!(contains(&range(parts), number), expect, "{parts} {number}");
        }
    }

    proptest! {
        #[test]
        fn what_is_registered_is_found(name in "[a-zäöüß]{1,12}([ -][a-zäöüß]{1,12}){0,3}") {
            let mut list = Values::default();
            let at = list.add(Some(SlotValue::Number(1.0)), BTreeMap::new());
            list.say(&name, at);
            let text = normalize(&name.to_uppercase()).text;
            let (hits, _) = list.hits(&text, 0);
            prop_assert!(hits.iter().any(|h| h.end == text.len() && h.exact));
            prop_assert!(list.has(&text));
        }
    }
}
