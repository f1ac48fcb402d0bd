//! `hark model pull`.

use anyhow::Context as _;
use hark_models::pip::Pip;
use hark_models::{Limits, Settings};
use serde_json::json;

use super::{Told, own, sources};
use crate::cli::model::Pull;
use crate::exit::Verdict;
use crate::show;

pub(super) async fn run(args: &Pull) -> anyhow::Result<Verdict> {
    let sources = sources(&args.known)?;
    let known = sources.find(&args.model)?;
    let settings = Settings {
        models: own(&args.place).context("no place for models: name one with --data-dir")?,
        pip: Pip::standard().context("pip's configuration")?,
        digests: args.sha256.clone(),
        force: args.force,
        limits: Limits::default(),
    };
    show::remark(&format!(
        "{}: {} Licence: {}.",
        known.name, known.about, known.licence
    ));
    let told = Told::start("asking where it is");
    let pulled = hark_models::pull(known, &settings, &told).await?;
    drop(told);
    let bytes = pulled.weights.bytes;
    if args.json {
        show::json_line(&json!({
            "name": known.name,
            "path": pulled.path,
            "bytes": bytes,
            "sha256": pulled.weights.sha256,
            "licence": known.licence,
            "source": pulled.source,
        }))?;
    } else {
        let (path, source) = (pulled.path.display(), &pulled.source);
        let bytes = show::model::bytes(bytes);
        let name = hark_inference::models::short(&known.name);
        show::lines(&format!(
            "{path}: {bytes}, from {source}\nuse it: hark up --model {name}"
        ))?;
    }
    Ok(Verdict::Done)
}
