//! What `hark eval` measured: for people, for programs, as Markdown, and clip by clip.

mod details;
mod document;
mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use hark_eval::report::{Confusion, Figures, Summary};

pub use details::details;
pub use document::Document;
use document::Evaluated;
use table::Table;

use super::style;

/// So many confusions are shown to people; JSON has more.
const CONFUSIONS: usize = 10;

/// The figures for people.
pub fn text(document: &Document) -> String {
    let (strong, dim) = (style::STRONG, style::DIM);
    let mut text = String::new();
    for subject in &document.subjects {
        let about = about(subject);
        let _ = writeln!(
            text,
            "{strong}{}{strong:#}  {dim}{about}{dim:#}",
            subject.name
        );
    }
    for (title, table) in tables(document) {
        let _ = writeln!(text, "\n{strong}{title}{strong:#}");
        text.push_str(&table.text());
    }
    for subject in &document.subjects {
        let (confusions, inventions) = (confusions(subject), inventions(subject));
        for (title, lines) in [("most confused", confusions), ("invented", inventions)] {
            if !lines.is_empty() {
                let _ = writeln!(text, "\n{strong}{title} by {}{strong:#}", subject.name);
                let _ = writeln!(text, "  {}", lines.join("\n  "));
            }
        }
    }
    let _ = writeln!(text, "\n{dim}{}{dim:#}", remarks(document).join("\n"));
    text
}

/// The figures as a page in Markdown, with what is needed to measure them again.
pub fn markdown(document: &Document) -> String {
    let mut page = format!(
        "# Evaluation\n\n```console\n$ {}\n```\n\n",
        document.command
    );
    for subject in &document.subjects {
        let _ = writeln!(page, "- **{}**: {}", subject.name, about(subject));
    }
    for remark in remarks(document) {
        let _ = writeln!(page, "- {remark}");
    }
    for (title, table) in tables(document) {
        let _ = writeln!(page, "\n## {title}\n\n{}", table.markdown());
    }
    for subject in &document.subjects {
        let (confusions, inventions) = (confusions(subject), inventions(subject));
        for (title, lines) in [("Most confused", confusions), ("Invented", inventions)] {
            if !lines.is_empty() {
                let list = lines.join("\n- ");
                let _ = writeln!(page, "\n## {title} by {}\n\n- {list}", subject.name);
            }
        }
    }
    if !document.failed.is_empty() {
        page.push_str("\n## Not heard\n\n");
        for failed in &document.failed {
            let by = failed.subject.as_deref().unwrap_or("nobody could");
            let _ = writeln!(page, "- `{}` ({by}): {}", failed.file, failed.why);
        }
    }
    page
}

/// What a subject is, in a line.
fn about(subject: &Evaluated) -> String {
    let weights = subject.weights.as_ref().map(|w| {
        let (file, bytes, digest) = (&w.file, w.bytes, &w.sha256);
        format!(", {file} ({bytes} bytes, sha256 {digest})")
    });
    subject.settings.clone() + &weights.unwrap_or_default()
}

fn tables(document: &Document) -> Vec<(String, Table)> {
    let of = |name: &str| -> Vec<_> {
        let subjects = document.subjects.iter();
        let figures = subjects.filter_map(|subject| {
            let figures = group(&subject.summary, name)?;
            Some((&*subject.name, figures))
        });
        figures.collect()
    };
    let mut names = vec!["all".to_owned()];
    for kind in 0..4 {
        let mut found = Vec::new();
        for subject in &document.subjects {
            let (kind, figures) = groups(&subject.summary)[kind];
            let titles = figures.keys().map(|name| format!("{kind} {name}"));
            found.extend(titles);
        }
        found.sort_unstable();
        found.dedup();
        // One group of a kind is all over again.
        if found.len() > 1 {
            names.extend(found);
        }
    }
    let table = |name: String| {
        let table = Table::of(&of(&name));
        (name, table)
    };
    names.into_iter().map(table).collect()
}

/// By what figures are broken down.
fn groups(summary: &Summary) -> [(&'static str, &BTreeMap<String, Figures>); 4] {
    [
        ("language", &summary.by_language),
        ("voice", &summary.by_voice),
        ("noise", &summary.by_noise),
        ("length", &summary.by_length),
    ]
}

fn group<'a>(summary: &'a Summary, title: &str) -> Option<&'a Figures> {
    if title == "all" {
        return Some(&summary.all);
    }
    let (kind, name) = title.split_once(' ')?;
    let mut groups = groups(summary).into_iter();
    let (_, figures) = groups.find(|(known, _)| *known == kind)?;
    figures.get(name)
}

fn confusions(subject: &Evaluated) -> Vec<String> {
    let line = |c: &Confusion| {
        let word = |word: &str| match word {
            "" => "(nothing)".to_owned(),
            word => word.to_owned(),
        };
        format!("{} → {}: {}", word(&c.said), word(&c.heard), c.times)
    };
    let confusions = subject.summary.confusions.iter().take(CONFUSIONS);
    confusions.map(line).collect()
}

fn inventions(subject: &Evaluated) -> Vec<String> {
    let inventions = subject.summary.inventions.iter();
    inventions
        .map(|i| format!("{}: {}", i.file, i.heard))
        .collect()
}

fn remarks(document: &Document) -> Vec<String> {
    let machine = &document.machine;
    let mut remarks = vec![
        format!(
            "hark {} on {} ({} cores), seed {}, {} s in all",
            document.version,
            machine.processor,
            machine.cores,
            document.seed,
            document.seconds.round(),
        ),
        "in brackets: where a rate lies with 95 % (bootstrap over clips); s/d/i: words \
         substituted, deleted, inserted"
            .to_owned(),
    ];
    remarks.extend(document.remarks.iter().cloned());
    if document.interrupted {
        remarks.push("interrupted: some clips are missing".to_owned());
    }
    remarks
}
