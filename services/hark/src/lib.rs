//! All of Hark in one process, and the command line a person uses.
//!
//! [`Cli`] is what a person may type, [`run`] does it. [`up`] puts ingest, inference and
//! router together; `command` has one module a command, `show` what they print.

mod bench;
pub mod cli;
mod clips;
mod command;
mod doctor;
mod eval;
pub mod exit;
mod show;
pub mod up;

pub use cli::Cli;

use cli::Command;
use exit::Verdict;

/// Does what was asked for.
///
/// # Errors
/// Whatever kept it from being done, in words for a person.
pub fn run(cli: Cli) -> anyhow::Result<Verdict> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Up(args) => command::up::run(args).await,
            Command::Say(args) => command::say::run(args).await,
            Command::Text(args) => command::text::run(args).await,
            Command::Intents(args) => command::intents::run(&args),
            Command::Transcribe(args) => command::transcribe::run(&args),
            Command::Devices(args) => command::devices::run(args).await,
            Command::Areas(args) => command::areas::run(args).await,
            Command::Timers(args) => command::timers::run(args).await,
            Command::Speakers(args) => command::access::speakers(args).await,
            Command::People(args) => command::access::people(args).await,
            Command::Certs(args) => command::certs::run(args).await,
            Command::Status(args) => command::status::run(args).await,
            Command::Nodes(args) => command::nodes::run(args).await,
            Command::Drain(args) => command::drain::run(&args).await,
            Command::Config(args) => command::config::run(&args),
            Command::Model(args) => command::model::run(args).await,
            Command::Store(args) => command::store::run(args).await,
            Command::Demo(args) => command::demo::run(args).await,
            Command::Doctor(args) => command::doctor::run(args).await,
            Command::Bench(args) => command::bench::run(&args),
            Command::Eval(args) => command::eval::run(&args).await,
            Command::Completions(args) => command::paper::completions(&args),
            Command::Man(args) => command::paper::man(&args),
            Command::Engine => {
                hark_inference::apart::run().await?;
                Ok(Verdict::Done)
            }
        }
    })
}
