//! `hark intents`: sentences, and how well they are understood.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hark_core::Language;

/// `hark intents`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct Intents {
    /// What about them.
    #[command(subcommand)]
    pub what: IntentsCommand,
}

const EXAMPLES: &str = "\
Examples:
  hark intents test intents/corpus           how many sentences are understood rightly
  hark intents check ~/sentences             is every file right? if not: file and line
  hark intents list --language de            what can be said, by intent
  hark intents sample --count 20 --seed 7    sentences that the templates make

None of them needs a Hark that runs.";

/// What about sentences.
#[derive(Debug, Clone, Subcommand)]
pub enum IntentsCommand {
    /// Judge corpora: sentences, each with what it must mean
    Test(TestIntents),
    /// Check a folder of sentences, and say what is wrong with it
    Check(CheckIntents),
    /// List the intents, with their slots and how many templates they have
    List(ListIntents),
    /// Make sentences of the templates
    Sample(SampleIntents),
}

/// `hark intents test`.
#[derive(Debug, Clone, Args)]
pub struct TestIntents {
    /// Corpus files, or folders of them
    #[arg(value_name = "PATH", default_value = "intents/corpus")]
    pub paths: Vec<PathBuf>,
    /// The sentences that are judged [default: those that come with Hark]
    #[arg(long, value_name = "DIR")]
    pub sentences: Option<PathBuf>,
    /// Take no word for another one
    #[arg(long)]
    pub exact: bool,
    /// Print one JSON object for each file
    #[arg(long)]
    pub json: bool,
}

/// `hark intents check`.
#[derive(Debug, Clone, Args)]
pub struct CheckIntents {
    /// The folder: one folder a language, or as Home Assistant's collections are laid out
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The home whose names are used [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub home: Option<PathBuf>,
}

/// `hark intents list`.
#[derive(Debug, Clone, Args)]
pub struct ListIntents {
    /// The language
    #[arg(long, value_name = "TAG", value_parser = Language::parse, default_value = "en")]
    pub language: Language,
    /// The sentences [default: those that come with Hark]
    #[arg(long, value_name = "DIR")]
    pub sentences: Option<PathBuf>,
    /// Print one JSON object an intent
    #[arg(long)]
    pub json: bool,
}

/// `hark intents sample`.
#[derive(Debug, Clone, Args)]
pub struct SampleIntents {
    /// Only this intent
    #[arg(long, value_name = "INTENT")]
    pub intent: Option<String>,
    /// How many sentences: at most 100000
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// The same seed makes the same sentences
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// The language
    #[arg(long, value_name = "TAG", value_parser = Language::parse, default_value = "en")]
    pub language: Language,
    /// The sentences [default: those that come with Hark]
    #[arg(long, value_name = "DIR")]
    pub sentences: Option<PathBuf>,
    /// The home whose names are used [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub home: Option<PathBuf>,
    /// Print one JSON object a sentence
    #[arg(long)]
    pub json: bool,
}
