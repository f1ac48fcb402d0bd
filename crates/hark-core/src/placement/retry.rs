//! What may be tried again, and how much of it: a retry must not make an overload worse.
//!
//! The budget is gRFC A6's: each failure costs a token, each success gives a tenth of
//! one back, and with half of the tokens gone nothing is tried again.

/// Tokens of a full budget.
const TOKENS: u32 = 10;
/// A success gives back one token in so many.
const SUCCESSES_PER_TOKEN: u32 = 10;

/// Why a call failed, as far as trying again is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nobody was there, or it said that it can't now (`UNAVAILABLE`).
    Unavailable,
    /// It was given up for something else (`ABORTED`).
    Aborted,
    /// It did not answer within the time of one try; there is time for another.
    TimedOut,
    /// It has too much to do (`RESOURCE_EXHAUSTED`); whether it said when to try again.
    Overloaded {
        /// Whether there was a `RetryInfo`.
        says_when: bool,
    },
    /// Anything else: the same again would fail the same.
    Final,
}

impl Failure {
    /// Whether a call that failed so may be made again, on another instance.
    pub const fn may_be_retried(self) -> bool {
        match self {
            Self::Unavailable | Self::Aborted | Self::TimedOut => true,
            Self::Overloaded { says_when } => says_when,
            Self::Final => false,
        }
    }
}

/// How many retries are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// In parts of a token, so that nothing is rounded.
    parts: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            parts: TOKENS * SUCCESSES_PER_TOKEN,
        }
    }
}

impl Budget {
    /// A call succeeded.
    pub fn succeeded(&mut self) {
        self.parts = (self.parts + 1).min(TOKENS * SUCCESSES_PER_TOKEN);
    }

    /// A call failed; says whether it may be tried again.
    pub fn failed(&mut self, failure: Failure) -> bool {
        if !failure.may_be_retried() {
            return false;
        }
        self.parts = self.parts.saturating_sub(SUCCESSES_PER_TOKEN);
        self.parts > TOKENS * SUCCESSES_PER_TOKEN / 2
    }
}
