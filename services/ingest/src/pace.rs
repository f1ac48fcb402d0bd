//! How fast a stream may bring audio: a burst at once, then a multiple of real time. What
//! comes faster is not refused; it is read later, and flow control tells the sender.

use std::time::Duration;

/// A stream's allowance.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    burst: Duration,
    factor: u32,
    /// Audio that came, beyond what time has allowed for.
    debt: Duration,
    /// When `debt` was brought up to date, from the stream's begin.
    at: Duration,
}

impl Pace {
    /// `burst` of audio at once, then `factor` times real time.
    pub(crate) fn new(burst: Duration, factor: u32) -> Self {
        Self {
            burst,
            factor,
            debt: Duration::ZERO,
            at: Duration::ZERO,
        }
    }

    /// Audio came at `now`, from the stream's begin; says how long to wait before reading
    /// more.
    pub(crate) fn brought(&mut self, now: Duration, audio: Duration) -> Duration {
        let passed = now.saturating_sub(self.at);
        self.at = now;
        self.debt = self.debt.saturating_sub(passed.saturating_mul(self.factor)) + audio;
        self.debt.saturating_sub(self.burst) / self.factor
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn s(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[test]
    fn a_burst_is_free_and_what_follows_is_paced() {
        let mut pace = Pace::new(s(60), 4);
        assert_eq!(pace.brought(s(0), s(60)), s(0));
        assert_eq!(pace.brought(s(0), s(8)), s(2));
        assert_eq!(pace.brought(s(2), s(4)), s(1));
        assert_eq!(
            pace.brought(s(100), s(60)),
            s(0),
            "the burst is there again"
        );
    }

    proptest! {
        #[test]
        fn real_time_never_waits(messages in prop::collection::vec(1_u64..4_000, 1..200)) {
            let mut pace = Pace::new(s(5), 2);
            let mut now = Duration::ZERO;
            for ms in messages {
                let audio = Duration::from_millis(ms);
                now += audio;
                prop_assert_eq!(pace.brought(now, audio), s(0));
            }
        }

        #[test]
        fn whoever_waits_as_told_stays_within_the_limit(
            messages in prop::collection::vec(1_u64..4_000, 1..200),
        ) {
            let mut pace = Pace::new(s(5), 2);
            let (mut now, mut total) = (Duration::ZERO, Duration::ZERO);
            for ms in messages {
                let audio = Duration::from_millis(ms);
                total += audio;
                now += pace.brought(now, audio);
                prop_assert!(total <= s(5) + now * 2 + Duration::from_micros(1));
            }
        }
    }
}
