//! What commands print: for people (colour only on a terminal) or as JSON, one object a
//! line.

pub mod banner;
pub mod bench;
pub mod credential;
pub mod device;
pub mod eval;
pub mod findings;
pub mod json;
pub mod model;
pub mod nodes;
pub mod progress;
pub mod status;
pub mod style;
pub mod time;
pub mod timer;
pub mod utterance;

use std::fmt;
use std::io::{self, Write as _};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde::Serialize;

/// Prints an object on one line.
///
/// # Errors
/// [`ReaderGone`], or why stdout can't be written.
pub fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    let line = serde_json::to_string(value)?;
    lines(&line)
}

/// Prints text for people; its colours only reach a terminal.
///
/// # Errors
/// [`ReaderGone`], or why stdout can't be written.
pub fn lines(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    written(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// Prints what is a file of its own, as it is.
///
/// # Errors
/// [`ReaderGone`], or why stdout can't be written.
pub fn bytes(content: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    written(out.write_all(content).and_then(|()| out.flush()))
}

/// Prints a remark to stderr; its colours only reach a terminal. Whether somebody reads
/// it changes nothing.
pub fn remark(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = writeln!(out, "{text}");
}

/// Whoever read stdout has stopped doing so, as `| head -1` does. It has seen enough: a
/// command ends then, and well.
#[derive(Debug)]
pub struct ReaderGone;

impl fmt::Display for ReaderGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads what is printed")
    }
}

impl std::error::Error for ReaderGone {}

/// Waits until nobody reads stdout any more; for ever where it is a file.
pub async fn reader_gone() {
    let (gone, told) = tokio::sync::oneshot::channel();
    let watch = move || {
        let stdout = io::stdout();
        // Errors and hang-ups are always reported; there is nothing else to wait for.
        let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
        loop {
            match poll(&mut watched, None) {
                Err(Errno::INTR) => {}
                Err(_) => return,
                // Whoever waited may have ended.
                Ok(_) => {
                    let _ = gone.send(());
                    return;
                }
            }
        }
    };
    let name = "hark-stdout".to_owned();
    let started = std::thread::Builder::new().name(name).spawn(watch);
    // Where it can't be watched, the next write finds out.
    if started.is_err() || told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn written(result: io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ReaderGone.into()),
        result => Ok(result?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reader_that_left_is_a_good_end() {
        let left = written(Err(io::ErrorKind::BrokenPipe.into())).unwrap_err();
        assert!(left.is::<ReaderGone>());
        let full = written(Err(io::ErrorKind::StorageFull.into())).unwrap_err();
        assert!(!full.is::<ReaderGone>());
        assert!(written(Ok(())).is_ok());
    }
}
