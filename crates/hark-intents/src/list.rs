//! Lists as the matcher uses them: what people say, ready to be looked up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hark_core::intent::SlotValue;

use crate::compile::Op;
use crate::normalize::{normalize, squeezed_prefixes};
use crate::sentences::Range;

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
    pub(crate) not_in: Vec<Arc<List>>,
    /// Whether it is the beginning of one word instead.
    pub(crate) part_of_word: bool,
}

/// The fewest letters of a wildcard that is part of a word, in bytes.
const MIN_PART: usize = 3;

/// Values by what is said for them.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) values: Vec<Value>,
    /// Values said by plain words, by those words normalised and without spaces.
    plain: HashMap<String, Vec<Plain>>,
    longest: usize,
    /// Values said by templates, by their place in `values`.
    pub(crate) templates: Vec<(Op, usize)>,
    /// Whether these are names from the home.
    pub(crate) names: bool,
}

/// One value.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) value: SlotValue,
    pub(crate) context: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Plain {
    /// Normalised, with its spaces.
    words: String,
    value: usize,
}

/// A value that a text starts with.
pub(crate) struct Hit<'p> {
    pub(crate) value: &'p Value,
    /// The bytes it takes.
    pub(crate) len: usize,
    /// Whether the spaces are as in the registered name.
    pub(crate) exact: bool,
}

impl Values {
    /// Adds a value; gives its place.
    pub(crate) fn add(&mut self, value: SlotValue, context: BTreeMap<String, String>) -> usize {
        self.values.push(Value { value, context });
        self.values.len() - 1
    }

    /// Says that plain words stand for a value.
    pub(crate) fn say(&mut self, words: &str, value: usize) {
        let words = normalize(words).text;
        let squeezed = words.replace(' ', "");
        if squeezed.is_empty() {
            return;
        }
        self.longest = self.longest.max(squeezed.len());
        let same = self.plain.entry(squeezed).or_default();
        if !same.iter().any(|p| p.value == value) {
            same.push(Plain { words, value });
        }
    }

    /// Every value said by plain words that a normalised text starts with. Spaces within
    /// names don't matter.
    pub(crate) fn hits<'p>(&'p self, text: &str) -> Vec<Hit<'p>> {
        let mut hits = Vec::new();
        squeezed_prefixes(text, self.longest, |squeezed, len| {
            for plain in self.plain.get(squeezed).into_iter().flatten() {
                hits.extend(self.values.get(plain.value).map(|value| Hit {
                    value,
                    len,
                    exact: text.starts_with(&plain.words),
                }));
            }
        });
        hits
    }
}

impl Wildcard {
    /// The lengths of what may be taken from the start of a text.
    pub(crate) fn ends(&self, text: &str) -> Vec<usize> {
        let word = text.split(' ').next().unwrap_or("");
        let ends = if self.part_of_word {
            let inside = word.char_indices().map(|(at, _)| at);
            inside.filter(|at| *at >= MIN_PART).collect()
        } else {
            self.word_ends(text)
        };
        let taken = |end: &usize| text.get(..*end).unwrap_or("");
        let unwanted = |end: &usize| self.without.iter().any(|w| w == taken(end));
        ends.into_iter()
            .filter(|end| !unwanted(end) && self.takes(taken(end)))
            .collect()
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

    /// Whether normalised words may be taken; whole words, one after another.
    fn takes(&self, words: &str) -> bool {
        let known = |list: &Arc<List>| match &**list {
            List::Values(values) => values.hits(words).iter().any(|h| h.len == words.len()),
            List::Range(_) | List::Wildcard(_) => false,
        };
        !self.not_in.iter().any(known)
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
            let at = list.add(SlotValue::Text(name.to_owned()), BTreeMap::new());
            list.say(name, at);
        }
        let check = |text: &str, expect: &[(usize, bool)]| {
            let text = normalize(text).text;
            let hits: Vec<_> = list.hits(&text).iter().map(|h| (h.len, h.exact)).collect();
            assert_eq!(hits, expect, "{text}");
        };
        check("Kinderzimmer an", &[(12, true)]);
        check("Kinder-Zimmer an", &[(13, false)]);
        check("livingroom", &[(10, false)]);
        check("living room", &[(11, true)]);
        check("todo Liste", &[(10, false)]);
        check("Kinder", &[]);
        check("", &[]);
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
            let at = list.add(SlotValue::Number(1.0), BTreeMap::new());
            list.say(&name, at);
            let text = normalize(&name.to_uppercase()).text;
            prop_assert!(list.hits(&text).iter().any(|h| h.len == text.len() && h.exact));
        }
    }
}
