//! `hark doctor`.

use clap::Args;

use super::Settings;

/// `hark doctor`.
#[derive(Debug, Clone, Default, Args)]
#[command(after_help = EXAMPLES)]
pub struct Doctor {
    /// The settings that are looked at: those that `hark up` would use
    #[command(flatten)]
    pub settings: Settings,
    /// Print one JSON object for each finding: check, level, what, fix
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "\
Examples:
  hark doctor                                what `hark up` would meet on this machine
  hark doctor --config hark.toml --json | jq 'select(.level != \"ok\")'

It changes nothing, needs no Hark that runs, and says more where one does.

Exit status: 0 nothing is wrong (there may be warnings), 1 something is.";
