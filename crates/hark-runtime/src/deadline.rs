//! When an answer is no longer wanted.
//!
//! A caller says how long it waits with `grpc-timeout`. A unary call that does not say
//! gets a default, and none may wait longer than a bound; a stream has a deadline only
//! if its caller set one.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

/// The moment at which a call's caller stops waiting. In a request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(pub Instant);

impl Deadline {
    /// That long from now.
    pub fn after(duration: Duration) -> Self {
        Self(Instant::now() + duration)
    }

    /// How long is left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }
}

/// The longest deadline that a caller can ask for: `grpc-timeout` has at most eight
/// digits, so that 99,999,999 hours must not overflow a clock.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// Bounds on deadlines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// Of a unary call whose caller set none.
    pub(crate) default: Duration,
    /// The longest for a unary call.
    pub(crate) most: Duration,
}

impl Policy {
    /// How long a call may take; `None` is without end.
    pub(crate) fn timeout(&self, asked: Option<Duration>, is_unary: bool) -> Option<Duration> {
        match (asked, is_unary) {
            (None, true) => Some(self.default),
            (Some(asked), true) => Some(asked.min(self.most)),
            (asked, false) => asked.map(|a| a.min(LONGEST)),
        }
    }
}

/// Reads `grpc-timeout`; `None` if it is absent or malformed, as tonic does.
///
/// Source: gRPC over HTTP/2, `Timeout = "grpc-timeout" TimeoutValue TimeoutUnit`.
pub(crate) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (value, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if value.len() > 8 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let value: u64 = value.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        headers
    }

    #[test]
    fn timeouts_are_read() {
        for (text, expect) in [
            ("3H", Some(Duration::from_secs(10_800))),
            ("2M", Some(Duration::from_secs(120))),
            ("5S", Some(Duration::from_secs(5))),
            ("250m", Some(Duration::from_millis(250))),
            ("7u", Some(Duration::from_micros(7))),
            ("9n", Some(Duration::from_nanos(9))),
            ("99999999H", Some(Duration::from_secs(359_999_996_400))),
            ("999999999S", None),
            ("S", None),
            ("5", None),
            ("-1S", None),
            ("+1S", None),
            ("", None),
            ("5s", None),
        ] {
            assert_eq!(asked(&header(text)), expect, "{text}");
        }
        assert_eq!(asked(&HeaderMap::new()), None);
    }

    #[test]
    fn a_unary_call_always_has_a_bounded_deadline_and_a_stream_its_callers() {
        let s = Duration::from_secs;
        let policy = Policy {
            default: s(10),
            most: s(60),
        };
        for (asked, is_unary, expect) in [
            (None, true, Some(s(10))),
            (Some(s(5)), true, Some(s(5))),
            (Some(s(500)), true, Some(s(60))),
            (None, false, None),
            (Some(s(500)), false, Some(s(500))),
            (Some(s(u64::from(u32::MAX))), false, Some(LONGEST)),
        ] {
            assert_eq!(
                policy.timeout(asked, is_unary),
                expect,
                "{asked:?} {is_unary}"
            );
        }
    }
}
