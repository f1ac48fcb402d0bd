//! Collections of sentences: YAML files in Home Assistant's shape, read into templates.
//!
//! A file has `language` and any of `intents`, `lists`, `expansion_rules`, `skip_words`,
//! `replies` and `reply_words` (the last two are ours; Home Assistant's `responses` and `settings` are
//! accepted and not used). All files of a folder make one collection in one language.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::SlotValue;

use crate::error::Error;
use crate::template::Template;
use crate::{builtin, yaml};

/// The most sentence files of one folder.
pub(crate) const MAX_FILES: usize = 500;
/// The largest sentence file, in bytes.
pub(crate) const MAX_FILE_BYTES: usize = 1 << 20;

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
    /// What a list's value must have: for each key one of the values.
    pub(crate) requires: BTreeMap<String, Vec<String>>,
    /// What a list's value must not have.
    pub(crate) excludes: BTreeMap<String, Vec<String>>,
    /// Rules that hold in this block only.
    pub(crate) rules: BTreeMap<String, Written>,
    /// Lists that hold in this block only.
    pub(crate) lists: BTreeMap<String, List>,
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
    pub(crate) value: SlotValue,
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
        let files = files.iter().map(|f| (f.0.to_owned(), f.1.to_owned()));
        yaml::collect(files)
    }

    /// Every `*.yaml` of a folder, in the order of their names.
    ///
    /// # Errors
    /// [`Error`] if the folder or a file can't be read, if there are none or more than
    /// 500 files or one over 1 MiB, or if one is not what this module describes.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let unreadable = |path: &Path, source| Error::Read {
            path: path.to_owned(),
            source,
        };
        let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
            .and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect())
            .map_err(|e| unreadable(folder, e))?;
        paths.retain(|p| p.extension().is_some_and(|e| e == "yaml"));
        paths.sort();
        if paths.is_empty() || paths.len() > MAX_FILES {
            return Err(Error::FileCount {
                path: folder.to_owned(),
                found: paths.len(),
                max: MAX_FILES,
            });
        }
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|e| unreadable(&path, e))?;
            files.push((path.display().to_string(), text));
        }
        yaml::collect(files)
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
