//! `hark-inference`: a worker as a process of its own.

mod args;

use args::{Args, Command};
use clap::Parser as _;
use hark_inference::{apart, process};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    hark_tls::install_provider();
    let args = Args::parse();
    match args.command {
        Some(Command::Engine) => apart::run().await?,
        None => process::run(&args.layers()).await?,
    }
    Ok(())
}
