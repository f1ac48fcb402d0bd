//! Which instance gets a call: of those that serve, the best model whose expected wait
//! fits the deadline, then the less busy of two that are drawn.
//!
//! A [`Pool`] is told what the registry says, how connections do and how calls end; it
//! counts what is in flight by itself. [`outlier`] ejects who fails, [`retry`] says what
//! may be tried again. Nothing here reads a clock or draws a random number.
//!
//! Source of the terms: Envoy's outlier detection, linkerd's failure accrual and peak
//! EWMA, gRFC A6 (retry throttling); Mitzenmacher, "The Power of Two Choices", 2001.

pub mod outlier;
pub mod retry;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::Monotonic;
use outlier::Outlier;

/// What is known of an instance from the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// How good its model is: the higher, the better.
    pub tier: u32,
    /// Calls that it takes at once.
    pub capacity: u32,
    /// Whether it takes no new work.
    pub draining: bool,
}

/// How the connection to an instance does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Link {
    /// It is not known to be there: never reached, or the connection broke.
    #[default]
    Down,
    /// It is there and says that it can't serve.
    NotServing,
    /// It is there and serves.
    Serving,
}

/// What an instance is to whoever looks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It gets work.
    Serving,
    /// It said that it takes no new work.
    Draining,
    /// It is registered, and not known to be alive and well.
    Suspected,
    /// It failed too often, and is left alone for a while.
    Ejected,
}

impl State {
    /// Its name in messages and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Draining => "draining",
            Self::Suspected => "suspected",
            Self::Ejected => "ejected",
        }
    }
}

/// A call that is to be placed.
#[derive(Debug, Clone)]
pub struct Need<K> {
    /// How long the call may take.
    pub left: Duration,
    /// The connection that was just tried: never the same one again.
    pub tried: Option<(K, u64)>,
}

/// A call that is in flight: give it back to [`Pool::end`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket<K> {
    /// Which instance.
    pub key: K,
    /// Which connection to it, counted over the pool.
    pub connection: u64,
    member: u64,
    began: Monotonic,
    position: u32,
    is_probe: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With an answer.
    Success,
    /// With a refusal that is the caller's own fault: the instance is well.
    Refused,
    /// It has too much to do. That is load and no failure.
    Overloaded,
    /// It failed, or nobody answered.
    Failed,
    /// The caller did not wait for it.
    Abandoned,
}

/// Instances of one role.
#[derive(Debug, Clone)]
pub struct Pool<K> {
    config: outlier::Config,
    members: BTreeMap<K, Member>,
    /// Numbers members and connections.
    count: u64,
}

#[derive(Debug, Clone)]
struct Member {
    number: u64,
    facts: Facts,
    link: Link,
    connection: u64,
    in_flight: u32,
    service_time: Duration,
    outlier: Outlier,
}

impl<K: Ord + Clone> Pool<K> {
    /// Nobody yet.
    pub fn new(config: outlier::Config) -> Self {
        Self {
            config,
            members: BTreeMap::new(),
            count: 0,
        }
    }

    /// An instance is registered, or what is known of it changed. A new one is not
    /// connected.
    pub fn put(&mut self, key: K, facts: Facts) {
        self.count += 1;
        let number = self.count;
        let member = self.members.entry(key).or_insert_with(|| Member {
            number,
            facts,
            link: Link::Down,
            connection: 0,
            in_flight: 0,
            service_time: Duration::ZERO,
            outlier: Outlier::default(),
        });
        member.facts = facts;
    }

    /// An instance is gone. Calls to it that are in flight may still be ended.
    pub fn remove(&mut self, key: &K) {
        self.members.remove(key);
        // Fewer members, so fewer may be out: the one whose time ends first comes back.
        while self.ejected() > self.most_ejected() {
            let out = self.members.values_mut();
            let until = |m: &&mut Member| m.outlier.ejected_until();
            if let Some(first) = out.filter(|m| m.outlier.is_ejected()).min_by_key(until) {
                first.outlier.readmit();
            }
        }
    }

    /// How the connection to an instance does now.
    pub fn link(&mut self, key: &K, link: Link) {
        self.count += 1;
        let Some(member) = self.members.get_mut(key) else {
            return;
        };
        if member.link == Link::Down && link != Link::Down {
            member.connection = self.count;
        }
        member.link = link;
    }

    /// What an instance is; `None`: it is gone.
    pub fn state(&self, key: &K) -> Option<State> {
        self.members.get(key).map(Member::state)
    }

    /// Calls to an instance that are in flight.
    pub fn in_flight(&self, key: &K) -> u32 {
        self.members.get(key).map_or(0, |m| m.in_flight)
    }

    /// The instances.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.members.keys()
    }

    /// Finds somebody for a call, and counts it as in flight. `random` has two numbers
    /// from 0 up to 1. `None`: nobody serves (but perhaps the one just tried).
    pub fn begin(&mut self, need: &Need<K>, now: Monotonic, random: [f64; 2]) -> Option<Ticket<K>> {
        let key = self.choose(need, now, random)?.clone();
        let member = self.members.get_mut(&key)?;
        member.in_flight += 1;
        Some(Ticket {
            connection: member.connection,
            member: member.number,
            began: now,
            position: member.in_flight,
            is_probe: member.outlier.probe(),
            key,
        })
    }

    /// A call has ended. `random` spreads how long a member is ejected.
    pub fn end(&mut self, ticket: &Ticket<K>, end: End, now: Monotonic, random: f64) {
        let may_eject = self.ejected() < self.most_ejected();
        let Some(member) = self.members.get_mut(&ticket.key) else {
            return;
        };
        // Another life of the same instance knows nothing of this call.
        if member.number != ticket.member {
            return;
        }
        member.in_flight -= 1;
        let outlier = &mut member.outlier;
        match end {
            End::Success => {
                outlier.succeeded(&self.config, now);
                let took = now.since(ticket.began) / ticket.position.max(1);
                member.service_time = smoothed(member.service_time, took);
            }
            End::Refused => outlier.succeeded(&self.config, now),
            End::Failed => outlier.failed(&self.config, may_eject, now, random),
            End::Overloaded | End::Abandoned if !ticket.is_probe => {}
            End::Overloaded => outlier.readmit(),
            End::Abandoned => outlier.probe_abandoned(),
        }
    }

    fn choose(&self, need: &Need<K>, now: Monotonic, random: [f64; 2]) -> Option<&K> {
        let tried = |key: &K, m: &Member| {
            let tried = need.tried.as_ref();
            tried.is_some_and(|(k, c)| k == key && *c == m.connection)
        };
        let open = self
            .members
            .iter()
            .filter(|(k, m)| m.is_open() && !tried(k, m));
        let open: Vec<_> = open.collect();
        let well = |(_, m): &&(&K, &Member)| m.outlier.may_be_called(now);
        let mut candidates: Vec<_> = open.iter().filter(well).copied().collect();
        if candidates.is_empty() {
            // Somebody who failed before is better than nobody.
            candidates = open;
        }
        let fits = |(_, m): &&(&K, &Member)| m.fits(need.left);
        let fitting: Vec<_> = candidates.iter().filter(fits).copied().collect();
        let Some(best) = fitting.iter().map(|(_, m)| m.facts.tier).max() else {
            let soonest = candidates.into_iter().min_by_key(|(_, m)| m.busy());
            return soonest.map(|(key, _)| key);
        };
        let best: Vec<_> = fitting
            .into_iter()
            .filter(|(_, m)| m.facts.tier == best)
            .collect();
        let (first, second) = draw_two(best.len(), random);
        let (first, second) = (best[first], best[second]);
        Some(if second.1.in_flight < first.1.in_flight {
            second.0
        } else {
            first.0
        })
    }

    fn ejected(&self) -> usize {
        self.members
            .values()
            .filter(|m| m.outlier.is_ejected())
            .count()
    }

    /// At most half of a pool is ejected.
    fn most_ejected(&self) -> usize {
        self.members.len() / 2
    }
}

impl Member {
    fn state(&self) -> State {
        match self.link {
            _ if self.facts.draining => State::Draining,
            Link::Down | Link::NotServing => State::Suspected,
            Link::Serving if self.outlier.is_ejected() => State::Ejected,
            Link::Serving => State::Serving,
        }
    }

    fn is_open(&self) -> bool {
        !self.facts.draining && self.link == Link::Serving
    }

    /// Whether one more call is expected to be done within `left`.
    fn fits(&self, left: Duration) -> bool {
        self.in_flight < self.facts.capacity.max(1) && self.expected() <= left
    }

    /// How long one more call is expected to take, those before it included.
    fn expected(&self) -> Duration {
        self.service_time.saturating_mul(self.in_flight + 1)
    }

    /// How busy it is, for when nobody fits: by time, then by number.
    fn busy(&self) -> (Duration, u32) {
        (self.expected(), self.in_flight)
    }
}

/// A mean in which what is newer weighs more: a fifth.
fn smoothed(mean: Duration, new: Duration) -> Duration {
    match mean.is_zero() {
        true => new,
        false => (mean * 4 + new) / 5,
    }
}

/// Two different places of `len`, where there are two; `len` is at least 1.
fn draw_two(len: usize, random: [f64; 2]) -> (usize, usize) {
    let draw =
        |random: f64, len: usize| ((random.clamp(0.0, 1.0) * len as f64) as usize).min(len - 1);
    let first = draw(random[0], len);
    if len == 1 {
        return (first, first);
    }
    let other = draw(random[1], len - 1);
    (first, other + usize::from(other >= first))
}
