//! What commands print: for people (colour only on a terminal) or as JSON, one object a
//! line.

pub mod credential;
pub mod device;
pub mod json;
pub mod nodes;
pub mod progress;
pub mod status;
pub mod style;
pub mod time;
pub mod timer;
pub mod utterance;

use std::io::Write as _;

use serde::Serialize;

/// Prints an object on one line.
///
/// # Errors
/// If stdout is gone.
pub fn json_line(value: &impl Serialize) -> anyhow::Result<()> {
    let line = serde_json::to_string(value)?;
    lines(&line)
}

/// Prints text for people; its colours only reach a terminal.
///
/// # Errors
/// If stdout is gone.
pub fn lines(text: &str) -> anyhow::Result<()> {
    let mut out = anstream::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}
