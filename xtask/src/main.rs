//! The tasks that need logic, run as `cargo xtask <task>`.

mod tidy;

use std::process::ExitCode;

use clap::Parser;

/// Tasks of this workspace that need more than a shell.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Checks what prose cannot enforce: edges between crates, sizes, docs, access rules.
    Tidy,
}

fn main() -> anyhow::Result<ExitCode> {
    match Task::parse() {
        Task::Tidy => tidy::run(),
    }
}
