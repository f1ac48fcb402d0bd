//! `hark status`: what a node is, and how it does.

use super::connect::connect;
use crate::cli;
use crate::exit::Verdict;
use crate::show::{self, status};

/// Prints the status; a part that is not ready is a failure.
///
/// # Errors
/// If Hark can't be asked.
pub async fn run(args: cli::List) -> anyhow::Result<Verdict> {
    let client = connect(&args.connection).await?;
    let answer = client.status().await?;
    match args.json {
        true => show::json_line(&status::json(client.address(), &answer))?,
        false => show::lines(&status::text(client.address(), &answer))?,
    }
    Ok(match status::is_ready(&answer) {
        true => Verdict::Done,
        false => Verdict::Failed,
    })
}
