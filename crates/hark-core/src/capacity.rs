//! How many rooms one engine serves.
//!
//! People speak independently of each other, and the engine takes one utterance after the
//! other, each for about the same time: a queue with Poisson arrivals, constant service and
//! one server (M/D/1). Up to a wait of one service its distribution is exact (Erlang, 1909;
//! Crommelin, 1932); beyond it the tail is the heavy-traffic approximation
//! `P(wait > t) ≈ ρ · e^(−2(1−ρ)t/D)`, which is a little on the long side.

use std::time::Duration;

/// The share of commands that may wait longer than was promised.
const EXCEPTIONS: f64 = 0.05;
/// No house is as big; the search for its size ends here.
const MOST_ROOMS: u32 = 100_000;

/// What rooms ask for, and what is promised to them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Commands of one room in its busiest hour.
    pub commands_per_hour: f64,
    /// How long 95 of 100 commands wait for the engine, at most.
    pub longest_wait: Duration,
}

/// How long 95 of 100 commands wait at most for an engine that takes `service` for each
/// and is busy for the share `utilisation` of the time; `None` where the queue would grow
/// without end.
pub fn wait_p95(service: Duration, utilisation: f64) -> Option<Duration> {
    if !(0.0..1.0).contains(&utilisation) {
        return None;
    }
    if utilisation <= EXCEPTIONS {
        return Some(Duration::ZERO);
    }
    // Waiting times in services. For t ≤ 1: P(wait ≤ t) = (1 − ρ) · e^(ρt).
    let exact = ((1.0 - EXCEPTIONS) / (1.0 - utilisation)).ln() / utilisation;
    let services = if exact <= 1.0 {
        exact
    } else {
        let tail = (utilisation / EXCEPTIONS).ln() / (2.0 * (1.0 - utilisation));
        tail.max(1.0)
    };
    Some(Duration::try_from_secs_f64(service.as_secs_f64() * services).unwrap_or(Duration::MAX))
}

/// How many rooms an engine serves that takes `service` for a command.
pub fn rooms(service: Duration, demand: &Demand) -> u32 {
    let share = demand.commands_per_hour / 3_600.0 * service.as_secs_f64();
    let is_served = |rooms: u32| {
        let wait = wait_p95(service, share * f64::from(rooms));
        wait.is_some_and(|wait| wait <= demand.longest_wait)
    };
    // Waiting grows with every room: the last one that is served is where it changes.
    let (mut served, mut beyond) = (0, MOST_ROOMS + 1);
    while beyond - served > 1 {
        let between = served + (beyond - served) / 2;
        match is_served(between) {
            true => served = between,
            false => beyond = between,
        }
    }
    served
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn demand(commands_per_hour: f64, wait_ms: u64) -> Demand {
        Demand {
            commands_per_hour,
            longest_wait: Duration::from_millis(wait_ms),
        }
    }

    /// The wait that 95 of 100 have in a queue that is played through (Lindley's
    /// recursion), in services.
    fn simulated(utilisation: f64) -> f64 {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        let mut uniform = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // 53 bits of it, never 0.
            ((state >> 11) + 1) as f64 / (1_u64 << 53) as f64
        };
        let mut wait = 0.0_f64;
        let mut waits: Vec<f64> = (0..400_000)
            .map(|_| {
                let gap = -uniform().ln() / utilisation;
                wait = (wait + 1.0 - gap).max(0.0);
                wait
            })
            .collect();
        waits.sort_by(f64::total_cmp);
        waits[waits.len() * 95 / 100]
    }

    #[test]
    fn it_is_what_a_queue_that_is_played_through_does() {
        for utilisation in [0.1, 0.2, 0.26, 0.3, 0.5, 0.7, 0.8, 0.9] {
            let real = simulated(utilisation);
            let said = wait_p95(SECOND, utilisation).unwrap().as_secs_f64();
            let ratio = said / real;
            assert!(
                (0.9..=1.25).contains(&ratio),
                "at {utilisation}: {said} said, {real} simulated"
            );
        }
    }

    #[test]
    fn an_idle_engine_keeps_nobody_waiting_and_a_full_one_everybody() {
        assert_eq!(wait_p95(SECOND, 0.0), Some(Duration::ZERO));
        assert_eq!(wait_p95(SECOND, 0.05), Some(Duration::ZERO));
        for never in [1.0, 1.5, -0.1, f64::NAN, f64::INFINITY] {
            assert_eq!(wait_p95(SECOND, never), None);
        }
    }

    #[test]
    fn rooms_are_counted() {
        let check = |service_ms, demand, expect| {
            assert_eq!(rooms(Duration::from_millis(service_ms), &demand), expect);
        };
        // At 5 % nobody of 95 in 100 waits: 20 an hour of 100 ms are 1/1800.
        check(100, demand(20.0, 0), 90);
        check(1_000, demand(20.0, 0), 9);
        check(30_000, demand(20.0, 500), 0);
        check(0, demand(20.0, 500), MOST_ROOMS);
        check(100, demand(0.0, 500), MOST_ROOMS);
        check(100, demand(f64::NAN, 500), 0);
    }

    proptest! {
        #[test]
        fn more_load_never_means_less_waiting(a in 0.0..0.999_f64, b in 0.0..0.999_f64) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(wait_p95(SECOND, low) <= wait_p95(SECOND, high));
        }

        #[test]
        fn the_rooms_that_are_named_are_served_and_one_more_is_not(
            service_ms in 1..20_000_u64,
            commands in 0.1..500.0_f64,
            wait_ms in 0..5_000_u64,
        ) {
            let (service, demand) = (Duration::from_millis(service_ms), demand(commands, wait_ms));
            let rooms = rooms(service, &demand);
            let wait = |rooms: u32| {
                wait_p95(service, f64::from(rooms) * commands / 3_600.0 * service.as_secs_f64())
            };
            prop_assert!(rooms == 0 || wait(rooms).unwrap() <= demand.longest_wait);
            let more = wait(rooms + 1);
            prop_assert!(rooms == MOST_ROOMS || more.is_none_or(|w| w > demand.longest_wait));
        }
    }
}
