//! Timers: when they are due, what is left, which one a person means.
//!
//! A timer is a span and the wall-clock time at which it was set. A process that runs
//! waits by its monotonic clock ([`Deadlines`]), so that a wall clock that is set
//! right meanwhile moves no timer; after a restart the wall clock says what is left.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::ids::{AreaId, SpeakerId, TimerId};
use crate::language::Language;
use crate::time::{Monotonic, Timestamp};

/// The longest timer.
pub const MAX_DURATION: Duration = Duration::from_secs(24 * 3600);
/// The most timers of a home.
pub const MAX_TIMERS: usize = 100;
/// How long a ring waits for a speaker before it is pointless.
pub const RING_EXPIRES_AFTER: Duration = Duration::from_secs(600);
/// A ring that comes no later than this is on time.
pub const ON_TIME: Duration = Duration::from_secs(2);

/// A timer that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// Stable id.
    pub id: TimerId,
    /// Its name; may be empty.
    pub name: String,
    /// How long it was set for.
    pub duration: Duration,
    /// When it was set.
    pub started_at: Timestamp,
    /// The speaker that it rings at; `None`: every speaker of the home.
    pub speaker: Option<SpeakerId>,
    /// The area in which it was set.
    pub area: Option<AreaId>,
    /// The language it was set in.
    pub language: Language,
    /// What was left when it was paused; `None` where it runs.
    pub paused: Option<Duration>,
}

impl Timer {
    /// When it rings, unless it is paused.
    pub fn due_at(&self) -> Timestamp {
        self.started_at.plus(self.duration)
    }

    /// What is left; zero where it is due. Never more than it was set for, even if the
    /// wall clock went back.
    pub fn remaining(&self, now: Timestamp) -> Duration {
        let running = || self.due_at().since(now);
        self.paused.unwrap_or_else(running).min(self.duration)
    }

    /// The same timer, stopped at what is left now.
    #[must_use]
    pub fn paused_at(&self, now: Timestamp) -> Self {
        Self {
            paused: Some(self.remaining(now)),
            ..self.clone()
        }
    }

    /// The same timer, running on from what was left.
    #[must_use]
    pub fn resumed_at(&self, now: Timestamp) -> Self {
        Self {
            paused: None,
            ..self.with_left(self.remaining(now), now)
        }
    }

    /// The same timer with so much left; at least a second, at most [`MAX_DURATION`].
    #[must_use]
    pub fn with_left(&self, left: Duration, now: Timestamp) -> Self {
        let left = left.clamp(Duration::from_secs(1), MAX_DURATION);
        Self {
            duration: left.max(self.duration),
            started_at: now.minus(left.max(self.duration).saturating_sub(left)),
            paused: self.paused.map(|_| left),
            ..self.clone()
        }
    }

    /// How late a ring is that comes now; zero where it is on time.
    pub fn late(&self, now: Timestamp) -> Duration {
        match now.since(self.due_at()) {
            late if late <= ON_TIME => Duration::ZERO,
            late => late,
        }
    }
}

/// Timers in the order in which they ring.
pub fn in_order(mut timers: Vec<Timer>) -> Vec<Timer> {
    timers.sort_by(|a, b| (a.due_at(), &a.id).cmp(&(b.due_at(), &b.id)));
    timers
}

/// When timers are due by the monotonic clock of this process.
#[derive(Debug, Default)]
pub struct Deadlines {
    /// When it rings by this process's clock, and by the wall clock that this was made of.
    by_timer: BTreeMap<TimerId, (Monotonic, Timestamp)>,
}

impl Deadlines {
    /// Takes note of the timers that run: one that is new or was changed gets its deadline
    /// now, one that is gone or paused is forgotten, all others keep theirs.
    pub fn observe(&mut self, timers: &[Timer], wall: Timestamp, now: Monotonic) {
        let known = std::mem::take(&mut self.by_timer);
        for timer in timers.iter().filter(|t| t.paused.is_none()) {
            let due = timer.due_at();
            let kept = known.get(&timer.id).filter(|(_, known)| *known == due);
            let fresh = || (now.plus(timer.remaining(wall)), due);
            let deadline = kept.copied().unwrap_or_else(fresh);
            self.by_timer.insert(timer.id.clone(), deadline);
        }
    }

    /// The timers that are due.
    pub fn due(&self, now: Monotonic) -> Vec<TimerId> {
        let due = self.by_timer.iter().filter(|(_, (at, _))| *at <= now);
        due.map(|(id, _)| id.clone()).collect()
    }

    /// How long until the next timer that is not due yet.
    pub fn next_in(&self, now: Monotonic) -> Option<Duration> {
        let all = self.by_timer.values().map(|(at, _)| *at);
        let to_come = all.filter(|at| *at > now);
        to_come.min().map(|at| at.since(now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn timer(id: &str, seconds: u64, started_ms: i64) -> Timer {
        Timer {
            id: TimerId::parse(id).unwrap(),
            name: String::new(),
            duration: Duration::from_secs(seconds),
            started_at: Timestamp::from_unix_ms(started_ms),
            speaker: None,
            area: None,
            language: Language::german(),
            paused: None,
        }
    }

    fn at(seconds: u64) -> Monotonic {
        Monotonic(Duration::from_secs(seconds))
    }

    #[test]
    fn a_timer_runs_down_and_is_late_after_that() {
        let timer = timer("a", 60, 0);
        for (now_ms, remaining_ms, late_ms) in [
            (0, 60_000, 0),
            (-5_000, 60_000, 0),
            (59_000, 1_000, 0),
            (60_000, 0, 0),
            (62_000, 0, 0),
            (90_000, 0, 30_000),
        ] {
            let now = Timestamp::from_unix_ms(now_ms);
            let got = (
                timer.remaining(now).as_millis(),
                timer.late(now).as_millis(),
            );
            assert_eq!(got, (remaining_ms, late_ms), "at {now_ms}");
        }
    }

    #[test]
    fn a_wall_clock_that_is_set_moves_no_timer() {
        let mut deadlines = Deadlines::default();
        let timers = [timer("a", 60, 0)];
        deadlines.observe(&timers, Timestamp::from_unix_ms(0), at(100));
        // The wall clock jumps a day on, the monotonic one ten seconds.
        deadlines.observe(&timers, Timestamp::from_unix_ms(86_400_000), at(110));
        assert_eq!(deadlines.due(at(159)), []);
        assert_eq!(deadlines.next_in(at(159)), Some(Duration::from_secs(1)));
        assert_eq!(deadlines.due(at(160)), [timers[0].id.clone()]);
        assert_eq!(deadlines.next_in(at(160)), None);
    }

    #[test]
    fn a_cancelled_timer_is_forgotten() {
        let mut deadlines = Deadlines::default();
        deadlines.observe(&[timer("a", 1, 0)], Timestamp::default(), at(0));
        deadlines.observe(&[], Timestamp::default(), at(0));
        assert_eq!(deadlines.due(at(1000)), []);
    }

    #[test]
    fn the_next_to_ring_comes_first() {
        let order = in_order(vec![
            timer("late", 90, 0),
            timer("b", 60, 0),
            timer("a", 60, 0),
        ]);
        let ids: Vec<_> = order.iter().map(|t| t.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "late"]);
    }

    proptest! {
        #[test]
        fn what_is_left_never_grows_and_never_exceeds_the_span(
            seconds in 1_u64..86_400, from in -100_000_i64..100_000_000, step in 0_i64..1_000_000,
        ) {
            let timer = timer("a", seconds, 0);
            let earlier = timer.remaining(Timestamp::from_unix_ms(from));
            let later = timer.remaining(Timestamp::from_unix_ms(from + step));
            prop_assert!(later <= earlier);
            prop_assert!(earlier <= timer.duration);
            prop_assert!(timer.late(Timestamp::from_unix_ms(from)).is_zero() || earlier.is_zero());
        }
    }
}
