//! What can be wrong with sentences, lexicons and replies.

use std::path::PathBuf;

use crate::template;

/// What can be wrong with sentences or replies.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There are no built-in sentences in that language.
    #[error("there are no built-in sentences in `{0}`: use de or en, or give a folder of your own")]
    UnknownLanguage(String),
    /// A file or folder can't be read.
    #[error("can't read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder has no sentence files, or more than are read.
    #[error("{} has {found} sentence files (*.yaml): there must be 1 to {max}", path.display())]
    FileCount {
        /// The folder.
        path: PathBuf,
        /// How many there are.
        found: usize,
        /// How many may be.
        max: usize,
    },
    /// A file is not YAML of the right shape.
    #[error("{}: {why}", at(file, *line))]
    Yaml {
        /// The file.
        file: String,
        /// Its line, from 1; 0 where it is not known.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// Files of one collection are in different languages.
    #[error(
        "{file}: it says `language: {found}`, but the files before it `{expected}`: keep one language to a folder"
    )]
    MixedLanguages {
        /// The file.
        file: String,
        /// The language it names.
        found: String,
        /// The language of the others.
        expected: String,
    },
    /// The same list, rule or reply is defined twice.
    #[error("{}: {what} `{name}` is defined twice", at(file, *line))]
    Duplicate {
        /// The file of the second one.
        file: String,
        /// Its line, from 1; 0 where it is not known.
        line: u64,
        /// List, rule, reply.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A template can't be read.
    #[error("{}: in `{template}`: {source}", at(file, *line))]
    Template {
        /// The file.
        file: String,
        /// Its line, from 1; 0 where it is not known.
        line: u64,
        /// The template as written.
        template: String,
        /// What is wrong.
        source: template::Error,
    },
    /// A template names a list or rule that is not there.
    #[error("{}: in `{template}`: there is no {what} `{name}`", at(file, *line))]
    Unknown {
        /// The file.
        file: String,
        /// Its line, from 1; 0 where it is not known.
        line: u64,
        /// The template as written.
        template: String,
        /// List or rule.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A template, with the rules it uses, is too large or too deep, or a rule uses itself.
    #[error("{}: `{template}` with its rules {why}", at(file, *line))]
    TooLarge {
        /// The file.
        file: String,
        /// Its line, from 1; 0 where it is not known.
        line: u64,
        /// The template as written.
        template: String,
        /// In what way.
        why: &'static str,
    },
    /// A list is not one.
    #[error("{}: list `{list}`: {why}", at(file, *line))]
    List {
        /// The file.
        file: String,
        /// Its line, from 1; 0 where it is not known.
        line: u64,
        /// The list.
        list: String,
        /// What is wrong with it.
        why: String,
    },
}

/// A file, and the line where it is known.
fn at(file: &str, line: u64) -> String {
    match line {
        0 => file.to_owned(),
        line => format!("{file}:{line}"),
    }
}
