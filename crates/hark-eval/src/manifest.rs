//! Which clips there are and what is said in them: a table with a header, or JSON lines.
//!
//! A table has tab-separated columns, `file` first of all; `language`, `text`, `voice`
//! and `noise_db` are known, others are passed over. A line of JSON has `audio` (or
//! NeMo's `audio_filepath`), `text`, `language`, `voice`, `noise_db`.

use std::collections::HashSet;

use hark_core::Language;
use serde::Deserialize;

use crate::Error;

/// A clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    /// Its line, from 1; the header of a table is line 0.
    pub line: usize,
    /// Its file, as the manifest names it: mostly beside the manifest.
    pub file: String,
    /// What is said in it.
    pub said: Said,
    /// In which language; none where the manifest says none, or `xx`.
    pub language: Option<Language>,
    /// Who speaks; may be empty.
    pub voice: String,
    /// The noise that is in it already, like `10 dB`; may be empty.
    pub noise: String,
}

/// What is said in a clip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// These words.
    Words(String),
    /// Nothing: whatever is heard was invented.
    Nothing,
    /// Nobody wrote it down.
    Unknown,
}

/// Reads a manifest; `file` is what errors call it. An empty text means that nobody wrote
/// down what is said; with `empty_is_silence`, and where it is `-`, that nothing is.
///
/// # Errors
/// [`Error::Line`] and [`Error::Table`] say what is wrong where.
pub fn parse(text: &str, file: &str, empty_is_silence: bool) -> Result<Vec<Clip>, Error> {
    let rows = match text.trim_start().starts_with('{') {
        true => json_rows(text, file)?,
        false => table_rows(text, file)?,
    };
    let mut seen = HashSet::new();
    let mut clips = Vec::with_capacity(rows.len());
    for (line, at, row) in rows {
        if row.audio.is_empty() {
            return Err(Error::line(file, at, "no file is named"));
        }
        if !seen.insert(row.audio.clone()) {
            let what = format!("`{}` is there twice", row.audio);
            return Err(Error::line(file, at, what));
        }
        clips.push(Clip {
            line,
            said: said(&row.text, empty_is_silence),
            language: language(&row.language).map_err(|what| Error::line(file, at, what))?,
            file: row.audio,
            voice: row.voice,
            noise: row.noise_db.label(),
        });
    }
    if clips.is_empty() {
        return Err(Error::table(file, "it names no clips"));
    }
    Ok(clips)
}

/// What a text in a manifest, or beside a clip, says.
pub fn said(text: &str, empty_is_silence: bool) -> Said {
    match text.trim() {
        "-" => Said::Nothing,
        "" if empty_is_silence => Said::Nothing,
        "" => Said::Unknown,
        words => Said::Words(words.to_owned()),
    }
}

/// A recogniser's own transcripts: file and text, tab-separated. A header `file` is
/// passed over; further columns are, too.
///
/// # Errors
/// [`Error::Line`] where a line has no text, or a file is there twice.
pub fn transcripts(text: &str, file: &str) -> Result<Vec<(String, String)>, Error> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let (mut file_at, mut text_at) = (0, 1);
    for (i, line) in text.lines().enumerate() {
        let cells: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
        if i == 0 && cells[0] == "file" {
            let at = |name| cells.iter().position(|cell| *cell == name);
            (file_at, text_at) = (0, at("text").unwrap_or(1));
            continue;
        }
        if line.trim().is_empty() {
            continue;
        }
        let (Some(audio), Some(heard)) = (cells.get(file_at), cells.get(text_at)) else {
            let what = "give the file, a tab, and the text";
            return Err(Error::line(file, i + 1, what));
        };
        if !seen.insert((*audio).to_owned()) {
            let what = format!("`{audio}` is there twice");
            return Err(Error::line(file, i + 1, what));
        }
        found.push(((*audio).to_owned(), heard.trim().to_owned()));
    }
    Ok(found)
}

/// What a manifest says of a clip.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(alias = "audio_filepath", alias = "file")]
    audio: String,
    text: String,
    #[serde(alias = "lang")]
    language: String,
    #[serde(alias = "speaker")]
    voice: String,
    #[serde(alias = "snr_db")]
    noise_db: Decibels,
}

/// How loud the speech is beside the noise, as a number or as text.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Decibels {
    #[default]
    None,
    Number(f64),
    Text(String),
}

impl Decibels {
    fn label(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Number(db) => format!("{db} dB"),
            Self::Text(text) if text.parse::<f64>().is_ok() => format!("{text} dB"),
            Self::Text(text) => text.clone(),
        }
    }
}

/// The number of the clip, the line in the file (from 1), and what is there.
fn json_rows(text: &str, file: &str) -> Result<Vec<(usize, usize, Row)>, Error> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, (i, line)): (usize, (usize, &str))| {
        let row = serde_json::from_str(line);
        let row = row.map_err(|error| Error::line(file, i + 1, error.to_string()))?;
        Ok((number + 1, i + 1, row))
    };
    lines.enumerate().map(row).collect()
}

fn table_rows(text: &str, file: &str) -> Result<Vec<(usize, usize, Row)>, Error> {
    let mut lines = text.lines().enumerate();
    let header = lines.next().map_or("", |(_, header)| header);
    let header = header.trim_start_matches('\u{feff}').trim_end();
    let names: Vec<&str> = header.split('\t').collect();
    let at = |name: &str| names.iter().position(|n| *n == name);
    let Some(audio) = at("file").or(at("audio")) else {
        let what = "its first line names no column `file`; give a line with the columns' names, \
                    tab-separated: file, language, text";
        return Err(Error::table(file, what));
    };
    let (text, language) = (at("text"), at("language"));
    let (voice, noise) = (at("voice").or(at("speaker")), at("noise_db"));
    let mut rows = Vec::new();
    for (i, line) in lines {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.trim_end_matches('\r').split('\t').collect();
        let cell = |at: Option<usize>| {
            let cell = at.and_then(|at| cells.get(at)).map(|cell| cell.trim());
            cell.unwrap_or_default().to_owned()
        };
        let noise = cell(noise);
        let row = Row {
            audio: cell(Some(audio)),
            text: cell(text),
            language: cell(language),
            voice: cell(voice),
            noise_db: match noise.is_empty() {
                true => Decibels::None,
                false => Decibels::Text(noise),
            },
        };
        rows.push((i, i + 1, row));
    }
    Ok(rows)
}

fn language(tag: &str) -> Result<Option<Language>, String> {
    match tag {
        "" | "xx" | "und" | "zxx" => Ok(None),
        tag => Language::parse(tag).map(Some).map_err(|e| e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_and_json_lines_say_the_same() {
        let table = "file\tlanguage\ttext\tsource\tvoice\tnoise_db\n\
                     a.wav\tde\tLicht an\tx\tJan\t10\n\
                     b.wav\txx\t-\tx\t\t\n\
                     c.wav\ten\t\tx\n";
        let json = r#"{"audio_filepath": "a.wav", "duration": 1.5, "text": "Licht an", "language": "de", "voice": "Jan", "noise_db": 10}

{"audio": "b.wav", "text": "-"}
{"file": "c.wav", "lang": "en"}
"#;
        let clips = parse(table, "m.tsv", false).unwrap();
        assert_eq!(clips, parse(json, "m.jsonl", false).unwrap());
        let said: Vec<_> = clips.iter().map(|c| c.said.clone()).collect();
        let words = Said::Words("Licht an".to_owned());
        assert_eq!(said, [words, Said::Nothing, Said::Unknown]);
        assert_eq!(clips[0].noise, "10 dB");
        assert_eq!(clips[0].voice, "Jan");
        assert_eq!(clips[1].language, None);
        let silent = parse(table, "m.tsv", true).unwrap();
        assert_eq!(silent[2].said, Said::Nothing);
    }

    #[test]
    fn lines_are_counted_after_the_header() {
        let clips = parse("file\ttext\na\tx\n\nb\ty\n", "m", false).unwrap();
        let lines: Vec<_> = clips.iter().map(|c| c.line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expect) in [
            ("", "no column `file`"),
            ("file\ttext\n", "names no clips"),
            ("name\ttext\na\tb\n", "no column `file`"),
            ("file\ttext\na\tb\na\tc\n", "line 3: `a` is there twice"),
            ("file\tlanguage\na\tgerman\n", "line 2: `german` is not"),
            ("file\ttext\n\tb\n", "line 2: no file"),
            ("{\"audio\": \"a\"}\n{oops\n", "line 2: key must be"),
            ("{\"text\": \"a\"}\n", "line 1: no file"),
        ] {
            let error = parse(text, "m", false).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
    }

    #[test]
    fn transcripts_of_another_engine() {
        let heard = transcripts("file\tlanguage\ttext\na\tde\tx y \nb\ten\t\n", "t").unwrap();
        let expect = [("a", "x y"), ("b", "")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(heard, expect);
        assert_eq!(transcripts("a\tx y\nb\t\n", "t").unwrap().len(), 2);
        let error = transcripts("a\n", "t").unwrap_err().to_string();
        assert!(error.contains("line 1"), "{error}");
        let error = transcripts("a\tx\na\ty\n", "t").unwrap_err().to_string();
        assert!(error.contains("twice"), "{error}");
    }
}
