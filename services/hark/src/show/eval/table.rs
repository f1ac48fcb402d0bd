//! Figures as a table: a row for each subject, and only the columns that hold something.

use std::fmt::Write as _;

use hark_eval::bootstrap::Interval;
use hark_eval::report::{Figures, Silence};

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Row by row, the header first; all rows have as many cells.
    rows: Vec<Vec<String>>,
}

/// A column.
struct Column {
    title: &'static str,
    /// What is in it; empty where it was not measured.
    cell: fn(&Figures) -> String,
}

const COLUMNS: [Column; 9] = [
    column("clips", |f| f.clips.to_string()),
    column("exact", exact),
    column("word errors", |f| rate(f.wer, f.wer_interval)),
    column("s/d/i", edits),
    column("letters", |f| rate(f.cer, None)),
    column("intents right", intents),
    column("language", languages),
    column("invented", |f| {
        f.silence.as_ref().map_or_else(String::new, invented)
    }),
    column("of real time", |f| match f.real_time_factor {
        Some(factor) => format!("{factor:.3}"),
        None => String::new(),
    }),
];

const fn column(title: &'static str, cell: fn(&Figures) -> String) -> Column {
    Column { title, cell }
}

impl Table {
    /// Of figures by name.
    pub fn of(figures: &[(&str, &Figures)]) -> Self {
        let mut header = vec![String::new()];
        let mut rows: Vec<Vec<String>> = figures
            .iter()
            .map(|(name, _)| vec![(*name).to_owned()])
            .collect();
        for Column { title, cell } in COLUMNS {
            let cells: Vec<String> = figures.iter().map(|(_, f)| cell(f)).collect();
            if cells.iter().all(String::is_empty) {
                continue;
            }
            header.push(title.to_owned());
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.push(cell);
            }
        }
        rows.insert(0, header);
        Self { rows }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut widths = vec![0; self.rows[0].len()];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.chars().count().max(*width);
            }
        }
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let _ = write!(line, "  {cell:<width$}");
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// As a table in Markdown.
    pub fn markdown(&self) -> String {
        let line = |row: &Vec<String>| {
            let cells = row.iter().map(|cell| cell.replace('|', "\\|"));
            format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
        };
        let ruler = vec!["---".to_owned(); self.rows[0].len()];
        let body: String = self.rows[1..].iter().map(line).collect();
        format!("{}{}{body}", line(&self.rows[0]), line(&ruler))
    }
}

fn percent(rate: f64) -> String {
    format!("{:.1}", rate * 100.0)
}

fn rate(rate: Option<f64>, interval: Option<Interval>) -> String {
    let Some(rate) = rate else {
        return String::new();
    };
    let interval = interval.map(|i| format!(" ({}–{})", percent(i.low), percent(i.high)));
    format!("{} %{}", percent(rate), interval.unwrap_or_default())
}

/// With few clips, one clip is one clip: the count is what matters.
fn exact(figures: &Figures) -> String {
    let Some(share) = figures.exact_rate else {
        return String::new();
    };
    let (exact, of) = (figures.exact, figures.sentences);
    match figures.exact_interval {
        Some(_) => format!(
            "{exact} of {of}, {}",
            rate(Some(share), figures.exact_interval)
        ),
        None => format!("{exact} of {of}"),
    }
}

fn edits(figures: &Figures) -> String {
    if figures.wer.is_none() {
        return String::new();
    }
    let words = &figures.words;
    let edits = format!(
        "{}/{}/{}",
        words.substitutions, words.deletions, words.insertions
    );
    match figures.repetitions {
        0 => edits,
        circles => format!("{edits}, {circles} in circles"),
    }
}

fn intents(figures: &Figures) -> String {
    let Some(intents) = figures.intents else {
        return String::new();
    };
    let wrong = [
        (intents.wrong_target, "wrong target"),
        (intents.wrong_intent, "wrong intent"),
        (intents.nothing, "nothing"),
        (intents.invented, "invented"),
    ];
    let wrong: Vec<_> = wrong
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let right = format!("{} of {}", intents.right, intents.of);
    match wrong.is_empty() {
        true => right,
        false => format!("{right} ({})", wrong.join(", ")),
    }
}

fn languages(figures: &Figures) -> String {
    let share = figures.languages;
    share.map_or_else(String::new, |l| format!("{} of {}", l.right, l.of))
}

fn invented(silence: &Silence) -> String {
    let Silence {
        words,
        with_words,
        clips,
        minutes,
        ..
    } = silence;
    format!("{words} words in {minutes:.1} min ({with_words} of {clips} clips)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        Figures {
            clips: 3,
            sentences: 2,
            exact: 1,
            exact_rate: Some(0.5),
            wer: Some(0.1234),
            wer_interval: Some(Interval {
                low: 0.1,
                high: 0.2,
            }),
            cer: Some(0.05),
            ..Figures::default()
        }
    }

    #[test]
    fn only_what_was_measured_has_a_column() {
        let (one, other) = (figures(), Figures::default());
        let table = Table::of(&[("base", &one), ("home", &other)]);
        let expect = "        clips  exact   word errors         s/d/i  letters\n  \
                      base  3      1 of 2  12.3 % (10.0–20.0)  0/0/0  5.0 %\n  \
                      home  0\n";
        assert_eq!(table.text(), expect);
        let markdown = table.markdown();
        assert!(markdown.starts_with("|  | clips | exact |"), "{markdown}");
        assert!(markdown.contains("\n| base | 3 | 1 of 2 |"), "{markdown}");
        assert_eq!(markdown.lines().count(), 4);
    }
}
