//! What a text may have meant that no sentence says: words replaced by those that sound or
//! look most like them.
//!
//! Only words that no sentence and no name has are replaced, each by one that is close
//! enough ([`cost`]), and only few of them; what is replaced has a cost, and the variants of
//! the least cost that are sentences are the readings. Where those mean different things,
//! there are none: a guess must not switch anything.

use std::collections::HashSet;

use hark_core::Language;

use crate::words::AREA;

mod phonetic;

/// The most words of a text that are looked at.
const MAX_WORDS: usize = 24;
/// The most words that are replaced.
const MAX_REPLACED: usize = 3;
/// The most words that one may be replaced by.
const MAX_CHOICES: usize = 3;
/// The most variants of one text.
const MAX_VARIANTS: usize = 24;
/// The shortest word that is replaced, in letters.
const MIN_LETTERS: usize = 3;
/// So many letters at the end are a word of their own.
const COMPOUND_END: usize = 4;
/// The largest cost of one word and of a whole text.
const MAX_COST: f32 = 0.34;
const MAX_TOTAL: f32 = 0.6;
/// What it costs to write two words as one, or one as two.
const JOIN_COST: f32 = 0.05;
/// What it costs to take a plural for a singular.
const NUMBER_COST: f32 = 0.1;

/// A text with words replaced.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    pub(crate) text: String,
    /// More where less alike; above 0.
    pub(crate) cost: f32,
}

/// Words that may have been meant.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    language: Language,
    words: HashSet<Box<str>>,
    /// Those that are in names.
    of_names: HashSet<Box<str>>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    word: Box<str>,
    key: Box<str>,
    letters: u32,
}

impl Vocabulary {
    /// The words of sentences (with [`AREA`] for the name of an area) and of names, all of
    /// them normalised.
    pub(crate) fn new<'a>(
        language: &Language,
        words: &[Box<str>],
        areas: &[String],
        names: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut all: HashSet<Box<str>> = HashSet::new();
        for word in words {
            match word.contains(AREA) {
                false => drop(all.insert(word.clone())),
                true => all.extend(areas.iter().map(|area| {
                    let word = word.replace(AREA, area);
                    word.into_boxed_str()
                })),
            }
        }
        let mut of_names: HashSet<Box<str>> = HashSet::new();
        for name in names {
            of_names.extend(name.split(' ').map(Box::from));
            if name.contains(' ') {
                all.insert(name.replace(' ', "").into());
            }
        }
        all.extend(of_names.iter().cloned());
        let long_enough = |word: &str| word.len() >= 2 && !word.contains(' ');
        let long = all.iter().filter(|word| long_enough(word));
        let entries = long.map(|word| Entry {
            key: phonetic::key(word, language).into(),
            letters: letters(word),
            word: word.clone(),
        });
        let mut entries: Vec<Entry> = entries.collect();
        entries.sort_by(|a, b| a.word.cmp(&b.word));
        Self {
            language: language.clone(),
            entries,
            words: all,
            of_names,
        }
    }

    fn has(&self, word: &str) -> bool {
        self.words.contains(word) || word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    }

    /// What a normalised text may have meant, the likeliest first; without the text itself.
    pub(crate) fn variants(&self, text: &str) -> Vec<Variant> {
        let words: Vec<&str> = text.split(' ').filter(|w| !w.is_empty()).collect();
        if words.len() > MAX_WORDS {
            return Vec::new();
        }
        let mut partial = vec![Partial::default()];
        let mut at = 0;
        while at < words.len() {
            let steps = self.steps(&words, at);
            // Variants are as long as they are wide: those that took two words wait.
            let mut next: Vec<Partial> = Vec::new();
            for known in partial {
                if known.upto > at {
                    next.push(known);
                    continue;
                }
                next.extend(steps.iter().filter_map(|step| known.with(step)));
            }
            next.sort_by(|a, b| a.cost.total_cmp(&b.cost));
            next.truncate(MAX_VARIANTS);
            partial = next;
            at += 1;
        }
        let changed = partial.into_iter().filter(|p| p.cost > 0.0);
        let variants = changed.map(|p| Variant {
            text: p.words.join(" "),
            cost: p.cost,
        });
        variants.collect()
    }

    /// What the word at a place may stand for.
    fn steps(&self, words: &[&str], at: usize) -> Vec<Step> {
        let word = words.get(at).copied().unwrap_or_default();
        let mut steps = vec![Step::same(word)];
        if at > 0 && words.get(at - 1) == Some(&word) {
            // Said twice.
            steps.push(Step {
                cost: JOIN_COST,
                text: String::new(),
                takes: 1,
            });
        }
        let known = self.has(word);
        if let Some(next) = words.get(at + 1) {
            steps.extend(self.together(word, next));
        }
        // The first word is a verb more often than a noun.
        let noun = known && at > 0;
        steps.extend(noun.then(|| self.of_other_number(word)).flatten());
        if known || word.chars().count() < MIN_LETTERS {
            return steps;
        }
        steps.extend(self.like(word).into_iter().map(|(text, cost)| Step {
            text,
            cost,
            takes: 1,
        }));
        steps.extend(self.apart(word).map(|text| Step {
            text,
            cost: JOIN_COST,
            takes: 1,
        }));
        steps
    }

    /// Two words that were said as one. Where both mean something by themselves, only a name
    /// that has both in it ("Garage-Tor") can have been meant.
    fn together(&self, word: &str, next: &str) -> Vec<Step> {
        let both = self.has(word) && self.has(next);
        let like = self.like(&format!("{word}{next}")).into_iter();
        let both_in = |name: &str| {
            let length = word.len() + next.len();
            let long = length >= 2 * COMPOUND_END;
            long && self.of_names.contains(name) && name.len().abs_diff(length) <= 1
        };
        let meant = like.filter(|(text, _)| !both || both_in(text));
        let steps = meant.map(|(text, cost)| Step {
            text,
            cost: cost + JOIN_COST,
            takes: 2,
        });
        steps.collect()
    }

    /// An English noun's singular for its plural; the other way round only in names.
    fn of_other_number(&self, word: &str) -> Option<Step> {
        let (other, known) = match word.strip_suffix('s') {
            Some(singular) => (singular.to_owned(), &self.words),
            None => (format!("{word}s"), &self.of_names),
        };
        let may = self.language.primary() == "en" && known.contains(&*other);
        may.then_some(Step {
            text: other,
            cost: NUMBER_COST,
            takes: 1,
        })
    }

    /// The words most like one, with what it costs to take them for it.
    fn like(&self, word: &str) -> Vec<(String, f32)> {
        if self.words.contains(word) {
            return vec![(word.to_owned(), 0.0)];
        }
        let (key, mine) = (phonetic::key(word, &self.language), letters(word));
        let most = most_edits(word.len());
        let mut best: Vec<(f32, &str)> = Vec::new();
        for entry in &self.entries {
            let apart = entry.word.len().abs_diff(word.len());
            // Each edit changes at most two of the letters that a word has.
            if apart > most || (entry.letters ^ mine).count_ones() as usize > 2 * most {
                continue;
            }
            if let Some(cost) = cost(word, &key, entry, most) {
                best.push((cost, &entry.word));
            }
        }
        best.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        best.truncate(MAX_CHOICES);
        best.into_iter().map(|(c, w)| (w.to_owned(), c)).collect()
    }

    /// Two words that were written as one.
    fn apart(&self, word: &str) -> Option<String> {
        let places = word.char_indices().map(|(at, _)| at);
        let mut places = places.filter(|at| *at >= 2 && at + 2 <= word.len());
        places.find_map(|at| {
            let (first, second) = (word.get(..at)?, word.get(at..)?);
            let both = self.words.contains(first) && self.words.contains(second);
            both.then(|| format!("{first} {second}"))
        })
    }
}

/// A way on from one word.
struct Step {
    text: String,
    cost: f32,
    takes: usize,
}

impl Step {
    fn same(word: &str) -> Self {
        Self {
            text: word.to_owned(),
            cost: 0.0,
            takes: 1,
        }
    }
}

/// The beginning of a variant.
#[derive(Debug, Clone, Default)]
struct Partial {
    words: Vec<String>,
    cost: f32,
    replaced: usize,
    /// How many words of the text it stands for.
    upto: usize,
}

impl Partial {
    fn with(&self, step: &Step) -> Option<Self> {
        let mut next = self.clone();
        next.cost += step.cost;
        next.replaced += usize::from(step.cost > 0.0);
        next.upto += step.takes;
        if !step.text.is_empty() {
            next.words.push(step.text.clone());
        }
        (next.replaced <= MAX_REPLACED && next.cost <= MAX_TOTAL).then_some(next)
    }
}

/// How many letters of a word may be others.
fn most_edits(length: usize) -> usize {
    match length {
        0..=5 => 1,
        6..=9 => 2,
        _ => 3,
    }
}

/// What it costs to take `word` for an entry; `None` where they are too different.
///
/// Where both end alike, as compounds do, what is before that has to be like: a "Lavalampe" is
/// no "Standlampe", and no barn door a back door.
fn cost(word: &str, key: &str, entry: &Entry, most: usize) -> Option<f32> {
    let edits = strsim::osa_distance(word, &entry.word);
    if edits == 0 || edits > most {
        return None;
    }
    let longer = word.len().max(entry.word.len());
    let end = same_end(word, &entry.word);
    let compared = match end >= COMPOUND_END {
        true => (longer - end).max(COMPOUND_END),
        false => longer,
    };
    let alike = *key == *entry.key;
    let same_start = word.as_bytes().first() == entry.word.as_bytes().first();
    // A short word has few letters to be known by: it has to sound the same too.
    if longer <= 4 && !(alike && longer - word.len().min(entry.word.len()) <= 1) {
        return None;
    }
    if !alike && !same_start {
        return None;
    }
    let cost = |length: usize| {
        let share = edits as f32 / length as f32;
        if alike { share / 2.0 } else { share }
    };
    (cost(compared) <= MAX_COST).then(|| cost(longer))
}

/// How many letters two words end with alike.
fn same_end(a: &str, b: &str) -> usize {
    let pairs = a.bytes().rev().zip(b.bytes().rev());
    pairs.take_while(|(a, b)| a == b).count()
}

/// The letters that a word has, as bits.
fn letters(word: &str) -> u32 {
    let bits = word.bytes().filter(u8::is_ascii_lowercase);
    bits.fold(0, |bits, byte| bits | 1 << (byte - b'a'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vocabulary(words: &str) -> Vocabulary {
        let words: Vec<Box<str>> = words.split(' ').map(Into::into).collect();
        let areas = ["flur".to_owned(), "bad".to_owned()];
        let names = ["stehlampe", "living room"];
        Vocabulary::new(&Language::german(), &words, &areas, names.into_iter())
    }

    fn best(vocabulary: &Vocabulary, text: &str) -> String {
        let variants = vocabulary.variants(text);
        variants
            .first()
            .map_or_else(String::new, |v| v.text.clone())
    }

    #[test]
    fn words_are_taken_for_what_is_most_like_them() {
        let words = vocabulary("schalte das licht im in der \u{1} \u{1}licht ein aus timer");
        for (text, expect) in [
            ("schalde das licht", "schalte das licht"),
            ("flurlischt ein", "flurlicht ein"),
            ("das licht im bat aus", "das licht im bad aus"),
            ("die stehlame aus", "die stehlampe aus"),
            ("licht inder stehlampe", "licht in der stehlampe"),
            ("steh lampe", "stehlampe"),
            ("das das licht", "das licht"),
            ("teimer", "timer"),
            ("livingrom", "livingroom"),
            ("schalte das licht", ""),
            ("ganz andere worte", ""),
            ("x", ""),
            ("", ""),
        ] {
            assert_eq!(best(&words, text), expect, "{text}");
        }
    }

    #[test]
    fn what_is_unlike_stays() {
        let words = vocabulary("licht bad hell nacht");
        for word in ["lied", "band", "welle", "weinkeller", "bald"] {
            assert_eq!(words.like(word), [], "{word}");
        }
        let words = vocabulary("standlampe backdoor");
        for word in ["lavalampe", "sandlampe", "barndoor"] {
            assert_eq!(
                words.like(word).len(),
                usize::from(word == "sandlampe"),
                "{word}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_has_few_variants_each_with_a_cost(text in "[a-z ]{0,200}") {
            let words = vocabulary("schalte das licht im flur ein aus timer bad");
            let variants = words.variants(&text);
            prop_assert!(variants.len() <= MAX_VARIANTS);
            prop_assert!(variants.iter().all(|v| v.cost > 0.0 && v.cost <= MAX_TOTAL));
        }
    }
}
