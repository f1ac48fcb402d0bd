//! The operating system's clocks, behind the [`Clock`] port.

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hark_core::time::{Clock, Monotonic, Timestamp};

/// Where systemd-timesyncd keeps its state.
const TIMESYNC: &str = "/run/systemd/timesync";

/// The clocks of this machine. Clones agree.
#[derive(Debug, Clone)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time starts now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let ms = since.map_or(0, |d| d.as_millis());
        Timestamp::from_unix_ms(i64::try_from(ms).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.start.elapsed())
    }

    /// Known only where systemd-timesyncd keeps the time: it marks that it has
    /// synchronised since the machine started. The kernel's own flag (`adjtimex`) needs
    /// a system call that has no safe wrapper.
    fn is_synchronised(&self) -> Option<bool> {
        synchronised_by_timesyncd(Path::new(TIMESYNC))
    }
}

fn synchronised_by_timesyncd(state: &Path) -> Option<bool> {
    state.is_dir().then(|| state.join("synchronized").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn monotonic_time_does_not_go_back_and_the_wall_clock_is_past_2020() {
        let clock = SystemClock::new();
        let (first, second) = (clock.monotonic(), clock.monotonic());
        assert!(second >= first);
        assert!(clock.wall().unix_ms > 1_577_836_800_000);
    }

    #[test]
    fn synchronisation_is_unknown_without_timesyncd() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("timesync");
        assert_eq!(synchronised_by_timesyncd(&state), None);
        std::fs::create_dir(&state).unwrap();
        assert_eq!(synchronised_by_timesyncd(&state), Some(false));
        std::fs::write(state.join("synchronized"), "").unwrap();
        assert_eq!(synchronised_by_timesyncd(&state), Some(true));
    }
}
