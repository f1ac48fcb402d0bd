//! The program `hark`.

use std::process::ExitCode;

use clap::Parser as _;
use hark::{Cli, exit};

fn main() -> ExitCode {
    hark_tls::install_provider();
    match Cli::try_parse() {
        Ok(cli) => exit::of(hark::run(cli)),
        Err(error) => exit::of_usage(&error),
    }
}
