//! `hark model`: which models there are, whether they are whole, and how more are had.

mod list;
mod pull;
mod verify;
mod write;

use std::path::PathBuf;

use hark_inference::Library;
use hark_models::{Observer, Sources};

use crate::cli::model::{Known, Model, ModelCommand, Place, Where};
use crate::exit::Verdict;
use crate::show;
use crate::show::progress::Progress;

/// Does what was asked for.
///
/// # Errors
/// What kept it from being done; then nothing was written.
pub async fn run(args: Model) -> anyhow::Result<Verdict> {
    match args.what {
        ModelCommand::List(args) => list::run(&args),
        ModelCommand::Verify(args) => verify::run(&args),
        ModelCommand::Path(args) => path(&args),
        ModelCommand::Pull(args) => pull::run(&args).await,
        ModelCommand::Convert(args) => write::convert(&args),
        ModelCommand::Quantize(args) => write::quantize(&args),
    }
}

fn path(args: &Where) -> anyhow::Result<Verdict> {
    let found = library(&args.place).resolve(&args.model)?;
    anyhow::ensure!(found.exists(), "{} is not there", found.display());
    show::lines(&found.display().to_string())?;
    Ok(Verdict::Done)
}

/// The models that are there.
fn library(place: &Place) -> Library {
    match own(place) {
        Some(own) => Library::new(Some(&own)),
        None => Library::standard(),
    }
}

/// The folder of the house's own models.
fn own(place: &Place) -> Option<PathBuf> {
    let data = place.data_dir.clone().or_else(hark_runtime::data_dir);
    data.map(|dir| dir.join("models"))
}

/// The models that can be pulled.
fn sources(known: &Known) -> anyhow::Result<Sources> {
    Ok(match &known.sources {
        Some(file) => Sources::load(file)?,
        None => Sources::embedded(),
    })
}

/// Tells people how something long gets on.
struct Told(Progress);

impl Told {
    fn start(message: &str) -> Self {
        Self(Progress::start(message.to_owned()))
    }
}

impl Observer for Told {
    fn begin(&self, what: &str, total: Option<u64>, from: u64) {
        self.0.of_bytes(what, total, from);
    }

    fn at(&self, bytes: u64) {
        self.0.at(bytes);
    }

    fn note(&self, text: &str) {
        self.0.note(text);
    }
}
