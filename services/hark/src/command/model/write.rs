//! `hark model convert` and `quantize`.

use std::path::Path;

use hark_models::write::{self, Shape};
use hark_whisper::quant::Format;
use hark_whisper::{Checkpoint, Layout};
use serde_json::json;

use super::{Told, library};
use crate::cli::model::{Convert, FromTo, Quantize, To};
use crate::exit::Verdict;
use crate::show;

pub(super) fn convert(args: &Convert) -> anyhow::Result<Verdict> {
    let layout = match args.to {
        To::Ggml => Layout::Ggml,
        To::Safetensors => Layout::Safetensors,
    };
    run(&args.files, layout, args.precision.into())
}

pub(super) fn quantize(args: &Quantize) -> anyhow::Result<Verdict> {
    run(&args.files, Layout::Ggml, args.numbers.into())
}

fn run(files: &FromTo, layout: Layout, format: Format) -> anyhow::Result<Verdict> {
    let from = library(&files.place).resolve(&files.from)?;
    same(&from, &files.out)?;
    let told = Told::start(&format!("reading {}", files.from));
    let checkpoint = Checkpoint::open(&from)?;
    let shape = Shape { layout, format };
    let written = write::model(&checkpoint, shape, &files.out, files.force, &told)?;
    drop(told);
    if checkpoint.is_quantised() && matches!(format, Format::F16 | Format::F32) {
        let was = checkpoint.formats().join(" + ");
        show::remark(&format!(
            "note: {} is {was}; what that rounded away does not come back",
            files.from
        ));
    }
    let to = files.out.display().to_string();
    if files.json {
        show::json_line(&json!({
            "path": to, "file": written.file, "bytes": written.bytes, "sha256": written.sha256,
        }))?;
    } else {
        let bytes = show::model::bytes(written.bytes);
        show::lines(&format!("{to}: {bytes}, SHA-256 {}", written.sha256))?;
    }
    Ok(Verdict::Done)
}

/// Refuses to write a model over itself.
fn same(from: &Path, to: &Path) -> anyhow::Result<()> {
    let real = |path: &Path| path.canonicalize().ok();
    let inside = real(from).is_some_and(|f| {
        let to = real(to);
        to.is_some_and(|to| f == to || f.starts_with(&to))
    });
    anyhow::ensure!(!inside, "{} is what is read; write elsewhere", to.display());
    Ok(())
}
