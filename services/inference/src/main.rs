//! `hark-inference`: a worker as a process of its own.

use clap::Parser;
use hark_runtime::config::Layers;

/// Turns audio into words, for the other processes of a Hark cluster.
/// Settings come from a TOML file, then variables like HARK__INFERENCE__MODEL, then flags.
#[derive(Debug, Parser)]
#[command(name = "hark-inference", version)]
struct Args {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<String>,
    /// The model: `auto`, a name, or a folder or file with a slash in it.
    #[arg(long, value_name = "NAME|DIR|FILE")]
    model: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    hark_tls::install_provider();
    let args = Args::parse();
    let mut layers = Layers::new().process_variables();
    if let Some(path) = args.config {
        layers = layers.file(path);
    }
    let flags = [
        ("--listen", "server.listen", args.listen),
        ("--model", "inference.model", args.model),
    ];
    for (flag, key, value) in flags {
        layers = value
            .into_iter()
            .fold(layers, |layers, value| layers.flag(flag, key, value));
    }
    Ok(hark_inference::process::run(&layers).await?)
}
