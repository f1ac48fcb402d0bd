//! What placement always does, over made-up histories of a pool.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::outlier::Config;
use super::retry::{Budget, Failure};
use super::*;

const FACTS: Facts = Facts {
    tier: 1,
    capacity: 8,
    draining: false,
};

fn at(ms: u64) -> Monotonic {
    Monotonic(Duration::from_millis(ms))
}

fn need() -> Need<u8> {
    Need {
        left: Duration::from_secs(10),
        tried: None,
    }
}

fn pool(tiers: &[u32]) -> Pool<u8> {
    let mut pool = Pool::new(Config::default());
    for (key, tier) in tiers.iter().enumerate() {
        let key = u8::try_from(key).unwrap();
        pool.put(
            key,
            Facts {
                tier: *tier,
                ..FACTS
            },
        );
        pool.link(&key, Link::Serving);
    }
    pool
}

/// One call to `key`, whoever else there is, that ends so.
fn call(pool: &mut Pool<u8>, key: u8, end: End, now: Monotonic) {
    let only = pool.members.keys().copied().filter(|k| *k != key);
    let others: Vec<_> = only.collect();
    let before: Vec<_> = others.iter().map(|k| pool.members[k].link).collect();
    for other in &others {
        pool.members.get_mut(other).unwrap().link = Link::Down;
    }
    let ticket = pool.begin(&need(), now, [0.0, 0.0]).expect("it serves");
    for (other, link) in others.iter().zip(before) {
        pool.members.get_mut(other).unwrap().link = link;
    }
    pool.end(&ticket, end, now, 0.0);
}

#[test]
fn only_who_serves_is_chosen() {
    let mut pool = pool(&[1]);
    assert_eq!(pool.state(&0), Some(State::Serving));
    for (link, state) in [
        (Link::Down, State::Suspected),
        (Link::NotServing, State::Suspected),
    ] {
        pool.link(&0, link);
        assert_eq!(pool.state(&0), Some(state));
        assert_eq!(pool.begin(&need(), at(0), [0.0; 2]), None);
    }
    pool.link(&0, Link::Serving);
    pool.put(
        0,
        Facts {
            draining: true,
            ..FACTS
        },
    );
    assert_eq!(pool.state(&0), Some(State::Draining));
    assert_eq!(pool.begin(&need(), at(0), [0.0; 2]), None);
    pool.remove(&0);
    assert_eq!(pool.state(&0), None);
}

#[test]
fn the_best_model_is_taken_unless_it_would_be_too_late() {
    let mut pool = pool(&[1, 2]);
    // The better one takes two seconds a call.
    let ticket = pool.begin(&need(), at(0), [0.0; 2]).unwrap();
    assert_eq!(ticket.key, 1);
    pool.end(&ticket, End::Success, at(2_000), 0.0);
    for (left_ms, expect) in [(10_000, 1), (1_000, 0)] {
        let need = Need {
            left: Duration::from_millis(left_ms),
            tried: None,
        };
        let ticket = pool.begin(&need, at(2_000), [0.0; 2]).unwrap();
        assert_eq!(ticket.key, expect, "{left_ms} ms left");
        pool.end(&ticket, End::Abandoned, at(2_000), 0.0);
    }
    // Where nobody is in time, whoever is done first.
    pool.remove(&0);
    let hurry = Need {
        left: Duration::ZERO,
        tried: None,
    };
    assert_eq!(pool.begin(&hurry, at(2_000), [0.0; 2]).unwrap().key, 1);
}

#[test]
fn a_retry_goes_elsewhere_or_over_a_new_connection() {
    let mut pool = pool(&[1]);
    let ticket = pool.begin(&need(), at(0), [0.0; 2]).unwrap();
    let again = Need {
        tried: Some((ticket.key, ticket.connection)),
        ..need()
    };
    assert_eq!(pool.begin(&again, at(0), [0.0; 2]), None);
    pool.link(&0, Link::Down);
    pool.link(&0, Link::Serving);
    assert!(pool.begin(&again, at(0), [0.0; 2]).is_some());
}

#[test]
fn who_fails_in_a_row_is_ejected_probed_once_and_comes_back() {
    let mut pool = pool(&[1, 1, 1]);
    for _ in 0..5 {
        call(&mut pool, 0, End::Failed, at(0));
    }
    assert_eq!(pool.state(&0), Some(State::Ejected));
    let chosen = |pool: &mut Pool<u8>, now| {
        let draws = [[0.0, 0.0], [0.4, 0.9], [0.9, 0.4]];
        let tickets = draws.map(|random| pool.begin(&need(), now, random).unwrap());
        for ticket in &tickets {
            pool.end(ticket, End::Abandoned, now, 0.0);
        }
        tickets.map(|t| t.key)
    };
    assert!(!chosen(&mut pool, at(999)).contains(&0));
    // Its time is over: one call at a time may try.
    let probe = pool.begin(&need(), at(1_000), [0.0, 0.0]).unwrap();
    assert_eq!(probe.key, 0);
    assert!(!chosen(&mut pool, at(1_000)).contains(&0));
    pool.end(&probe, End::Failed, at(1_000), 0.0);
    assert_eq!(pool.state(&0), Some(State::Ejected));
    // The second time lasts twice as long.
    assert!(!chosen(&mut pool, at(2_999)).contains(&0));
    let probe = pool.begin(&need(), at(3_000), [0.0, 0.0]).unwrap();
    assert_eq!(probe.key, 0);
    pool.end(&probe, End::Success, at(3_001), 0.0);
    assert_eq!(pool.state(&0), Some(State::Serving));
}

#[test]
fn load_and_the_callers_own_faults_eject_nobody() {
    for end in [End::Overloaded, End::Refused, End::Abandoned, End::Success] {
        let mut pool = pool(&[1, 1]);
        for _ in 0..100 {
            call(&mut pool, 0, end, at(0));
        }
        assert_eq!(pool.state(&0), Some(State::Serving), "{end:?}");
    }
}

#[test]
fn a_share_of_failures_ejects_too() {
    let mut pool = pool(&[1, 1]);
    for i in 0..10 {
        let end = if i % 2 == 0 {
            End::Success
        } else {
            End::Failed
        };
        call(&mut pool, 0, end, at(i));
    }
    assert_eq!(pool.state(&0), Some(State::Ejected));
}

#[test]
fn the_last_one_is_never_ejected() {
    let mut pool = pool(&[1]);
    for _ in 0..100 {
        call(&mut pool, 0, End::Failed, at(0));
    }
    assert_eq!(pool.state(&0), Some(State::Serving));
}

#[test]
fn what_may_be_tried_again() {
    for (failure, expect) in [
        (Failure::Unavailable, true),
        (Failure::Aborted, true),
        (Failure::TimedOut, true),
        (Failure::Overloaded { says_when: true }, true),
        (Failure::Overloaded { says_when: false }, false),
        (Failure::Final, false),
    ] {
        assert_eq!(Budget::default().failed(failure), expect, "{failure:?}");
    }
}

#[test]
fn retries_stop_with_half_of_the_budget_gone_and_come_back_with_successes() {
    let mut budget = Budget::default();
    let allowed = (0..100)
        .filter(|_| budget.failed(Failure::Unavailable))
        .count();
    assert_eq!(allowed, 4);
    for _ in 0..60 {
        assert!(!budget.failed(Failure::Final));
        budget.succeeded();
    }
    assert!(!budget.failed(Failure::Unavailable), "exactly half");
    for _ in 0..20 {
        budget.succeeded();
    }
    assert!(budget.failed(Failure::Unavailable));
}

/// Something that happens to a pool.
#[derive(Debug, Clone)]
enum Step {
    Put(u8, u32, bool),
    Remove(u8),
    Link(u8, Link),
    Begin(f64, f64, u64),
    End(usize, End),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..5_u8;
    let link = prop_oneof![
        4 => Just(Link::Serving),
        1 => Just(Link::Down),
        1 => Just(Link::NotServing),
    ];
    let end = prop_oneof![
        2 => Just(End::Success),
        4 => Just(End::Failed),
        1 => Just(End::Refused),
        1 => Just(End::Overloaded),
        1 => Just(End::Abandoned),
    ];
    prop_oneof![
        2 => (key.clone(), 0..3_u32, prop::bool::weighted(0.2)).prop_map(|(k, t, d)| Step::Put(k, t, d)),
        1 => key.clone().prop_map(Step::Remove),
        4 => (key, link).prop_map(|(k, l)| Step::Link(k, l)),
        8 => (0.0..1.0, 0.0..1.0, 0..5_000_u64).prop_map(|(a, b, left)| Step::Begin(a, b, left)),
        8 => (any::<usize>(), end).prop_map(|(i, e)| Step::End(i, e)),
        2 => (0..3_000_u64).prop_map(Step::Wait),
    ]
}

/// Places one call and checks who got it.
fn place(
    pool: &mut Pool<u8>,
    need: &Need<u8>,
    now: Monotonic,
    random: [f64; 2],
) -> Option<Ticket<u8>> {
    let before = pool.clone();
    let ticket = pool.begin(need, now, random);
    let open = |m: &Member| m.is_open();
    let anybody = before.members.values().any(open);
    assert_eq!(
        ticket.is_some(),
        anybody,
        "somebody who serves is always found"
    );
    let ticket = ticket?;
    let chosen = &before.members[&ticket.key];
    assert!(open(chosen), "only who serves");
    let well = |m: &&Member| m.is_open() && m.outlier.may_be_called(now);
    let others: Vec<_> = before.members.values().filter(well).collect();
    if !others.is_empty() {
        assert!(
            chosen.outlier.may_be_called(now),
            "nobody ejected while others are well"
        );
        let fitting = others.iter().filter(|m| m.fits(need.left));
        let best = fitting.map(|m| m.facts.tier).max();
        if let Some(best) = best {
            assert_eq!(
                chosen.facts.tier, best,
                "no worse model than there is time for"
            );
        }
    }
    Some(ticket)
}

proptest! {
    #[test]
    fn placement_keeps_its_promises(steps in prop::collection::vec(step(), 1..200)) {
        let mut pool = Pool::<u8>::new(Config::default());
        let mut open: Vec<Ticket<u8>> = Vec::new();
        let mut now = at(1);
        for step in steps {
            match step {
                Step::Put(key, tier, draining) => pool.put(key, Facts { tier, draining, ..FACTS }),
                Step::Remove(key) => pool.remove(&key),
                Step::Link(key, link) => pool.link(&key, link),
                Step::Begin(a, b, left) => {
                    let need = Need { left: Duration::from_millis(left), tried: None };
                    open.extend(place(&mut pool, &need, now, [a, b]));
                }
                Step::End(..) if open.is_empty() => {}
                Step::End(i, end) => {
                    let ticket = open.swap_remove(i % open.len());
                    pool.end(&ticket, end, now, 0.5);
                }
                Step::Wait(ms) => now = now.plus(Duration::from_millis(ms)),
            }
            prop_assert!(pool.ejected() <= pool.members.len() / 2, "at most half is out");
            let mut counts = BTreeMap::<(u8, u64), u32>::new();
            for ticket in &open {
                *counts.entry((ticket.key, ticket.member)).or_default() += 1;
            }
            for (key, member) in &pool.members {
                let expect = counts.get(&(*key, member.number)).copied().unwrap_or(0);
                prop_assert_eq!(member.in_flight, expect, "what is in flight is counted");
            }
        }
    }

    #[test]
    fn the_busiest_of_several_is_never_chosen(
        loads in prop::collection::vec(0..6_u32, 2..6), a in 0.0..1.0_f64, b in 0.0..1.0_f64,
    ) {
        let mut pool = pool(&vec![1; loads.len()]);
        for (key, load) in loads.iter().enumerate() {
            pool.members.get_mut(&u8::try_from(key).unwrap()).unwrap().in_flight = *load;
        }
        let chosen = pool.begin(&need(), at(0), [a, b]).unwrap().key;
        let load = loads[usize::from(chosen)];
        let busiest = *loads.iter().max().unwrap();
        let alone = loads.iter().filter(|l| **l == busiest).count() == 1;
        prop_assert!(!(alone && load == busiest), "{chosen} of {loads:?}");
    }

    #[test]
    fn each_ejection_is_longer_up_to_a_bound(random in 0.0..1.0_f64) {
        let config = Config::default();
        let times: Vec<_> = (1..50).map(|n| config.ejection(n, random)).collect();
        prop_assert!(times.is_sorted());
        prop_assert!(times[0] >= config.base_ejection);
        prop_assert!(times[48] <= config.max_ejection.mul_f64(1.0 + config.jitter));
    }

    #[test]
    fn retries_are_never_more_than_a_tenth_of_the_successes_and_a_few(
        calls in prop::collection::vec(prop::bool::weighted(0.6), 0..500),
    ) {
        let mut budget = Budget::default();
        let mut retries = 0;
        for ok in &calls {
            match ok {
                true => budget.succeeded(),
                false => retries += usize::from(budget.failed(Failure::Unavailable)),
            }
        }
        let successes = calls.iter().filter(|ok| **ok).count();
        prop_assert!(retries <= 5 + successes / 10, "{retries} of {successes}");
    }
}
