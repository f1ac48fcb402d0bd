//! `hark eval`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hark_core::Language;
use hark_eval::select::Lines;

use crate::eval::{Named, Threshold};

/// `hark eval`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct Eval {
    /// A manifest (TSV with a header, or JSON lines), or a folder with one, or one with
    /// recordings and a text file beside each
    #[arg(
        value_name = "DIR|MANIFEST",
        required_unless_present = "silence_minutes"
    )]
    pub input: Option<PathBuf>,
    /// A Whisper model: a folder or a file; may be given again, to compare
    /// [default: the one that comes with Hark, if there is no --from]
    #[arg(long, value_name = "DIR|FILE")]
    pub model: Vec<String>,
    /// What another recogniser heard, as TSV: file, text; may be given again
    #[arg(long, value_name = "[NAME=]FILE")]
    pub from: Vec<Named>,
    /// What models listen to
    #[arg(long, value_enum, default_value_t = Context::Card)]
    pub context: Context,
    /// Threads that compute [default: one for each core]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Which clips, and how they are changed
    #[command(flatten)]
    pub clips: Clips,
    /// What the words would do
    #[command(flatten)]
    pub intents: Intents,
    /// Say of each clip which language it is in, too, and count how often that is right
    #[arg(long)]
    pub detect_language: bool,
    /// For all that is drawn by lot: noise, and how sure a rate is
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// What is written where, and what is good enough
    #[command(flatten)]
    pub output: Output,
}

/// What a model listens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Context {
    /// What its card says
    Card,
    /// All of 30 s, as openai-whisper does
    Full,
    /// The audio, and silence that was computed before
    SilenceTail,
    /// The audio alone
    Audio,
}

/// Which clips, and how they are changed.
#[derive(Debug, Clone, Args)]
pub struct Clips {
    /// Only these lines of the manifest; its header is line 0: odd, even, every:10,
    /// every:10:3 (lines 3, 13, …), not-every:10
    #[arg(long, value_name = "LINES", default_value = "all")]
    pub lines: Lines,
    /// Only clips in this language; may be given again. The language of clips whose
    /// manifest names none
    #[arg(long, value_name = "TAG", value_parser = Language::parse)]
    pub language: Vec<Language>,
    /// At most so many clips
    #[arg(long, value_name = "N")]
    pub limit: Option<NonZeroUsize>,
    /// Hear each clip with this noise in it, too: white, pink, brown, hum, or a recording
    #[arg(long, value_name = "NOISE|FILE")]
    pub noise: Option<String>,
    /// How much louder the speech is than that noise, in decibels
    #[arg(
        long,
        value_name = "DB,DB",
        value_delimiter = ',',
        default_value = "20,10,5",
        allow_negative_numbers = true
    )]
    pub snr: Vec<f64>,
    /// Nothing is said in clips that have no text: every word that is heard was invented.
    /// In those whose text is `-` nothing is ever said
    #[arg(long)]
    pub silence: bool,
    /// Hear so many minutes of silence and noise, too, and count the words
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_440))]
    pub silence_minutes: Option<u32>,
}

/// What the words would do in a home.
#[derive(Debug, Clone, Args)]
pub struct Intents {
    /// Judge the words by what they would do in a home, beside what those that were said
    /// would
    #[arg(long)]
    pub intents: bool,
    /// What each clip is to do, as TSV: file, intent, target
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// The home: TOML, or TSV with id, area, name_de, name_en [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub home: Option<PathBuf>,
    /// Where the speaker stands
    #[arg(long, value_name = "AREA", default_value = "living_room")]
    pub area: String,
}

/// What is written where, and what is good enough.
#[derive(Debug, Clone, Args)]
pub struct Output {
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    /// Write a report here, too, in Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write each clip here, as TSV: what was said, heard, and wrong
    #[arg(long, value_name = "FILE")]
    pub details: Option<PathBuf>,
    /// Fail if a rate of any model is below: exact, intent, language; 0.95 or 95%
    #[arg(long, value_name = "RATE=N")]
    pub fail_below: Vec<Threshold>,
    /// Fail if one is above: wer, cer (rates), invented (words), repetitions (clips)
    #[arg(long, value_name = "RATE=N")]
    pub fail_above: Vec<Threshold>,
}

const EXAMPLES: &str = "\
Examples:
  hark eval clips/                           a folder with a.wav, a.txt, b.flac, b.txt, …
  hark eval manifest.tsv --model base --model home --lines even --details clips.tsv
  hark eval manifest.tsv --expect expect.tsv --home home.tsv --json | jq .subjects[0].summary.all
  hark eval manifest.tsv --noise pink --snr 20,10,5
  hark eval manifest.tsv --from openai-whisper=heard.tsv --model base
  hark eval --silence-minutes 30 --fail-above invented=0
  hark eval manifest.tsv --fail-below exact=95% --fail-above wer=5%

A manifest's columns: file, language, text; voice and noise_db where known. How texts are
compared, what the figures mean and the JSON's keys: docs/evaluation.md. ctrl-c ends it, and
shows what was measured so far.

Exit status: 0 measured, 2 a clip could not be read or heard (each is named), 3 a rate
is not good enough, 1 any other error.";
