//! `hark eval`: how well models hear.

use std::path::Path;

use anyhow::Context as _;
use hark_core::engine::Cancel;

use crate::cli;
use crate::eval::{Measured, Plan, Subject};
use crate::exit::Verdict;
use crate::show::eval::{Document, details, markdown, text};
use crate::show::progress::Progress;
use crate::show::{self, style};

/// Hears every clip with every model, and shows the rates; what was measured so far where
/// it is interrupted.
///
/// # Errors
/// If there are no clips, a model can't be loaded, or a report can't be written.
pub async fn run(args: &cli::Eval) -> anyhow::Result<Verdict> {
    let cancel = Cancel::default();
    let work = {
        let (args, cancel) = (args.clone(), cancel.clone());
        tokio::task::spawn_blocking(move || measure(&args, &cancel))
    };
    tokio::pin!(work);
    let (plan, measured) = tokio::select! {
        measured = &mut work => measured??,
        _ = tokio::signal::ctrl_c() => {
            cancel.cancel();
            work.await??
        }
    };
    report(args, &plan, &measured)
}

fn measure(args: &cli::Eval, cancel: &Cancel) -> anyhow::Result<(Plan, Measured)> {
    let plan = Plan::new(args)?;
    let loading = Progress::start("loading");
    let subjects = Subject::all(args, &|model| loading.say(format!("loading {model}")))?;
    drop(loading);
    let progress = Progress::steps(plan.steps(&subjects));
    let measured = plan.measure(subjects, &|clip| progress.step(clip), cancel);
    drop(progress);
    Ok((plan, measured))
}

fn report(args: &cli::Eval, plan: &Plan, measured: &Measured) -> anyhow::Result<Verdict> {
    let document = Document::of(args, plan, measured);
    if let Some(path) = &args.output.details {
        write(path, &details(measured))?;
    }
    if let Some(path) = &args.output.markdown {
        write(path, &markdown(&document))?;
    }
    match args.output.json {
        true => show::json_line(&document)?,
        false => show::lines(text(&document).trim_end())?,
    }
    Ok(verdict(args, &document))
}

/// Writes a report as a whole: a report that was there stays until the new one is.
fn write(path: &Path, content: &str) -> anyhow::Result<()> {
    let context = || path.display().to_string();
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
    std::io::Write::write_all(&mut file, content.as_bytes()).with_context(context)?;
    file.persist(path).with_context(context)?;
    Ok(())
}

fn verdict(args: &cli::Eval, document: &Document) -> Verdict {
    let red = style::ERROR;
    let mut verdict = Verdict::Done;
    for subject in &document.subjects {
        let all = &subject.summary.all;
        let below = args.output.fail_below.iter().filter_map(|t| t.below(all));
        let above = args.output.fail_above.iter().filter_map(|t| t.above(all));
        for wrong in below.chain(above) {
            verdict = verdict.max(Verdict::Refused);
            let name = &subject.name;
            show::remark(&format!("{red}not good enough:{red:#} {name}: {wrong}"));
        }
    }
    for failed in &document.failed {
        verdict = verdict.max(Verdict::NotUnderstood);
        let by = failed.subject.as_ref().map(|s| format!(" ({s})"));
        let by = by.unwrap_or_default();
        let (file, why) = (&failed.file, &failed.why);
        show::remark(&format!("{red}not heard:{red:#} {file}{by}: {why}"));
    }
    if document.interrupted {
        show::remark(&format!("{red}interrupted:{red:#} some clips are missing"));
        verdict = verdict.max(Verdict::Failed);
    }
    verdict
}
