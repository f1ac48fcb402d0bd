//! `hark model list`.

use std::path::Path;

use hark_inference::models::{Present, same_name};
use hark_models::Known;
use serde_json::{Value, json};

use super::{library, sources};
use crate::cli::model::ListModels;
use crate::exit::Verdict;
use crate::show;
use crate::show::style;

pub(super) fn run(args: &ListModels) -> anyhow::Result<Verdict> {
    let present = library(&args.place).present();
    let known = sources(&args.known)?.models;
    let absent: Vec<&Known> = known
        .iter()
        .filter(|k| !present.iter().any(|p| same_name(&p.name, &k.name)))
        .collect();
    if args.json {
        for model in &present {
            show::json_line(&object(model))?;
        }
        for model in absent {
            show::json_line(&pullable(model))?;
        }
        return Ok(Verdict::Done);
    }
    let mut rows: Vec<[String; 5]> = present.iter().map(row).collect();
    rows.extend(absent.into_iter().map(pullable_row));
    show::lines(&table(&rows))?;
    Ok(Verdict::Done)
}

fn object(model: &Present) -> Value {
    let mut object = json!({
        "name": model.name,
        "present": true,
        "path": model.path,
        "bytes": size(&model.path),
    });
    match &model.card {
        Ok(card) => {
            object["languages"] = json!(card.languages);
            object["licence"] = json!(card.licence);
            object["source"] = json!(card.source);
            object["purpose"] = json!(card.purpose);
            object["limits"] = json!(card.limits);
        }
        Err(error) => object["wrong"] = json!(error.to_string()),
    }
    object
}

fn pullable(model: &Known) -> Value {
    let sources: Vec<_> = model.sources.iter().map(|s| s.about()).collect();
    json!({
        "name": model.name,
        "present": false,
        "bytes": model.bytes(),
        "pinned": model.is_pinned(),
        "licence": model.licence,
        "purpose": model.about,
        "sources": sources,
    })
}

fn row(model: &Present) -> [String; 5] {
    let name = model.name.clone();
    let bytes = show::model::bytes(size(&model.path));
    match &model.card {
        Ok(card) => {
            let languages: Vec<_> = card.languages.iter().map(|l| l.as_str()).collect();
            let languages = match languages.is_empty() {
                true => "all".to_owned(),
                false => languages.join(" "),
            };
            let about = match card.purpose.is_empty() {
                true => model.path.display().to_string(),
                false => card.purpose.clone(),
            };
            [name, bytes, languages, card.licence.clone(), about]
        }
        Err(error) => [name, bytes, String::new(), String::new(), error.to_string()],
    }
}

fn pullable_row(model: &Known) -> [String; 5] {
    let (dim, plain) = (style::DIM, style::DIM.render_reset());
    let how = match model.is_pinned() {
        true => format!("hark model pull {}", short(&model.name)),
        false => "can be pulled, with its SHA-256: docs/models.md".to_owned(),
    };
    let bytes = match model.is_pinned() {
        true => show::model::bytes(model.bytes()),
        false => format!("≤ {}", show::model::bytes(model.bytes())),
    };
    [
        model.name.clone(),
        bytes,
        String::new(),
        model.licence.clone(),
        format!("{dim}{how}{plain}"),
    ]
}

fn short(name: &str) -> &str {
    hark_inference::models::short(name)
}

fn table(rows: &[[String; 5]]) -> String {
    let head = ["model", "size", "languages", "licence", "what"].map(str::to_owned);
    let all: Vec<&[String; 5]> = std::iter::once(&head).chain(rows).collect();
    let width = |at: usize| all.iter().map(|r| r[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..4).map(width).collect();
    let line = |row: &&[String; 5]| {
        let [name, bytes, languages, licence, what] = row;
        format!(
            "{name:<0$}  {bytes:>1$}  {languages:<2$}  {licence:<3$}  {what}",
            widths[0], widths[1], widths[2], widths[3]
        )
    };
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Bytes of the files in a folder.
fn size(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let lengths = files.filter_map(|entry| Some(entry.metadata().ok()?.len()));
    lengths.sum()
}
