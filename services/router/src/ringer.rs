//! Lets timers ring.
//!
//! A timer that is due leaves the store and its ring enters it in one transaction, which
//! compares the timer's revision: whichever router does it first does it, once.

use std::sync::Arc;
use std::time::Duration;

use hark_core::push::{Action, Push, Ring};
use hark_core::reply::Say;
use hark_core::store::{self, Compare, Op, Revision, Select, Store, Txn};
use hark_core::time::{Clock, Timestamp};
use hark_core::timer::{Deadlines, RING_EXPIRES_AFTER, Timer};
use hark_proto::stored::stored::Value;
use hark_proto::value;

use crate::speech::Voices;
use crate::state::{KnownTimer, Views};

/// How long to wait after the store failed, and at most between two looks.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Lets timers ring for as long as it runs.
pub(crate) struct Ringer {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) views: Views,
    pub(crate) voices: Voices,
}

impl Ringer {
    /// Ends when the views do.
    pub(crate) async fn run(self) {
        let mut deadlines = Deadlines::default();
        let mut seen = Revision(0);
        loop {
            let snapshot = self.views.timers.snapshot();
            seen = seen.max(snapshot.changed);
            let known = self.views.read_timers(&snapshot);
            let timers: Vec<_> = known.iter().map(|t| t.timer.clone()).collect();
            let now = self.clock.monotonic();
            deadlines.observe(&timers, self.clock.wall(), now);
            let mut wait = deadlines
                .next_in(now)
                .unwrap_or(LONGEST_WAIT)
                .min(LONGEST_WAIT);
            for id in deadlines.due(now) {
                let due = known.iter().find(|t| t.timer.id == id);
                if let Some(due) = due
                    && let Err(error) = self.ring(due).await
                {
                    tracing::warn!(timer = %id, %error, "timer cannot ring yet");
                    wait = wait.min(AFTER_FAILURE);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                changed = self.views.timers.changed(seen) => if changed.is_none() { return },
            }
        }
    }

    /// Moves a timer from those that run to what a speaker is to be told.
    async fn ring(&self, due: &KnownTimer) -> Result<(), store::Error> {
        let push = self.push(&due.timer, self.clock.wall());
        let keys = &self.views.keys;
        let key = match &due.timer.speaker {
            Some(speaker) => keys.push(speaker, &push.id),
            None => keys.push_to_any(&push.id),
        };
        let value = value::encode(Value::Push(push.into()));
        let txn = Txn {
            compares: vec![Compare::ModRevision(due.key.clone(), due.revision)],
            success: vec![
                Op::Delete(Select::Key(due.key.clone())),
                Op::Put {
                    key,
                    value,
                    lease: None,
                },
            ],
            failure: Vec::new(),
        };
        let result = self.store.txn(txn).await?;
        tracing::info!(timer = %due.timer.id, rings = result.succeeded, "timer is due");
        // Where another router was first, or the person cancelled it, there is nothing
        // left to do; the view tells soon. Wait for it, not to ask again meanwhile.
        drop(self.views.timers.reached(result.revision).await);
        Ok(())
    }

    fn push(&self, timer: &Timer, now: Timestamp) -> Push {
        let late = timer.late(now);
        let ring = Ring {
            timer: timer.id.clone(),
            name: timer.name.clone(),
            duration: timer.duration,
            late,
            reply: self.voices.of(&timer.language).reply(&say(timer, late)),
        };
        Push {
            id: format!("ring-{}", timer.id),
            expires_at: now.plus(RING_EXPIRES_AFTER),
            action: Action::Ring(ring),
        }
    }
}

fn say(timer: &Timer, late: Duration) -> Say {
    let code = match (timer.name.is_empty(), late.is_zero()) {
        (true, true) => "timer_ringing",
        (false, true) => "timer_ringing_named",
        (true, false) => "timer_ringing_late",
        (false, false) => "timer_ringing_late_named",
    };
    let span = hark_core::reply::Argument::Duration;
    let mut say = Say::new(code).with("duration", span(timer.duration));
    if !timer.name.is_empty() {
        say = say.text("name", timer.name.as_str());
    }
    if !late.is_zero() {
        say = say.with("late", span(late));
    }
    say
}

#[cfg(test)]
mod tests {
    use hark_core::reply::is_complete;
    use hark_core::{Language, TimerId};

    use super::*;

    #[test]
    fn every_way_to_ring_has_its_sentence() {
        for name in ["", "Nudeln"] {
            for late in [Duration::ZERO, Duration::from_secs(90)] {
                let timer = Timer {
                    id: TimerId::parse("t").unwrap(),
                    name: name.to_owned(),
                    duration: Duration::from_secs(60),
                    started_at: Timestamp::default(),
                    speaker: None,
                    area: None,
                    language: Language::german(),
                    paused: None,
                };
                assert!(is_complete(&say(&timer, late)), "{name} {late:?}");
            }
        }
    }
}
