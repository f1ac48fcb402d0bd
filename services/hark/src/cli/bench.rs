//! `hark bench`.

use clap::Args;

/// `hark bench`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct Bench {
    /// A Whisper model: a name, folder or file; may be given again, to compare
    /// [default: auto, the best that is there and that this machine bears]
    #[arg(long, value_name = "NAME|DIR|FILE")]
    pub model: Vec<String>,
    /// How long to measure
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub seconds: u64,
    /// How many commands a room gives in its busiest hour
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub commands_per_hour: u32,
    /// How long 95 of 100 commands may wait for the engine, in milliseconds
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u64).range(0..=60_000))]
    pub wait_ms: u64,
    /// Print one JSON object for each model
    #[arg(long)]
    pub json: bool,
}

const EXAMPLES: &str = "\
Examples:
  hark bench                                 the model that comes with Hark
  hark bench --model ~/models/base --model ~/models/small --seconds 60
  hark bench --json | jq .rooms

It hears clips of 1, 2, 3 and 5 s again and again, models and lengths by turns, so that
whatever else the machine does falls on all of them. Of each it says the median and how far
the middle half of the runs lies around it. Rooms: commands of 3 s that come at random, one
engine, one after the other (M/D/1); the busiest hour of every room at the same time.";
