//! What clips are to do in a home: a table of file, intent and target.
//!
//! A target is `key=value` parts with spaces between; words without `=` belong to the
//! value before them, what is in round brackets is a remark. The intent `-` means that
//! nothing may happen.

use std::collections::BTreeMap;

use crate::Error;

/// What a clip is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Nothing may happen.
    Nothing,
    /// This.
    Intent {
        /// Home Assistant's name of it.
        name: String,
        /// What it is about: `device`, `area`, `domain`, `list`, `item`, or a slot.
        target: Vec<(String, String)>,
    },
}

/// Reads a table with the header `file intent target`; `file` is what errors call it.
///
/// # Errors
/// [`Error::Line`] where a line has no intent, or a file is there twice.
pub fn parse(text: &str, file: &str) -> Result<BTreeMap<String, Expected>, Error> {
    let mut found = BTreeMap::new();
    for (i, line) in text.lines().enumerate() {
        let mut cells = line.trim_end().split('\t');
        let audio = cells.next().unwrap_or_default();
        if audio.is_empty() || (i == 0 && audio == "file") {
            continue;
        }
        let Some(intent) = cells.next().filter(|intent| !intent.is_empty()) else {
            let what = "it names no intent; give file, intent and target, tab-separated";
            return Err(Error::line(file, i + 1, what));
        };
        let expected = match intent {
            "-" => Expected::Nothing,
            name => Expected::Intent {
                name: name.to_owned(),
                target: target(cells.next().unwrap_or_default()),
            },
        };
        if found.insert(audio.to_owned(), expected).is_some() {
            return Err(Error::line(
                file,
                i + 1,
                format!("`{audio}` is there twice"),
            ));
        }
    }
    Ok(found)
}

fn target(text: &str) -> Vec<(String, String)> {
    let text = text.split('(').next().unwrap_or_default();
    let mut parts: Vec<(String, String)> = Vec::new();
    for word in text.split_whitespace() {
        match (word.split_once('='), parts.last_mut()) {
            (Some((key, value)), _) => parts.push((key.to_owned(), value.to_owned())),
            (None, Some((_, value))) => {
                value.push(' ');
                value.push_str(word);
            }
            (None, None) => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_keys_and_values() {
        let table = "file\tintent\ttarget\n\
                     a.wav\tHassTurnOn\tdevice=lock.door (low risk: locking)\n\
                     b.wav\tHassListAddItem\titem=oat milk list=todo.shopping\n\
                     c.wav\tHassMediaPause\n\
                     d.wav\t-\tnothing may happen\n";
        let found = parse(table, "e").unwrap();
        let intent = |name: &str, target: &[(&str, &str)]| Expected::Intent {
            name: name.to_owned(),
            target: target
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        };
        assert_eq!(
            found["a.wav"],
            intent("HassTurnOn", &[("device", "lock.door")])
        );
        let milk = [("item", "oat milk"), ("list", "todo.shopping")];
        assert_eq!(found["b.wav"], intent("HassListAddItem", &milk));
        assert_eq!(found["c.wav"], intent("HassMediaPause", &[]));
        assert_eq!(found["d.wav"], Expected::Nothing);
    }

    #[test]
    fn lines_without_an_intent_are_found() {
        for (text, expect) in [
            ("file\tintent\na.wav\n", "line 2: it names no intent"),
            ("a\tX\na\tY\n", "line 2: `a` is there twice"),
        ] {
            let error = parse(text, "e").unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
    }
}
