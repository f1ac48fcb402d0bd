//! How a command ends: what became of what was asked, as the exit status.
//!
//! 0 done · 2 not understood, or a question · 3 refused · 1 anything else, mistakes on
//! the command line included. That nobody reads on (`| head -1`) is no mistake: 0.

use std::process::ExitCode;

use hark_core::outcome::Outcome;

use crate::show::{self, ReaderGone, style};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Done, or answered.
    Done,
    /// Not understood, or a question came back.
    NotUnderstood,
    /// Understood, and policy says no.
    Refused,
    /// It could not be done.
    Failed,
}

impl Verdict {
    /// What an utterance's outcome is.
    pub fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::NotUnderstood | Outcome::Question => Self::NotUnderstood,
            Outcome::Refused => Self::Refused,
            Outcome::Error | Outcome::Unknown => Self::Failed,
        }
    }

    const fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::NotUnderstood => 2,
            Self::Refused => 3,
        }
    }
}

/// The exit status of a command; its error, if any, goes to stderr.
pub fn of(result: anyhow::Result<Verdict>) -> ExitCode {
    match result {
        Ok(verdict) => verdict.status().into(),
        Err(error) if error.is::<ReaderGone>() => Verdict::Done.status().into(),
        Err(error) => {
            let red = style::ERROR;
            show::remark(&format!("{red}error:{red:#} {error:#}"));
            Verdict::Failed.status().into()
        }
    }
}

/// The exit status where the command line itself was wrong, or asked for help.
pub fn of_usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to be told if this fails.
    let _ = error.print();
    match error.use_stderr() {
        true => Verdict::Failed.status().into(),
        false => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_utterances_the_worst_counts() {
        let verdicts = [Outcome::Done, Outcome::Refused, Outcome::Question].map(Verdict::of);
        assert_eq!(verdicts.into_iter().max(), Some(Verdict::Refused));
        assert!(Verdict::Failed > Verdict::Refused);
    }

    #[test]
    fn statuses_are_the_documented_ones() {
        let all = [
            (Outcome::Done, 0),
            (Outcome::NotUnderstood, 2),
            (Outcome::Question, 2),
            (Outcome::Refused, 3),
            (Outcome::Error, 1),
            (Outcome::Unknown, 1),
        ];
        for (outcome, status) in all {
            assert_eq!(Verdict::of(outcome).status(), status, "{outcome:?}");
        }
    }
}
