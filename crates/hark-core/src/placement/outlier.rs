//! Who fails again and again is left alone for a while: outlier ejection.
//!
//! Ejected is who failed several times in a row, or too great a share of the calls of a
//! while. Each ejection lasts longer than the one before, spread so that callers don't
//! return together; then one call probes it, and its end decides.

use std::time::Duration;

use crate::time::Monotonic;

/// When to eject, and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// Failures in a row.
    pub consecutive_failures: u32,
    /// Or this share of the calls of an interval, 0 to 1 …
    pub failure_share: f64,
    /// … if there were at least so many.
    pub minimum_calls: u32,
    /// The interval that the share is taken over. After as long without a failure an
    /// ejection is forgotten.
    pub interval: Duration,
    /// How long the first ejection lasts; each further one twice as long.
    pub base_ejection: Duration,
    /// The longest ejection, before it is spread.
    pub max_ejection: Duration,
    /// By what share of itself an ejection is spread, 0 to 1.
    pub jitter: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            failure_share: 0.5,
            minimum_calls: 10,
            interval: Duration::from_secs(10),
            base_ejection: Duration::from_secs(1),
            max_ejection: Duration::from_secs(60),
            jitter: 0.5,
        }
    }
}

impl Config {
    /// How long ejection number `count`, from 1, lasts; `random` from 0 up to 1.
    pub fn ejection(&self, count: u32, random: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(count.saturating_sub(1).min(31));
        let whole = self
            .base_ejection
            .saturating_mul(doubled)
            .min(self.max_ejection);
        whole.mul_f64(1.0 + self.jitter.clamp(0.0, 1.0) * random.clamp(0.0, 1.0))
    }
}

/// What is remembered of one member's failures.
#[derive(Debug, Clone, Default)]
pub(super) struct Outlier {
    in_a_row: u32,
    interval_began: Monotonic,
    calls: u32,
    failures: u32,
    /// Ejections that are not forgotten.
    ejections: u32,
    ejected_until: Option<Monotonic>,
    is_probed: bool,
    last_failure: Monotonic,
}

impl Outlier {
    pub(super) fn is_ejected(&self) -> bool {
        self.ejected_until.is_some()
    }

    pub(super) fn ejected_until(&self) -> Option<Monotonic> {
        self.ejected_until
    }

    /// Whether it may be called: it is not ejected, or its time is over and nobody
    /// probes it.
    pub(super) fn may_be_called(&self, now: Monotonic) -> bool {
        self.ejected_until
            .is_none_or(|until| now >= until && !self.is_probed)
    }

    /// It is called; says whether that is a probe.
    pub(super) fn probe(&mut self) -> bool {
        self.is_probed = self.is_ejected();
        self.is_probed
    }

    pub(super) fn probe_abandoned(&mut self) {
        self.is_probed = false;
    }

    /// It is well again.
    pub(super) fn readmit(&mut self) {
        *self = Self {
            ejections: self.ejections,
            last_failure: self.last_failure,
            ..Self::default()
        };
    }

    pub(super) fn succeeded(&mut self, config: &Config, now: Monotonic) {
        if self.is_ejected() {
            self.readmit();
        }
        self.count(config, now);
        self.in_a_row = 0;
        if now.since(self.last_failure) > config.interval && self.ejections > 0 {
            self.ejections -= 1;
            self.last_failure = now;
        }
    }

    pub(super) fn failed(&mut self, config: &Config, may_eject: bool, now: Monotonic, random: f64) {
        self.count(config, now);
        self.failures += 1;
        self.in_a_row += 1;
        self.last_failure = now;
        let again = self.is_probed;
        let share = f64::from(self.failures) / f64::from(self.calls.max(1));
        let often = self.calls >= config.minimum_calls && share >= config.failure_share;
        let too_many = self.in_a_row >= config.consecutive_failures || often;
        if again || (too_many && may_eject && !self.is_ejected()) {
            self.ejections = self.ejections.saturating_add(1);
            self.ejected_until = Some(now.plus(config.ejection(self.ejections, random)));
            self.is_probed = false;
            (self.in_a_row, self.calls, self.failures) = (0, 0, 0);
        }
    }

    fn count(&mut self, config: &Config, now: Monotonic) {
        if now.since(self.interval_began) > config.interval {
            (self.interval_began, self.calls, self.failures) = (now, 0, 0);
        }
        self.calls += 1;
    }
}
