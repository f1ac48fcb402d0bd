//! `hark completions` and `hark man`: made of the command line as it is defined, so that
//! they never say anything else than `--help`.

use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;

use crate::cli::{self, Cli};
use crate::exit::Verdict;
use crate::show;

/// Prints what a shell needs to complete `hark`.
///
/// # Errors
/// If stdout is gone.
pub fn completions(args: &cli::Completions) -> anyhow::Result<Verdict> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "hark", &mut script);
    show::bytes(&script)?;
    Ok(Verdict::Done)
}

/// Prints the manual page of `hark`, or writes those of all its commands.
///
/// # Errors
/// If stdout is gone, or the folder can't be written.
pub fn man(args: &cli::Man) -> anyhow::Result<Verdict> {
    match &args.out {
        Some(folder) => write(folder)?,
        None => {
            let mut page = Vec::new();
            // As `generate_to` does: there is no page for `hark help`.
            let command = Cli::command().disable_help_subcommand(true);
            clap_mangen::Man::new(command).render(&mut page)?;
            show::bytes(&page)?;
        }
    }
    Ok(Verdict::Done)
}

fn write(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .with_context(|| format!("cannot write manual pages to {}", folder.display()))
}
