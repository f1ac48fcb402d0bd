//! What the house tells a speaker by itself. It stays in the store until the speaker
//! acknowledges it, or it expires.

use std::time::Duration;

use crate::ids::TimerId;
use crate::outcome::Reply;
use crate::time::Timestamp;

/// Something that a speaker is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// Its id, unique in the home.
    pub id: String,
    /// When it becomes pointless.
    pub expires_at: Timestamp,
    /// What to do.
    pub action: Action,
}

/// What a speaker is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Ring until stopped.
    Ring(Ring),
    /// Say a sentence.
    Say(Reply),
    /// Stop ringing for this timer; `None`: for all of them.
    Stop(Option<TimerId>),
}

/// A timer has run out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// The timer.
    pub timer: TimerId,
    /// Its name; may be empty.
    pub name: String,
    /// How long it was set for.
    pub duration: Duration,
    /// How late this is.
    pub late: Duration,
    /// What to say with it.
    pub reply: Reply,
}

impl Push {
    /// Whether it is pointless at `now`.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}
