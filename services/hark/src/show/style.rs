//! The few styles that there are. `{STYLE}` begins one, `{STYLE:#}` ends it.

use anstyle::{AnsiColor, Style};
use hark_core::outcome::Outcome;

/// What went wrong.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Something that may matter later.
pub const WARNING: Style = AnsiColor::Yellow.on_default();
/// What went well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What was said, names of things.
pub const STRONG: Style = Style::new().bold();
/// What only some want to know.
pub const DIM: Style = Style::new().dimmed();

/// The style of a reply.
pub const fn of(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Done => GOOD,
        Outcome::NotUnderstood | Outcome::Question | Outcome::Refused => WARNING,
        Outcome::Error | Outcome::Unknown => ERROR,
    }
}
