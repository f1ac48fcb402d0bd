//! What may be given on the command line.

use clap::{Parser, Subcommand};
use hark_inference::apart;
use hark_runtime::config::Layers;

/// Turns audio into words, for the other processes of a Hark cluster.
/// Settings come from a TOML file, then variables like HARK__INFERENCE__MODEL, then flags.
#[derive(Debug, Parser)]
#[command(name = "hark-inference", version)]
pub(crate) struct Args {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<String>,
    /// The model: `auto`, a name, or a folder or file with a slash in it.
    #[arg(long, value_name = "NAME|DIR|FILE")]
    model: Option<String>,
    /// What else than to serve.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What else there is to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Be the engine's own process, which Hark starts by itself
    #[command(hide = true, name = apart::SUBCOMMAND)]
    Engine,
}

impl Args {
    /// The settings that they are part of.
    pub(crate) fn layers(self) -> Layers {
        let mut layers = Layers::new().process_variables();
        if let Some(path) = self.config {
            layers = layers.file(path);
        }
        let flags = [
            ("--listen", "server.listen", self.listen),
            ("--model", "inference.model", self.model),
        ];
        for (flag, key, value) in flags {
            layers = value
                .into_iter()
                .fold(layers, |layers, value| layers.flag(flag, key, value));
        }
        layers
    }
}
