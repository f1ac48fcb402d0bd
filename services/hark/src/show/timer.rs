//! Timers for people and programs.

use hark_proto::convert::timer::RunningTimer;
use serde::Serialize;

use super::device::Names;
use super::json::ms;
use super::style;
use super::time::{rfc3339, span};

/// A timer as JSON.
#[derive(Debug, Serialize)]
pub struct TimerJson {
    id: String,
    name: String,
    duration_ms: f64,
    remaining_ms: f64,
    started_at: String,
    speaker: Option<String>,
    area_id: Option<String>,
    language: String,
}

impl From<RunningTimer> for TimerJson {
    fn from(running: RunningTimer) -> Self {
        let timer = running.timer;
        Self {
            id: timer.id.into(),
            name: timer.name,
            duration_ms: ms(timer.duration),
            remaining_ms: ms(running.remaining),
            started_at: rfc3339(timer.started_at),
            speaker: timer.speaker.map(String::from),
            area_id: timer.area.map(String::from),
            language: timer.language.into(),
        }
    }
}

/// Timers, one a line.
pub fn table(timers: &[RunningTimer], names: &Names) -> String {
    if timers.is_empty() {
        return "no timer runs".to_owned();
    }
    let lines: Vec<_> = timers.iter().map(|t| line(t, names)).collect();
    lines.join("\n")
}

fn line(running: &RunningTimer, names: &Names) -> String {
    let timer = &running.timer;
    let what = match timer.name.is_empty() {
        true => "timer",
        false => &timer.name,
    };
    let left = match running.remaining.is_zero() {
        true => "is ringing".to_owned(),
        false => format!("{} left", span(running.remaining)),
    };
    let area = timer.area.as_ref().map(|a| format!(", {}", names.area(a)));
    format!(
        "{}{what}{:#}: {left} of {}{}",
        style::STRONG,
        style::STRONG,
        span(timer.duration),
        area.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hark_core::time::Timestamp;
    use hark_core::timer::Timer;
    use hark_core::{Language, TimerId};

    use super::*;

    fn running(name: &str, remaining: u64) -> RunningTimer {
        RunningTimer {
            timer: Timer {
                id: TimerId::parse("t1").unwrap(),
                name: name.to_owned(),
                duration: Duration::from_secs(300),
                started_at: Timestamp::from_unix_ms(1_700_000_000_000),
                speaker: None,
                area: None,
                language: Language::german(),
                paused: None,
            },
            remaining: Duration::from_secs(remaining),
        }
    }

    fn check(timers: &[RunningTimer], expect: &str) {
        let names = Names::new(Language::german(), vec![]);
        let text = table(timers, &names);
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expect);
    }

    #[test]
    fn timers_say_what_is_left() {
        check(&[], "no timer runs");
        let expect = "Tee: 4 min 2 s left of 5 min\ntimer: is ringing of 5 min";
        check(&[running("Tee", 242), running("", 0)], expect);
    }

    #[test]
    fn json_has_moments_as_text() {
        let json = serde_json::to_value(TimerJson::from(running("Tee", 242))).unwrap();
        assert_eq!(json["started_at"], "2023-11-14T22:13:20Z");
        assert_eq!(json["remaining_ms"], 242_000.0);
    }
}
