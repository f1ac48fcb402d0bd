//! Commands that go on until somebody has seen enough.

use std::future::Future;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Verdict;
use crate::show;

/// Follows until ctrl-c, or until nobody reads what is printed. Both are good ends.
///
/// # Errors
/// Those of `following`.
pub async fn until_enough(
    following: impl Future<Output = anyhow::Result<Verdict>>,
) -> anyhow::Result<Verdict> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for ctrl-c")?;
    tokio::select! {
        verdict = following => verdict,
        _ = interrupt.recv() => Ok(Verdict::Done),
        () = show::reader_gone() => Ok(Verdict::Done),
    }
}
