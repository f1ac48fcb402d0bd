//! How long to wait before trying again.

use std::time::Duration;

/// Pauses that double from `first` to `most`, each spread over its upper half so that
/// those who failed together do not try together.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// Pauses from `first` to `most`; `most` is raised to `first` if it is shorter.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most: most.max(first),
            failures: 0,
        }
    }

    /// The next pause: between half of it and all of it, as `random` in 0 to 1 says.
    pub fn next(&mut self, random: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(self.failures.min(31));
        let whole = self.first.saturating_mul(doubled).min(self.most);
        self.failures = self.failures.saturating_add(1);
        whole.div_f64(2.0) + whole.div_f64(2.0).mul_f64(random.clamp(0.0, 1.0))
    }

    /// As [`Backoff::next`], from the start again if what failed had run for longer
    /// than the longest pause.
    pub fn after_running(&mut self, ran: Duration, random: f64) -> Duration {
        if ran > self.most {
            self.reset();
        }
        self.next(random)
    }

    /// It worked: the next pause is the first again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        let pauses: Vec<_> = (0..6).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000]);
        backoff.reset();
        assert_eq!(backoff.next(0.0), Duration::from_millis(50));
        assert_eq!(
            backoff
                .after_running(Duration::from_secs(2), 1.0)
                .as_millis(),
            100
        );
        assert_eq!(backoff.after_running(Duration::ZERO, 1.0).as_millis(), 200);
    }

    proptest! {
        #[test]
        fn a_pause_is_never_longer_than_the_longest_nor_shorter_than_half_the_first(
            first in 1_u64..10_000, most in 1_u64..1_000_000, tries in 1_usize..80, random in 0.0..1.0_f64,
        ) {
            let (first, most) = (Duration::from_millis(first), Duration::from_millis(most));
            let mut backoff = Backoff::new(first, most);
            for _ in 0..tries {
                let pause = backoff.next(random);
                prop_assert!(pause >= first / 2 && pause <= most.max(first));
            }
        }
    }
}
