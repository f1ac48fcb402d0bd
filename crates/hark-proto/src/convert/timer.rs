//! Timers, as clients see them and as they are stored.

use std::time::Duration;

use hark_core::TimerId;
use hark_core::time::Timestamp;
use hark_core::timer::Timer;

use super::ids;
use super::time::{
    duration_to_pb, optional_duration, required_duration, required_timestamp, timestamp_to_pb,
};
use crate::{Error, stored, v1};

/// A timer and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningTimer {
    /// The timer.
    pub timer: Timer,
    /// What is left; zero where it is due.
    pub remaining: Duration,
}

impl RunningTimer {
    /// A timer as it is at `now`.
    pub fn at(timer: Timer, now: Timestamp) -> Self {
        let remaining = timer.remaining(now);
        Self { timer, remaining }
    }
}

impl From<RunningTimer> for v1::Timer {
    fn from(running: RunningTimer) -> Self {
        let timer = running.timer;
        Self {
            id: timer.id.into(),
            name: timer.name,
            duration: Some(duration_to_pb(timer.duration)),
            remaining: Some(duration_to_pb(running.remaining)),
            started_at: Some(timestamp_to_pb(timer.started_at)),
            speaker_id: timer.speaker.map(String::from).unwrap_or_default(),
            area_id: timer.area.map(String::from),
            language: timer.language.into(),
            paused: timer.paused.map(duration_to_pb),
        }
    }
}

impl TryFrom<v1::Timer> for RunningTimer {
    type Error = Error;

    fn try_from(message: v1::Timer) -> Result<Self, Error> {
        let timer = Timer {
            id: ids::timer("id", &message.id)?,
            name: message.name,
            duration: required_duration("duration", message.duration)?,
            started_at: required_timestamp("started_at", message.started_at)?,
            speaker: ids::optional_speaker("speaker_id", &message.speaker_id)?,
            area: ids::optional_area("area_id", message.area_id.as_deref())?,
            language: ids::language("language", &message.language)?,
            paused: optional_duration("paused", message.paused)?,
        };
        let remaining = required_duration("remaining", message.remaining)?;
        Ok(Self { timer, remaining })
    }
}

impl From<Timer> for stored::StoredTimer {
    /// Without the id, which is part of the key.
    fn from(timer: Timer) -> Self {
        Self {
            name: timer.name,
            duration: Some(duration_to_pb(timer.duration)),
            started_at: Some(timestamp_to_pb(timer.started_at)),
            speaker_id: timer.speaker.map(String::from).unwrap_or_default(),
            area_id: timer.area.map(String::from),
            language: timer.language.into(),
            paused: timer.paused.map(duration_to_pb),
        }
    }
}

/// A stored timer; its id comes from the key.
///
/// # Errors
/// Names the field that is missing or malformed.
pub fn stored_timer(id: TimerId, message: stored::StoredTimer) -> Result<Timer, Error> {
    Ok(Timer {
        id,
        name: message.name,
        duration: required_duration("duration", message.duration)?,
        started_at: required_timestamp("started_at", message.started_at)?,
        speaker: ids::optional_speaker("speaker_id", &message.speaker_id)?,
        area: ids::optional_area("area_id", message.area_id.as_deref())?,
        language: ids::language("language", &message.language)?,
        paused: optional_duration("paused", message.paused)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::testing;

    #[test]
    fn a_timer_without_a_duration_is_an_error() {
        let id = TimerId::parse("t1").unwrap();
        let error = stored_timer(id, stored::StoredTimer::default()).unwrap_err();
        assert_eq!(error.to_string(), "duration: is missing");
    }

    proptest! {
        #[test]
        fn timers_round_trip(timer in testing::timer(), now_ms in 0..4_000_000_000_000_i64) {
            let running = RunningTimer::at(timer.clone(), Timestamp::from_unix_ms(now_ms));
            let message = v1::Timer::from(running.clone());
            prop_assert_eq!(RunningTimer::try_from(message), Ok(running));

            let message = stored::StoredTimer::from(timer.clone());
            prop_assert_eq!(stored_timer(timer.id.clone(), message), Ok(timer));
        }
    }
}
