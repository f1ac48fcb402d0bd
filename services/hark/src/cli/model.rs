//! What a person may type about models.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use hark_whisper::quant::Format;

/// `hark model`.
#[derive(Debug, Clone, Args)]
#[command(after_help = MODEL_EXAMPLES)]
pub struct Model {
    /// What about them.
    #[command(subcommand)]
    pub what: ModelCommand,
}

const MODEL_EXAMPLES: &str = "\
A model is known by its name (nano, base) or by its folder or file. Pulled ones are kept in
models in the data folder; docs/models.md says which there are, and which to take.

Examples:
  hark model list
  hark model pull base
  hark up --model base
  hark model quantize base base-q8 --type q8_0
  hark model convert ~/faster-whisper-small ggml-small.bin --to ggml --type f16";

/// What about models.
#[derive(Debug, Clone, Subcommand)]
pub enum ModelCommand {
    /// List the models that are there, and those that can be pulled
    List(ListModels),
    /// Look whether models are whole, and what their cards say they are
    Verify(Verify),
    /// Print where a model is
    Path(Where),
    /// Get a model that is known, hold it against its digests, and install it
    Pull(Pull),
    /// Write a model in another layout, in half or single precision
    Convert(Convert),
    /// Write a model with smaller numbers, in whisper.cpp's format
    Quantize(Quantize),
}

/// Where models are.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// The data folder; the house's models are in its models [default: $XDG_DATA_HOME/hark]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Which models are known.
#[derive(Debug, Clone, Args)]
pub struct Known {
    /// A file of models that can be pulled [default: the one that comes with Hark]
    #[arg(long, value_name = "FILE", env = "HARK_MODEL_SOURCES")]
    pub sources: Option<PathBuf>,
}

/// `hark model list`.
#[derive(Debug, Clone, Args)]
pub struct ListModels {
    /// Where models are
    #[command(flatten)]
    pub place: Place,
    /// Which are known
    #[command(flatten)]
    pub known: Known,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// `hark model verify`.
#[derive(Debug, Clone, Args)]
pub struct Verify {
    /// Which: names, folders or files [default: all that are there]
    #[arg(value_name = "NAME|PATH")]
    pub models: Vec<String>,
    /// Where models are
    #[command(flatten)]
    pub place: Place,
    /// Print one JSON object for each
    #[arg(long)]
    pub json: bool,
}

/// `hark model path`.
#[derive(Debug, Clone, Args)]
pub struct Where {
    /// Which
    #[arg(value_name = "NAME")]
    pub model: String,
    /// Where models are
    #[command(flatten)]
    pub place: Place,
}

/// `hark model pull`.
#[derive(Debug, Clone, Args)]
#[command(after_help = PULL_EXAMPLES)]
pub struct Pull {
    /// Which (hark model list)
    #[arg(value_name = "NAME")]
    pub model: String,
    /// Where models are
    #[command(flatten)]
    pub place: Place,
    /// Which are known
    #[command(flatten)]
    pub known: Known,
    /// The SHA-256 of a file whose digest isn't known to Hark; several are fine
    #[arg(long, value_name = "FILE=HEX", value_parser = digest)]
    pub sha256: Vec<(String, String)>,
    /// Replace a model that is there
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

const PULL_EXAMPLES: &str = "\
Packages come from the index that pip is configured for (PIP_INDEX_URL, pip.conf). A pull
that broke off goes on where it was when the same command is given again. Nothing is
believed but by its SHA-256, and nothing is installed unless all of it is there.

Examples:
  hark model pull base
  PIP_INDEX_URL=https://pypi.example.lan/simple hark model pull base
  hark model pull base --sources our-models.toml";

fn digest(text: &str) -> Result<(String, String), String> {
    let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    match text.split_once('=') {
        Some((file, digest)) if digest.len() == 64 && digest.to_lowercase().bytes().all(hex) => {
            Ok((file.to_owned(), digest.to_lowercase()))
        }
        _ => Err("expected a file's name, = and 64 hexadecimal digits".to_owned()),
    }
}

/// What a model is read from and written to.
#[derive(Debug, Clone, Args)]
pub struct FromTo {
    /// The model: a name, a folder or a file
    #[arg(value_name = "IN")]
    pub from: String,
    /// Where to: a new folder; or a file, if it ends in .bin
    #[arg(value_name = "OUT")]
    pub out: PathBuf,
    /// Where models are
    #[command(flatten)]
    pub place: Place,
    /// Replace what is there
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `hark model convert`.
#[derive(Debug, Clone, Args)]
pub struct Convert {
    /// From where to where
    #[command(flatten)]
    pub files: FromTo,
    /// The layout
    #[arg(long, value_enum)]
    pub to: To,
    /// The precision
    #[arg(long = "type", value_enum, default_value_t = Precision::F16)]
    pub precision: Precision,
}

/// A layout that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum To {
    /// whisper.cpp's
    Ggml,
    /// Hugging Face's
    Safetensors,
}

/// A precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Precision {
    /// Half: 2 bytes a number
    F16,
    /// Single: 4 bytes a number
    F32,
}

impl From<Precision> for Format {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F16 => Self::F16,
            Precision::F32 => Self::F32,
        }
    }
}

/// `hark model quantize`.
#[derive(Debug, Clone, Args)]
pub struct Quantize {
    /// From where to where
    #[command(flatten)]
    pub files: FromTo,
    /// The numbers
    #[arg(long = "type", value_enum, default_value_t = Numbers::Q8_0)]
    pub numbers: Numbers,
}

/// Numbers smaller than half precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Numbers {
    /// 8 bits: half of f16, and nothing is lost that is heard
    #[value(name = "q8_0")]
    Q8_0,
    /// 5 bits with a minimum
    #[value(name = "q5_1")]
    Q5_1,
    /// 5 bits
    #[value(name = "q5_0")]
    Q5_0,
    /// 4 bits: the smallest, and small models suffer
    #[value(name = "q4_0")]
    Q4_0,
}

impl From<Numbers> for Format {
    fn from(numbers: Numbers) -> Self {
        match numbers {
            Numbers::Q8_0 => Self::Q8_0,
            Numbers::Q5_1 => Self::Q5_1,
            Numbers::Q5_0 => Self::Q5_0,
            Numbers::Q4_0 => Self::Q4_0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_of_a_file() {
        let hex = "AB".repeat(32);
        let parsed = digest(&format!("model.bin={hex}")).unwrap();
        assert_eq!(parsed, ("model.bin".to_owned(), "ab".repeat(32)));
        for wrong in ["", "model.bin", "model.bin=ab", &hex] {
            assert!(digest(wrong).is_err(), "{wrong}");
        }
    }
}
