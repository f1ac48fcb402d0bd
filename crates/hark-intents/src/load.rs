//! Finds the files of a collection, in every layout that Home Assistant's have had.

use std::path::{Path, PathBuf};

use hark_core::Language;

use crate::error::Error;
use crate::sentences::Sentences;
use crate::yaml;

/// The most sentence files of one collection.
const MAX_FILES: usize = 1000;
/// How deep folders may nest.
const MAX_DEPTH: usize = 4;

/// A sentence file.
pub(crate) struct File {
    /// Its path, for messages.
    pub(crate) name: String,
    pub(crate) text: String,
    /// The intent of sentences in it that name none: its folder.
    pub(crate) intent: Option<String>,
}

impl File {
    pub(crate) fn of(name: &str, text: String) -> Self {
        let folder = Path::new(name).parent().and_then(Path::file_name);
        let folder = folder.and_then(|name| name.to_str());
        // Folders that are no intent are named like languages or in lower case.
        let intent = folder.filter(|name| name.starts_with(char::is_uppercase));
        Self {
            name: name.to_owned(),
            text,
            intent: intent.map(str::to_owned),
        }
    }

    /// Its name without folder and ending.
    pub(crate) fn stem(&self) -> &str {
        let stem = Path::new(&self.name).file_stem();
        stem.and_then(|stem| stem.to_str()).unwrap_or("")
    }

    fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
        Ok(Self::of(&path.display().to_string(), text))
    }
}

/// The files of a collection in one language.
pub(crate) struct Found {
    pub(crate) files: Vec<File>,
    /// `intents.yaml`.
    pub(crate) catalog: Option<File>,
    /// Whether the collection takes the lists for granted that Home Assistant has.
    pub(crate) standard_lists: bool,
}

/// Finds what `path` has in `language`.
pub(crate) fn find(path: &Path, language: &Language) -> Result<Found, Error> {
    for tag in [language.as_str(), language.primary()] {
        if path.join("sentences").join(tag).is_dir() {
            return collection(path, tag);
        }
        for one in [path.join(tag), path.join(format!("{tag}.json"))] {
            if one.exists() {
                return single(&one);
            }
        }
    }
    single(path)
}

/// Whether `path` has files in `language`.
pub(crate) fn is_in(path: &Path, language: &Language) -> bool {
    let tags = [language.as_str(), language.primary()];
    tags.iter().any(|tag| {
        let below = [path.join("sentences").join(tag), path.join(tag)];
        below.iter().any(|p| p.is_dir()) || path.join(format!("{tag}.json")).is_file()
    })
}

fn single(path: &Path) -> Result<Found, Error> {
    Ok(Found {
        files: files(path)?,
        catalog: None,
        standard_lists: false,
    })
}

/// Home Assistant's own folders.
fn collection(root: &Path, tag: &str) -> Result<Found, Error> {
    let mut all = files(&root.join("sentences").join(tag))?;
    for part in ["rules", "lists"] {
        let folder = root.join(part).join(tag);
        if folder.is_dir() {
            all.append(&mut files(&folder)?);
        }
    }
    let catalog = root.join("intents.yaml");
    let catalog = catalog
        .is_file()
        .then(|| File::read(&catalog))
        .transpose()?;
    Ok(Found {
        files: all,
        catalog,
        standard_lists: true,
    })
}

/// One file, or all sentence files below a folder.
pub(crate) fn files(path: &Path) -> Result<Vec<File>, Error> {
    if path.is_file() {
        return Ok(vec![File::read(path)?]);
    }
    let mut paths = Vec::new();
    gather(path, 0, &mut paths)?;
    paths.sort();
    if paths.is_empty() || paths.len() > MAX_FILES {
        return Err(Error::FileCount {
            path: path.to_owned(),
            found: paths.len(),
            max: MAX_FILES,
        });
    }
    paths.iter().map(|path| File::read(path)).collect()
}

fn gather(folder: &Path, depth: usize, into: &mut Vec<PathBuf>) -> Result<(), Error> {
    let entries = std::fs::read_dir(folder).map_err(|e| unreadable(folder, e))?;
    for entry in entries {
        let path = entry.map_err(|e| unreadable(folder, e))?.path();
        if path.is_dir() && depth < MAX_DEPTH {
            gather(&path, depth + 1, into)?;
        } else if path.extension().is_some_and(|e| e == "yaml") && into.len() <= MAX_FILES {
            into.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, source: std::io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}

/// Lists that Home Assistant's folders use without defining them, as its documentation of
/// the intents' slots has them.
const STANDARD: &str = "
lists:
  message: {wildcard: true}
  search_query: {wildcard: true}
  zone: {wildcard: true}
  timer_name: {wildcard: true}
  timer_command: {wildcard: true}
  shopping_list_item: {wildcard: true}
  todo_list_item: {wildcard: true}
  temperature: {range: {from: 0, to: 100, fractions: halves}}
  position: {range: {from: 0, to: 100}}
  fan_speed: {range: {from: 0, to: 100}}
  brightness: {range: {from: 0, to: 100}}
  color_temperature: {range: {from: 1000, to: 10000, step: 100}}
  volume: {range: {from: 0, to: 100}}
  volume_step_up: {range: {from: 0, to: 100}}
  volume_step_down: {range: {from: 0, to: 100, multiplier: -1}}
  timer_seconds: {range: {from: 1, to: 100}}
  timer_minutes: {range: {from: 1, to: 100}}
  timer_hours: {range: {from: 1, to: 100}}
";

/// Adds the lists that are taken for granted, where there is none of that name.
pub(crate) fn add_standard_lists(sentences: &mut Sentences) -> Result<(), Error> {
    let text = format!("language: {}{STANDARD}", sentences.language);
    let files = [File::of("the standard lists", text)];
    let standard = yaml::collect(&files, &yaml::Catalog::default())?;
    for (name, list) in standard.lists {
        sentences.lists.entry(name).or_insert(list);
    }
    Ok(())
}
