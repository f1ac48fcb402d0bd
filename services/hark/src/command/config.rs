//! `hark config`: what the settings are, whether they are right, and what there is.

use crate::cli::{self, ConfigCommand};
use crate::exit::Verdict;
use crate::show;
use crate::up::Config;

/// Prints, checks or documents the settings.
///
/// # Errors
/// What is wrong with them, and where it was given.
pub fn run(args: &cli::Config) -> anyhow::Result<Verdict> {
    match &args.what {
        ConfigCommand::Print(settings) => {
            let config = Config::load(settings)?;
            show::lines(hark_runtime::config::print(&config)?.trim_end())?;
        }
        ConfigCommand::Check(settings) => {
            Config::load(settings)?.check()?;
            show::lines("the settings are right")?;
        }
        ConfigCommand::Schema => show::lines(&hark_runtime::config::schema::<Config>())?,
    }
    Ok(Verdict::Done)
}
