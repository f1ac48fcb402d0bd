//! `hark doctor`: what is wrong with this machine, and what to do about it.

use hark_runtime::clock::SystemClock;

use crate::cli;
use crate::doctor::{self, Level};
use crate::exit::Verdict;
use crate::show;
use crate::show::findings::{FindingJson, summary, text};

/// Looks at everything; a thing that is wrong is a failure.
///
/// # Errors
/// If stdout is gone.
pub async fn run(args: cli::Doctor) -> anyhow::Result<Verdict> {
    let findings = doctor::examine(&args.settings, &SystemClock::new()).await;
    for finding in &findings {
        match args.json {
            true => show::json_line(&FindingJson::from(finding))?,
            false => show::lines(&text(finding))?,
        }
    }
    if !args.json {
        show::lines(&summary(&findings))?;
    }
    let worst = findings.iter().map(|f| f.level).max();
    Ok(match worst {
        Some(Level::Fail) => Verdict::Failed,
        _ => Verdict::Done,
    })
}
