//! `hark model verify`.

use std::path::PathBuf;

use hark_whisper::Checkpoint;
use serde_json::{Value, json};

use super::library;
use crate::cli::model::Verify;
use crate::exit::Verdict;
use crate::show;
use crate::show::progress::Progress;
use crate::show::style;

pub(super) fn run(args: &Verify) -> anyhow::Result<Verdict> {
    let library = library(&args.place);
    let mut models: Vec<(String, PathBuf)> = Vec::new();
    for name in &args.models {
        models.push((name.clone(), library.resolve(name)?));
    }
    if args.models.is_empty() {
        models.extend(library.present().into_iter().map(|p| (p.name, p.path)));
    }
    anyhow::ensure!(!models.is_empty(), "no model is there (hark model list)");
    let mut verdict = Verdict::Done;
    for (name, path) in models {
        let checked = check(&name, &path);
        if checked.is_err() {
            verdict = Verdict::Failed;
        }
        match args.json {
            true => show::json_line(&object(&name, &path, &checked))?,
            false => show::lines(&line(&name, &checked))?,
        }
    }
    Ok(verdict)
}

/// What is known of a model that is whole.
struct Whole {
    layout: &'static str,
    formats: Vec<String>,
    parameters: usize,
    /// Whether its card says what its digest is.
    pinned: bool,
}

fn check(name: &str, path: &std::path::Path) -> Result<Whole, hark_whisper::Error> {
    let progress = Progress::start(format!("reading {name}"));
    let checkpoint = Checkpoint::open(path)?;
    checkpoint.check(|done, all| {
        progress.say(format!("looking at {name}: {} %", done * 100 / all.max(1)));
    })?;
    Ok(Whole {
        layout: checkpoint.layout().name(),
        formats: checkpoint.formats(),
        parameters: checkpoint.dimensions().parameters(),
        pinned: !checkpoint.card().sha256.is_empty(),
    })
}

fn object(
    name: &str,
    path: &std::path::Path,
    checked: &Result<Whole, hark_whisper::Error>,
) -> Value {
    match checked {
        Ok(whole) => json!({
            "name": name, "path": path, "whole": true, "layout": whole.layout,
            "formats": whole.formats, "parameters": whole.parameters,
            "as_its_card_says": whole.pinned.then_some(true),
        }),
        Err(error) => json!({
            "name": name, "path": path, "whole": false, "wrong": error.to_string(),
        }),
    }
}

fn line(name: &str, checked: &Result<Whole, hark_whisper::Error>) -> String {
    match checked {
        Ok(whole) => {
            let card = match whole.pinned {
                true => "as its card says",
                false => "no card says what its SHA-256 should be",
            };
            let millions = whole.parameters as f64 / 1e6;
            let formats = whole.formats.join(" + ");
            let layout = whole.layout;
            format!("ok    {name}: {layout}, {formats}, {millions:.1} M parameters; {card}")
        }
        Err(error) => {
            let red = style::ERROR;
            format!("{red}wrong{red:#} {name}: {error}")
        }
    }
}
