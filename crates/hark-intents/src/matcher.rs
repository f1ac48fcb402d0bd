//! What a text can mean: the readings of all sentences, best first; and what a beginning
//! can still become.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::{Intent, Reading};

use crate::compile;
use crate::error::Error;
use crate::fuzzy::Vocabulary;
use crate::lexicon::{self, Entry, Lexicon};
use crate::list::List;
use crate::meaning;
use crate::normalize::normalize;
use crate::program::{Program, Source};
use crate::search::{Mode, Said, Search, length};
use crate::sentences::Sentences;

/// The longest text that is matched, in characters.
pub const MAX_TEXT_CHARS: usize = 1000;
/// The most readings of one text.
pub const MAX_READINGS: usize = 16;
/// Steps that one text may take; sentences that people say take under 20,000.
pub(crate) const BUDGET: usize = 400_000;

/// Sentences of one language, compiled with the names of one home. Clones share both.
#[derive(Debug, Clone)]
pub struct Matcher {
    pub(crate) program: Arc<Program>,
    /// The lists of the program, with the home's names in their places.
    pub(crate) lists: Arc<[Arc<List>]>,
    lexicon: Arc<Lexicon>,
    /// The names of areas, floors, devices and lists, as registered.
    pub(crate) registered: Arc<HashSet<String>>,
    pub(crate) vocabulary: Arc<Vocabulary>,
}

/// What the beginning of a sentence can become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// No sentence begins like this.
    Dead,
    /// A sentence begins like this and has to go on.
    Prefix,
    /// It is a sentence, and a longer one may begin like this.
    CompleteExtensible,
    /// It is a sentence, and no longer one begins like this.
    CompleteFinal,
}

/// A name that people say in this home.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// As registered.
    pub spoken: String,
    /// How much more likely it is here than elsewhere: 1 for a floor, more for areas, most
    /// for devices.
    pub boost: f32,
}

impl Matcher {
    /// Compiles sentences with names. The two should be in the same language.
    ///
    /// # Errors
    /// [`Error::Unknown`] if a template uses a list or rule that is not there,
    /// [`Error::TooLarge`] if one is too large or its rules go in a circle.
    pub fn compile(sentences: &Sentences, lexicon: &Lexicon) -> Result<Self, Error> {
        let home = |name: &str| lexicon.lists.contains_key(name);
        let program = Arc::new(compile::program(sentences, &home)?);
        let lists = program.lists.iter().map(|source| match source {
            Source::Defined(list) => Arc::clone(list),
            Source::Home(name) => home_list(lexicon, name),
        });
        Ok(Self {
            lists: lists.collect(),
            lexicon: Arc::new(lexicon.clone()),
            registered: registered(lexicon),
            vocabulary: vocabulary(&program, lexicon),
            program,
        })
    }

    /// The same sentences with other names: only lists that changed are made anew. A list
    /// that `lexicon` doesn't have is empty.
    pub fn with_names(&self, lexicon: &Lexicon) -> Self {
        let sources = self.program.lists.iter().zip(self.lists.iter());
        let lists = sources.map(|(source, known)| match source {
            Source::Home(name) if lexicon.lists.get(name) != self.lexicon.lists.get(name) => {
                home_list(lexicon, name)
            }
            _ => Arc::clone(known),
        });
        Self {
            lists: lists.collect(),
            lexicon: Arc::new(lexicon.clone()),
            registered: registered(lexicon),
            vocabulary: vocabulary(&self.program, lexicon),
            program: Arc::clone(&self.program),
        }
    }

    /// The language of its sentences.
    pub fn language(&self) -> &Language {
        &self.program.language
    }

    /// What a text can mean, best first (the [crate] says by which score); at most
    /// [`MAX_READINGS`]. None for what no sentence says, for empty text and for more than
    /// [`MAX_TEXT_CHARS`] characters. Two readings never have the same intent and values.
    pub fn readings(&self, text: &str) -> Vec<Reading> {
        let Some(normalized) = bounded(text) else {
            return Vec::new();
        };
        let total = f64::from(length(&normalized.text));
        let mut search = self.search(&normalized.text, Mode::Spoken);
        let mut said = search.run();
        // Sentences in their order, so that ties go to the first.
        said.sort_by_key(|said| said.sentence);
        let mut readings: Vec<Reading> = Vec::new();
        for said in said {
            let score = f64::from(said.way.worth) / (1000.0 * total);
            let spoken = |from, to| normalized.spoken(text, from, to);
            for (intent, response) in self.meanings(&normalized.text, &said, &search, &spoken) {
                keep(
                    &mut readings,
                    Reading {
                        intent,
                        score: score as f32,
                        response,
                    },
                );
            }
        }
        readings.sort_by(|a, b| {
            let slots = |r: &Reading| r.intent.slots.len();
            b.score.total_cmp(&a.score).then(slots(a).cmp(&slots(b)))
        });
        readings.truncate(MAX_READINGS);
        readings
    }

    /// What a text can become as the beginning of a sentence. A last word may be unfinished.
    pub fn prefix(&self, text: &str) -> Prefix {
        let Some(normalized) = bounded(text) else {
            let is_empty = text.chars().nth(MAX_TEXT_CHARS).is_none();
            return if is_empty {
                Prefix::Prefix
            } else {
                Prefix::Dead
            };
        };
        let mut search = self.search(&normalized.text, Mode::Spoken);
        let said = search.run();
        let spoken = |from, to| normalized.spoken(text, from, to);
        let mut said = said.iter();
        let whole = said.any(|said| {
            let meanings = self.meanings(&normalized.text, said, &search, &spoken);
            !meanings.is_empty()
        });
        match (whole, search.goes_on) {
            (false, false) => Prefix::Dead,
            (false, true) => Prefix::Prefix,
            (true, true) => Prefix::CompleteExtensible,
            (true, false) => Prefix::CompleteFinal,
        }
    }

    /// The names of the home, for whoever listens to know them.
    pub fn names(&self) -> Vec<Name> {
        let mut names: BTreeMap<&str, f32> = BTreeMap::new();
        for (list, entries) in &self.lexicon.lists {
            let boost = match list.as_str() {
                "name" => 2.0,
                "area" => 1.5,
                _ => 1.0,
            };
            for spoken in entries.iter().flat_map(|e| &e.spoken) {
                let known = names.entry(spoken).or_insert(boost);
                *known = known.max(boost);
            }
        }
        let names = names.into_iter().map(|(spoken, boost)| Name {
            spoken: spoken.to_owned(),
            boost,
        });
        names.collect()
    }

    pub(crate) fn search<'t>(&'t self, text: &'t str, mode: Mode) -> Search<'t, 't> {
        Search::new(text, &self.program, &self.lists, mode, BUDGET)
    }

    /// What one sentence means, with the key of its response: a meaning for each value that
    /// was said by the same words.
    fn meanings<'a>(
        &self,
        text: &str,
        said: &Said,
        search: &Search<'_, '_>,
        spoken: &dyn Fn(usize, usize) -> &'a str,
    ) -> Vec<(Intent, String)> {
        let sentence = self.program.sentences.get(said.sentence);
        let meaning = sentence.and_then(|s| self.program.meanings.get(s.meaning));
        let Some(meaning) = meaning else {
            return Vec::new();
        };
        let captures = search.captures.list(said.way.captured);
        let choices = meaning::choices(&self.lists, text, &captures, meaning);
        let kept = choices.iter();
        let kept = kept.filter(|choice| meaning::holds(meaning, choice, None));
        let intents = kept.map(|choice| {
            let slots = meaning::slots(meaning, choice, &self.program.slots, spoken);
            let intent = Intent {
                name: meaning.intent.clone(),
                slots,
            };
            let response = match meaning.response.as_str() {
                "" => "default",
                response => response,
            };
            (intent, response.to_owned())
        });
        intents.collect()
    }
}

/// The text in one spelling, unless it is empty or too long.
pub(crate) fn bounded(text: &str) -> Option<crate::normalize::Normalized> {
    if text.chars().nth(MAX_TEXT_CHARS).is_some() {
        return None;
    }
    Some(normalize(text)).filter(|n| length(&n.text) > 0)
}

fn home_list(lexicon: &Lexicon, name: &str) -> Arc<List> {
    let entries = lexicon.lists.get(name).map(Vec::as_slice);
    let values = lexicon::values(entries.unwrap_or_default(), name == "name");
    Arc::new(List::Values(values))
}

fn registered(lexicon: &Lexicon) -> Arc<HashSet<String>> {
    let entries = lexicon.lists.values().flatten();
    Arc::new(entries.map(|entry| entry.value.clone()).collect())
}

fn vocabulary(program: &Program, lexicon: &Lexicon) -> Arc<Vocabulary> {
    let said = |list: &[Entry]| -> Vec<String> {
        let spoken = list.iter().flat_map(|entry| &entry.spoken);
        spoken.map(|name| normalize(name).text).collect()
    };
    let areas = lexicon.lists.get("area").map_or(Vec::new(), |a| said(a));
    let names: Vec<String> = lexicon.lists.values().flat_map(|list| said(list)).collect();
    let words = program.skip_words.iter().chain(&names).map(String::as_str);
    Arc::new(Vocabulary::new(
        &program.language,
        &program.words,
        &areas,
        words,
    ))
}

/// Adds a reading, or keeps the better of it and the one that means the same.
fn keep(readings: &mut Vec<Reading>, new: Reading) {
    match readings.iter_mut().find(|r| same(&r.intent, &new.intent)) {
        Some(old) if old.score < new.score => *old = new,
        Some(_) => {}
        None => readings.push(new),
    }
}

pub(crate) fn same(a: &Intent, b: &Intent) -> bool {
    let values = |i: &Intent| {
        let pairs = i.slots.iter().map(|(k, s)| (k.clone(), s.value.clone()));
        pairs.collect::<Vec<_>>()
    };
    a.name == b.name && a.slots.len() == b.slots.len() && values(a) == values(b)
}
