//! What was measured, with what it was measured by: the JSON of `hark eval`.

use hark_eval::report::Summary;
use serde::Serialize;

use crate::cli;
use crate::eval::{Failed, Measured, Plan, Weights};

/// The form of the JSON; another number where a key changes its meaning or goes.
const SCHEMA: &str = "hark.eval/1";

/// An evaluation.
#[derive(Debug, Serialize)]
pub struct Document {
    /// The form.
    pub schema: &'static str,
    /// The command line that measures the same.
    pub command: String,
    /// Hark's version.
    pub version: &'static str,
    /// Where it was measured.
    pub machine: Machine,
    /// For all that was drawn by lot.
    pub seed: u64,
    /// How long it took.
    pub seconds: f64,
    /// Whether it was ended before all clips were heard.
    pub interrupted: bool,
    /// What else a reader should know.
    pub remarks: Vec<String>,
    /// What heard.
    pub subjects: Vec<Evaluated>,
    /// Clips that could not be read or heard; they are in no figure.
    pub failed: Vec<Failed>,
}

/// A subject and its figures.
#[derive(Debug, Serialize)]
pub struct Evaluated {
    /// Its name.
    pub name: String,
    /// Its weights; none of another recogniser.
    pub weights: Option<Weights>,
    /// How it computes.
    pub settings: String,
    /// The figures.
    pub summary: Summary,
}

/// A machine.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Its processor.
    pub processor: String,
    /// Its cores, as far as this process may use them.
    pub cores: usize,
    /// Its architecture and system.
    pub platform: String,
}

impl Document {
    /// Of what was measured.
    pub fn of(args: &cli::Eval, plan: &Plan, measured: &Measured) -> Self {
        let summaries = measured.summaries(args.seed);
        let subjects = measured.subjects.iter().zip(summaries);
        let evaluated = subjects.map(|((subject, _), summary)| Evaluated {
            name: subject.name.clone(),
            weights: subject.weights.clone(),
            settings: subject.settings.clone(),
            summary,
        });
        Self {
            schema: SCHEMA,
            command: command_line(std::env::args()),
            version: env!("CARGO_PKG_VERSION"),
            machine: Machine::this(),
            seed: args.seed,
            seconds: measured.seconds,
            interrupted: measured.interrupted,
            remarks: plan.remarks.clone(),
            subjects: evaluated.collect(),
            failed: measured.failed.clone(),
        }
    }
}

impl Machine {
    fn this() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let processor = info.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "model name").then(|| value.trim().to_owned())
        });
        let platform = format!("{} {}", std::env::consts::ARCH, std::env::consts::OS);
        Self {
            processor: processor.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            platform,
        }
    }
}

/// A command line as a shell takes it; the program without its folder.
fn command_line(args: impl Iterator<Item = String>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:%+@".contains(c);
    let word = |(i, word): (usize, String)| match i {
        0 => "hark".to_owned(),
        _ if !word.is_empty() && word.chars().all(plain) => word,
        _ => format!("'{}'", word.replace('\'', "'\\''")),
    };
    args.enumerate().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_can_be_typed_again() {
        let args = [
            "/usr/bin/hark",
            "eval",
            "my clips",
            "--snr",
            "20,10",
            "it's",
            "",
        ];
        let line = command_line(args.into_iter().map(str::to_owned));
        assert_eq!(line, r"hark eval 'my clips' --snr 20,10 'it'\''s' ''");
        let machine = Machine::this();
        assert!(machine.cores > 0 && !machine.processor.is_empty());
    }
}
