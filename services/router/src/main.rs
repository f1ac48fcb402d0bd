//! `hark-router`: a router as a process of its own.

use clap::Parser;

/// Turns words into actions, for the other processes of a Hark cluster and for people.
#[derive(Debug, Parser)]
#[command(name = "hark-router", version)]
struct Args {
    /// A TOML file with settings.
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    hark_tls::install_provider();
    hark_router::process::run(Args::parse().config.as_deref()).await?;
    Ok(())
}
