//! Corpora: sentences as people say them, each with what it must mean in a home.
//!
//! A file is YAML with `language`, `home` (a file `homes/<home>.yaml` beside the folder of
//! the language, or in it) and `cases`; `intents/corpus/README.md` describes it. [`load`]
//! reads files or folders, [`Judge`] says which cases are right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hark_core::Language;
use hark_core::intent::SlotValue;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::error::Error;

mod home;
mod judge;

pub use home::CorpusHome;
pub use judge::{Judge, Judgement};

/// The largest corpus file, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// The most files of a corpus.
const MAX_FILES: usize = 1_000;

/// Sentences of one language about one home.
#[derive(Debug)]
pub struct Corpus {
    /// The file.
    pub file: PathBuf,
    /// The language of the sentences.
    pub language: Language,
    /// The file of the home.
    pub home: PathBuf,
    /// What is said, in the order of the file.
    pub cases: Vec<Case>,
}

/// A sentence and what it must mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What is said.
    pub say: String,
    /// The line of the case in its file, from 1.
    pub line: u64,
    /// Where the speaker is, by name or id, instead of where the home says; empty: nowhere.
    pub area: Option<String>,
    /// What must come of it.
    pub expect: Expect,
}

/// What must come of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// Nothing: no sentence says that.
    Nothing,
    /// A question with this code, or of its kind: `which_area` stands for `unknown_area` too.
    Question(String),
    /// These commands, in this order.
    Commands(Vec<Expected>),
}

/// A command that must be understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Its intent.
    pub intent: String,
    /// Its slots.
    pub slots: BTreeMap<String, SlotValue>,
}

/// Reads files, or every `*.yaml` below folders that is a corpus: files in folders named
/// `homes` are not.
///
/// # Errors
/// [`Error`] if a file can't be read or is no corpus, with its line.
pub fn load(paths: &[PathBuf]) -> Result<Vec<Corpus>, Error> {
    let mut files = Vec::new();
    for path in paths {
        gather(path, &mut files)?;
    }
    if files.is_empty() || files.len() > MAX_FILES {
        return Err(Error::FileCount {
            path: paths.first().cloned().unwrap_or_default(),
            found: files.len(),
            max: MAX_FILES,
        });
    }
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn gather(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(|e| unreadable(path, e))?;
    for entry in entries {
        let path = entry.map_err(|e| unreadable(path, e))?.path();
        let is_homes = path.file_name().is_some_and(|name| name == "homes");
        let is_yaml = path.extension().is_some_and(|ending| ending == "yaml");
        if (path.is_dir() && !is_homes) || (path.is_file() && is_yaml) {
            gather(&path, files)?;
        }
        if files.len() > MAX_FILES {
            break;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Corpus, Error> {
    let raw: RawCorpus = parsed(file)?;
    let homes = file
        .ancestors()
        .skip(1)
        .take(3)
        .map(|dir| dir.join("homes"));
    let homes: Vec<PathBuf> = homes
        .map(|d| d.join(format!("{}.yaml", raw.home)))
        .collect();
    let home = homes.iter().find(|path| path.is_file()).cloned();
    let home = home.ok_or_else(|| {
        let why = format!("there is no home `homes/{}.yaml` above it", raw.home);
        wrong(file, 0, why)
    })?;
    let mut cases = Vec::new();
    for case in raw.cases {
        let line = case.referenced.line();
        let case = case.value;
        let expect = case
            .expect
            .checked()
            .map_err(|why| wrong(file, line, why))?;
        let area = case.area.map(|area| match area.as_str() {
            "none" => String::new(),
            _ => area,
        });
        for say in case.say.texts() {
            cases.push(Case {
                say,
                line,
                area: area.clone(),
                expect: expect.clone(),
            });
        }
    }
    Ok(Corpus {
        file: file.to_owned(),
        language: raw.language,
        home,
        cases,
    })
}

/// Reads a YAML file of that shape.
fn parsed<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, Error> {
    let size = std::fs::metadata(file)
        .map_err(|e| unreadable(file, e))?
        .len();
    if size > MAX_FILE_BYTES {
        return Err(wrong(file, 0, "it is larger than 4 MiB".to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(|e| unreadable(file, e))?;
    let options = serde_saphyr::Options {
        // `on` and `off` are states of devices here.
        strict_booleans: true,
        with_snippet: false,
        ..Default::default()
    };
    serde_saphyr::from_str_with_options(&text, options).map_err(|e| {
        let line = e.location().map_or(0, |l| l.line());
        wrong(file, line, e.to_string())
    })
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}

fn wrong(file: &Path, line: u64, why: String) -> Error {
    Error::Yaml {
        file: file.display().to_string(),
        line,
        why,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCorpus {
    language: Language,
    home: String,
    cases: Vec<Spanned<RawCase>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    say: OneOrMany,
    #[serde(default)]
    area: Option<String>,
    expect: RawExpect,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn texts(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawExpect {
    Nothing(String),
    Question(RawQuestion),
    One(RawExpected),
    Several(Vec<RawExpected>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestion {
    question: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawExpected {
    intent: String,
    #[serde(default)]
    slots: BTreeMap<String, RawValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawValue {
    Number(f64),
    Bool(bool),
    Text(String),
}

impl RawExpect {
    fn checked(self) -> Result<Expect, String> {
        let one = |raw: RawExpected| Expected {
            intent: raw.intent,
            slots: raw.slots.into_iter().map(|(k, v)| (k, v.into())).collect(),
        };
        match self {
            Self::Nothing(word) if word == "none" => Ok(Expect::Nothing),
            Self::Nothing(word) => Err(format!(
                "`expect: {word}` is nothing: it may be `none`, an intent, a question or several"
            )),
            Self::Question(raw) => Ok(Expect::Question(raw.question)),
            Self::One(raw) => Ok(Expect::Commands(vec![one(raw)])),
            Self::Several(raw) => Ok(Expect::Commands(raw.into_iter().map(one).collect())),
        }
    }
}

impl From<RawValue> for SlotValue {
    fn from(raw: RawValue) -> Self {
        match raw {
            RawValue::Number(number) => Self::Number(number),
            RawValue::Bool(is) => Self::Text(is.to_string()),
            RawValue::Text(text) => Self::Text(text),
        }
    }
}
