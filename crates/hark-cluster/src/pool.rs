//! Calls to the instances of one role: each is placed on one that is alive, has a
//! deadline, and is made once more elsewhere if that may help.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hark_core::NodeId;
use hark_core::cluster::Role;
use hark_core::placement::retry::{Budget, Failure};
use hark_core::placement::{self, End, Facts, Link, Need, State, Ticket, outlier};
use hark_core::time::Clock;
use hark_proto::{Error, ErrorCode};
use hark_runtime::channel::{Channel, Options};
use hark_runtime::tasks::unit_random;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::follow::{Sources, follow};

/// How long a call waits for somebody who could do it.
const WAIT: Duration = Duration::from_secs(1);
/// The same, where there is only the one that was just tried and is still there.
const SHORT_WAIT: Duration = Duration::from_millis(100);
/// Of the one in this very process.
const LOCAL: Facts = Facts {
    tier: 1,
    capacity: 64,
    draining: false,
};

/// Instances of one role. Clones share them.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    role: Role,
    clock: Arc<dyn Clock>,
    state: Mutex<Instances>,
    /// Counts what may make somebody available.
    changed: watch::Sender<u64>,
}

struct Instances {
    placement: placement::Pool<String>,
    channels: HashMap<String, Channel>,
    budget: Budget,
}

/// How long a call may take.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// In all.
    pub within: Duration,
    /// The first try, if that is shorter and somebody else serves too: who does not answer by then is given up for
    /// another. The call must bear to be made twice at once.
    pub first_try: Duration,
}

/// An instance, as this process sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The node's id, or the address that settings name.
    pub key: String,
    /// What it is to calls.
    pub state: State,
    /// Calls from here that are in flight.
    pub in_flight: u32,
}

impl Pool {
    /// The instances that `sources` tell of, and the future that keeps the pool up to
    /// date.
    pub(crate) fn open(
        role: Role,
        sources: Sources,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let pool = Self::new(role, clock);
        if let Some((id, channel, facts)) = &sources.local {
            pool.put(id.as_str(), *facts);
            pool.link(id.as_str(), Link::Serving, Some(channel));
        }
        (pool.clone(), follow(pool, sources, options))
    }

    /// One instance only, in this very process.
    pub fn local(role: Role, id: &NodeId, channel: &Channel, clock: Arc<dyn Clock>) -> Self {
        let pool = Self::new(role, clock);
        pool.put(id.as_str(), LOCAL);
        pool.link(id.as_str(), Link::Serving, Some(channel));
        pool
    }

    fn new(role: Role, clock: Arc<dyn Clock>) -> Self {
        let state = Instances {
            placement: placement::Pool::new(outlier::Config::default()),
            channels: HashMap::new(),
            budget: Budget::default(),
        };
        Self(Arc::new(Inner {
            role,
            clock,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
        }))
    }

    /// The role of its instances.
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// The instances as they are seen now.
    pub fn seen(&self) -> Vec<Seen> {
        let state = self.state();
        let placement = &state.placement;
        let seen = |key: &String| {
            Some(Seen {
                key: key.clone(),
                state: placement.state(key)?,
                in_flight: placement.in_flight(key),
            })
        };
        placement.keys().filter_map(seen).collect()
    }

    /// What counts changes of who is there and alive.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// Makes a call. `call` gets a channel and how long it may take. It is made once
    /// more, on another instance or over a new connection, if nobody was there, and never
    /// twice on the same connection.
    ///
    /// # Errors
    /// The instance's; `UNAVAILABLE` if nobody can be reached; `DEADLINE_EXCEEDED` after
    /// [`Terms::within`].
    pub async fn call<T, F>(
        &self,
        terms: Terms,
        call: impl Fn(Channel, Duration) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let deadline = Instant::now() + terms.within;
        let tries = self.tries(terms, deadline, call);
        let late = |_| {
            Err(Error::deadline_exceeded(format!(
                "no answer in {:?}",
                terms.within
            )))
        };
        tokio::time::timeout_at(deadline, tries)
            .await
            .unwrap_or_else(late)
    }

    async fn tries<T, F>(
        &self,
        terms: Terms,
        deadline: Instant,
        call: impl Fn(Channel, Duration) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Status>>,
    {
        let mut failed: Option<(Error, (String, u64))> = None;
        loop {
            let tried = failed.as_ref().map(|(_, tried)| tried.clone());
            let Some(mut flight) = self.place(deadline, tried).await else {
                let error = failed.map(|(error, _)| error);
                return Err(error.unwrap_or_else(|| self.nobody()));
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let is_first = failed.is_none() && self.has_another(&flight.ticket.key);
            let most = if is_first {
                terms.first_try.min(left)
            } else {
                left
            };
            let error = match tokio::time::timeout(most, call(flight.channel.clone(), most)).await {
                Ok(Ok(answer)) => {
                    flight.end(End::Success);
                    self.state().budget.succeeded();
                    return Ok(answer);
                }
                Ok(Err(status)) => error(status),
                Err(_) => Error::deadline_exceeded(format!("no answer in {most:?}")),
            };
            flight.end(end(&error));
            let failure = failure(&error, most < left);
            if failed.is_some() || !self.state().budget.failed(failure) {
                return Err(error);
            }
            tracing::warn!(instance = flight.ticket.key, %error, "call failed, trying elsewhere");
            failed = Some((error, (flight.ticket.key.clone(), flight.ticket.connection)));
        }
    }

    /// Finds somebody, and waits a little where nobody is there.
    async fn place(&self, deadline: Instant, tried: Option<(String, u64)>) -> Option<Flight> {
        let mut changes = self.changes();
        let wait = match &tried {
            Some(tried) if !self.may_wait_for_another(&tried.0) => SHORT_WAIT,
            _ => WAIT,
        };
        let until = deadline.min(Instant::now() + wait);
        loop {
            let need = Need {
                left: deadline.saturating_duration_since(Instant::now()),
                tried: tried.clone(),
            };
            if let Some(flight) = self.begin(&need) {
                return Some(flight);
            }
            let change = tokio::time::timeout_at(until, changes.changed());
            change.await.ok()?.ok()?;
        }
    }

    /// Whether somebody else serves too.
    fn has_another(&self, than: &str) -> bool {
        let state = self.state();
        let serves = |key: &String| state.placement.state(key) == Some(State::Serving);
        state.placement.keys().any(|key| key != than && serves(key))
    }

    /// Whether there is another than the one that was tried, or that one comes back.
    fn may_wait_for_another(&self, tried: &str) -> bool {
        let state = self.state();
        let is_other = |key: &String| key != tried;
        state.placement.keys().any(is_other)
            || state.placement.state(&tried.to_owned()) != Some(State::Serving)
    }

    fn begin(&self, need: &Need<String>) -> Option<Flight> {
        let now = self.0.clock.monotonic();
        let mut state = self.state();
        let ticket = state
            .placement
            .begin(need, now, [unit_random(), unit_random()])?;
        let channel = state.channels.get(&ticket.key).cloned();
        Some(Flight {
            pool: self.clone(),
            channel: channel.expect("who serves has a channel"),
            ticket,
            has_ended: false,
        })
    }

    fn nobody(&self) -> Error {
        let role = self.0.role.as_str();
        let seen = self.seen();
        if seen.is_empty() {
            return Error::unavailable(format!("no node for {role} is known"));
        }
        let each = seen
            .iter()
            .map(|s| format!("{} is {}", s.key, s.state.as_str()));
        let each: Vec<_> = each.collect();
        Error::unavailable(format!(
            "no node for {role} can be reached: {}",
            each.join(", ")
        ))
    }

    pub(crate) fn put(&self, key: &str, facts: Facts) {
        self.state().placement.put(key.to_owned(), facts);
        self.has_changed();
    }

    pub(crate) fn remove(&self, key: &str) {
        let mut state = self.state();
        state.placement.remove(&key.to_owned());
        state.channels.remove(key);
        drop(state);
        self.has_changed();
    }

    /// How the connection to an instance does; with the channel, where there is one.
    pub(crate) fn link(&self, key: &str, link: Link, channel: Option<&Channel>) {
        let mut state = self.state();
        let key = key.to_owned();
        state.placement.link(&key, link);
        if let Some(channel) = channel {
            state.channels.insert(key, channel.clone());
        }
        drop(state);
        self.has_changed();
    }

    fn has_changed(&self) {
        self.0.changed.send_modify(|count| *count += 1);
    }

    fn state(&self) -> MutexGuard<'_, Instances> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is in flight. Dropped without an end, its caller did not wait.
struct Flight {
    pool: Pool,
    channel: Channel,
    ticket: Ticket<String>,
    has_ended: bool,
}

impl Flight {
    fn end(&mut self, end: End) {
        if std::mem::replace(&mut self.has_ended, true) {
            return;
        }
        let now = self.pool.0.clock.monotonic();
        let mut state = self.pool.state();
        state.placement.end(&self.ticket, end, now, unit_random());
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.end(End::Abandoned);
    }
}

/// An error of the other side's; or of the connection, that broke within the answer:
/// then nobody is there. Only a status that was made on this side has a source.
fn error(status: Status) -> Error {
    let is_ours = std::error::Error::source(&status).is_some();
    match status.code() {
        Code::Unknown | Code::Internal | Code::Cancelled if is_ours => {
            Error::unavailable(format!("the connection was lost: {}", status.message()))
        }
        _ => status.into(),
    }
}

/// What an error says about the instance.
fn end(error: &Error) -> End {
    match error.code() {
        ErrorCode::Unavailable
        | ErrorCode::DeadlineExceeded
        | ErrorCode::Internal
        | ErrorCode::Indeterminate => End::Failed,
        ErrorCode::Overloaded | ErrorCode::NoSpace => End::Overloaded,
        ErrorCode::Cancelled => End::Abandoned,
        _ => End::Refused,
    }
}

/// What an error says about trying again; `was_cut`: there is time left after the first
/// try's.
fn failure(error: &Error, was_cut: bool) -> Failure {
    match error.code() {
        ErrorCode::Unavailable => Failure::Unavailable,
        ErrorCode::Superseded => Failure::Aborted,
        ErrorCode::DeadlineExceeded if was_cut => Failure::TimedOut,
        ErrorCode::Overloaded => Failure::Overloaded {
            says_when: error.retry_after().is_some(),
        },
        _ => Failure::Final,
    }
}
