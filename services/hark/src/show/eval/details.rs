//! Each clip that was heard, as tab-separated values.

use std::fmt::Write as _;

use hark_eval::manifest::Said;
use hark_eval::report::Record;

use crate::eval::Measured;

const HEADER: &str = "subject\tfile\tlanguage\tvoice\tnoise\tseconds\tsaid\theard\texact\twords\t\
                      substitutions\tdeletions\tinsertions\tintent\tdetected\n";

/// All clips, subject by subject.
pub fn details(measured: &Measured) -> String {
    let mut table = HEADER.to_owned();
    for (subject, records) in &measured.subjects {
        for record in records {
            let _ = writeln!(table, "{}", row(&subject.name, record).join("\t"));
        }
    }
    table
}

fn row(subject: &str, record: &Record) -> Vec<String> {
    let said = match &record.said {
        Said::Words(words) => words.clone(),
        Said::Nothing => "-".to_owned(),
        Said::Unknown => String::new(),
    };
    let of_score = |part: fn(&hark_eval::score::Score) -> String| {
        record.score.as_ref().map_or_else(String::new, part)
    };
    let intent = record.judgement.map(|judgement| {
        let name = serde_json::to_value(judgement).ok();
        name.and_then(|n| n.as_str().map(str::to_owned))
    });
    let cells = [
        subject.to_owned(),
        record.file.clone(),
        record.language.clone(),
        record.voice.clone(),
        record.noise.clone(),
        format!("{:.3}", record.seconds),
        said,
        record.heard.clone(),
        of_score(|s| u8::from(s.exact).to_string()),
        of_score(|s| s.words.reference().to_string()),
        of_score(|s| s.words.substitutions.to_string()),
        of_score(|s| s.words.deletions.to_string()),
        of_score(|s| s.words.insertions.to_string()),
        intent.flatten().unwrap_or_default(),
        record
            .detected
            .as_ref()
            .map_or_else(String::new, |d| d.0.clone()),
    ];
    cells
        .map(|cell| cell.replace(['\t', '\n', '\r'], " "))
        .to_vec()
}
