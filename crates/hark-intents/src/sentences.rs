//! Collections of sentences: what sentence files say, read into templates. The module
//! `load` finds the files, `yaml` reads them.
//!
//! A file has `language` and any of `intents`, `lists`, `expansion_rules`, `skip_words`,
//! `replies` and `reply_words` (the last two are ours; Home Assistant's `responses` are
//! accepted and not used: they are programs for its own template engine). Instead of
//! `intents` it may have `data`, the sentences of one intent, which is then named by its
//! folder.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::SlotValue;

use crate::error::Error;
use crate::template::Template;
use crate::{builtin, load, yaml};

/// Sentences of one language, with the lists and rules they use.
#[derive(Debug, Clone)]
pub struct Sentences {
    pub(crate) language: Language,
    pub(crate) blocks: Vec<Block>,
    pub(crate) lists: BTreeMap<String, List>,
    pub(crate) rules: BTreeMap<String, Written>,
    pub(crate) skip_words: Vec<String>,
    pub(crate) replies: BTreeMap<String, String>,
    pub(crate) reply_words: BTreeMap<String, BTreeMap<String, String>>,
}

/// Sentences that mean the same.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// What they mean.
    pub(crate) intent: String,
    /// The sentences.
    pub(crate) sentences: Vec<Written>,
    /// Slots that all of them have.
    pub(crate) slots: BTreeMap<String, SlotValue>,
    /// The key of the response; empty where none is named.
    pub(crate) response: String,
    /// What has to be known, by key.
    pub(crate) requires: BTreeMap<String, Condition>,
    /// What must not be so.
    pub(crate) excludes: BTreeMap<String, Condition>,
    /// One of these words has to be in the text; none where any text will do.
    pub(crate) keywords: Vec<String>,
    /// Rules that hold in this block only.
    pub(crate) rules: BTreeMap<String, Written>,
    /// Lists that hold in this block only.
    pub(crate) lists: BTreeMap<String, List>,
}

/// What is asked of the context: of a list's value, or of where the speaker is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Condition {
    /// One of these; `None` where any value will do.
    pub(crate) values: Option<Vec<String>>,
    /// The slot that gets the value from where the speaker is.
    pub(crate) slot: Option<String>,
}

/// A template and where it is written.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) template: Template,
    pub(crate) text: String,
    pub(crate) file: Arc<str>,
    /// From 1; 0 where it is not known.
    pub(crate) line: u64,
}

/// A list that sentences define.
#[derive(Debug, Clone)]
pub(crate) enum List {
    /// Values, each with the template that says it and what sentences may require of it.
    Values(Vec<ListValue>),
    /// Numbers.
    Range(Range),
    /// Any words.
    Wildcard {
        /// The most words.
        max_words: usize,
        /// Words that are never among them.
        without: Vec<String>,
        /// Lists whose values they never are.
        not_in: Vec<String>,
        /// Whether it is the beginning of one word instead.
        part_of_word: bool,
    },
}

/// A value of a list.
#[derive(Debug, Clone)]
pub(crate) struct ListValue {
    pub(crate) said: Written,
    /// `None` where the words themselves are the value.
    pub(crate) value: Option<SlotValue>,
    pub(crate) context: BTreeMap<String, String>,
}

/// Numbers from `from` to `to`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Range {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) step: f64,
    /// Parts of a step that are numbers of the range too: 2 for halves, 10 for tenths.
    pub(crate) parts: f64,
    /// What the slot's number is multiplied by.
    pub(crate) multiplier: f64,
}

impl Sentences {
    /// The sentences that come with Hark; `de-AT` gives those for `de`.
    ///
    /// # Errors
    /// [`Error::UnknownLanguage`].
    pub fn builtin(language: &Language) -> Result<Self, Error> {
        let files = builtin::files(language)?;
        let files = files.iter().map(|f| load::File::of(f.0, f.1.to_owned()));
        yaml::collect(&files.collect::<Vec<_>>(), &yaml::Catalog::default())
    }

    /// One file, or every `*.yaml` below a folder, in the order of their names.
    ///
    /// # Errors
    /// [`Error`] if the folder or a file can't be read, if there are none or more than
    /// 1,000 files or one over 1 MiB, or if one is not what this module describes.
    pub fn load(path: &Path) -> Result<Self, Error> {
        yaml::collect(&load::files(path)?, &yaml::Catalog::default())
    }

    /// What a collection of several languages has in one: `sentences/<language>` with
    /// `rules`, `lists` and `intents.yaml` beside it (Home Assistant's own folders),
    /// `<language>` or `<language>.json` (its package), else `path` itself.
    ///
    /// # Errors
    /// As [`Sentences::load`].
    pub fn load_for(path: &Path, language: &Language) -> Result<Self, Error> {
        let found = load::find(path, language)?;
        let catalog = yaml::catalog(found.catalog.as_ref())?;
        let mut all = yaml::collect(&found.files, &catalog)?;
        if found.standard_lists {
            load::add_standard_lists(&mut all)?;
        }
        Ok(all)
    }

    /// Whether a collection has anything in `language`.
    pub fn are_in(path: &Path, language: &Language) -> bool {
        load::is_in(path, language)
    }

    /// The language they are in.
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// How many templates there are.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|b| b.sentences.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
