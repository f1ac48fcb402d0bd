//! The tasks that need logic, run as `cargo xtask <task>`.

mod supply;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Tasks of this workspace that need more than a shell.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Checks what prose cannot enforce: edges between crates, sizes, docs, access rules.
    Tidy,
    /// Writes docs/licences.md: what the programs are made of, and under which terms.
    Licences,
    /// Prints the texts of those licences, to go with the programs.
    Notices,
    /// Prints a CycloneDX bill of materials of the programs.
    Sbom(supply::Sbom),
}

fn main() -> anyhow::Result<ExitCode> {
    match Task::parse() {
        Task::Tidy => tidy::run(),
        Task::Licences => supply::licences(),
        Task::Notices => supply::notices(),
        Task::Sbom(asked) => supply::sbom(&asked),
    }
}
