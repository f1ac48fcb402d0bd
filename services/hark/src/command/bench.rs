//! `hark bench`: how fast this machine hears, and how many rooms it serves.

use std::time::Duration;

use anyhow::Context as _;
use hark_core::capacity::Demand;

use crate::bench::{Subject, measure, peak_memory};
use crate::cli;
use crate::exit::Verdict;
use crate::show;
use crate::show::bench::{ResultJson, text};
use crate::show::progress::Progress;

/// Measures each model.
///
/// # Errors
/// If a model can't be loaded.
pub fn run(args: &cli::Bench) -> anyhow::Result<Verdict> {
    let progress = Progress::start("loading");
    let auto = [hark_inference::AUTO.to_owned()];
    let models = match args.model.is_empty() {
        true => &auto[..],
        false => &args.model,
    };
    let mut subjects = Vec::new();
    for model in models {
        progress.say(format!("loading {model}"));
        let config = hark_inference::Config {
            model: model.clone(),
            ..hark_inference::Config::default()
        };
        let path = hark_inference::pick(&config)?.path;
        subjects.push(Subject::load(&path).with_context(|| model.clone())?);
    }
    let time = Duration::from_secs(args.seconds);
    let told = |round| progress.say(format!("hearing, round {}", round + 1));
    let measured = measure(&mut subjects, time, told)?;
    drop(progress);
    let demand = Demand {
        commands_per_hour: f64::from(args.commands_per_hour),
        longest_wait: Duration::from_millis(args.wait_ms),
    };
    let memory = peak_memory();
    for model in &measured {
        match args.json {
            true => show::json_line(&ResultJson::new(model, &demand, memory))?,
            false => show::lines(&text(model, &demand))?,
        }
    }
    if let (Some(bytes), false) = (memory, args.json) {
        show::lines(&format!(
            "memory of all this at its most: {} MiB",
            bytes >> 20
        ))?;
    }
    Ok(Verdict::Done)
}
