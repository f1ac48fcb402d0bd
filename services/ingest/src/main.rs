//! `hark-ingest`: hears speakers, as a process of its own.

use std::path::PathBuf;

use clap::Parser;
use hark_runtime::config::Layers;

/// Hears speakers, for the other processes of a Hark cluster.
///
/// Settings come from a TOML file, then variables like HARK__INGEST__MAX_STREAMS, then
/// flags.
#[derive(Debug, Parser)]
#[command(name = "hark-ingest", version)]
struct Args {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    hark_tls::install_provider();
    let args = Args::parse();
    let mut layers = Layers::new().process_variables();
    if let Some(path) = args.config {
        layers = layers.file(path);
    }
    if let Some(listen) = args.listen {
        layers = layers.flag("--listen", "server.listen", listen);
    }
    hark_ingest::process::run(&layers).await?;
    Ok(())
}
