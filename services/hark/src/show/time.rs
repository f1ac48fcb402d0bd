//! Spans of time in words.

use std::time::Duration;

use hark_core::time::Timestamp;

/// Like `1 h 3 min`, `5 min 2 s`, `12 s`, `0 s`: the two biggest units.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let units = [
        (days, "d"),
        (hours, "h"),
        (minutes, "min"),
        (seconds % 60, "s"),
    ];
    let first = units.iter().position(|(n, _)| *n > 0).unwrap_or(3);
    let words: Vec<_> = units[first..]
        .iter()
        .take(2)
        .filter(|(n, unit)| *n > 0 || (*unit == "s" && first == 3))
        .map(|(n, unit)| format!("{n} {unit}"))
        .collect();
    words.join(" ")
}

/// Milliseconds with as many digits as matter.
pub fn ms(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1_000.0;
    match ms < 9.95 {
        true => format!("{ms:.1} ms"),
        false => format!("{ms:.0} ms"),
    }
}

/// A moment as RFC 3339 writes it, in UTC.
pub fn rfc3339(timestamp: Timestamp) -> String {
    let moment = jiff::Timestamp::from_millisecond(timestamp.unix_ms);
    moment.map(|m| m.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        for (seconds, expect) in [
            (0, "0 s"),
            (12, "12 s"),
            (60, "1 min"),
            (302, "5 min 2 s"),
            (3_600, "1 h"),
            (3_805, "1 h 3 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), expect);
        }
    }

    #[test]
    fn milliseconds_are_short() {
        for (micros, expect) in [(0, "0.0 ms"), (1_234, "1.2 ms"), (412_345, "412 ms")] {
            assert_eq!(ms(Duration::from_micros(micros)), expect);
        }
    }
}
