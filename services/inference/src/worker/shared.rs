//! What the handle and the engine's thread share: the queue.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hark_core::engine::{self, Cancel, Job};
use hark_core::queue::{Admission, WorkClass, WorkQueue};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Transcribed, WorkerError, monotonic};
use crate::metrics::Metrics;

/// A request that waits.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) job: Job,
    pub(super) class: WorkClass,
    pub(super) cancel: Cancel,
    pub(super) reply: oneshot::Sender<Result<Transcribed, WorkerError>>,
    pub(super) arrived: Instant,
    pub(super) deadline: Option<Instant>,
}

impl Pending {
    /// Answers whoever waits, if anybody still does.
    pub(super) fn answer(self, answer: Result<Transcribed, WorkerError>, metrics: &Metrics) {
        metrics.finished(self.class, answer.as_ref().err());
        // Nobody there any more is fine: that is what cancelling looks like.
        drop(self.reply.send(answer));
    }

    /// Why it need not be done any more, if so.
    pub(super) fn is_over(&self, now: Instant) -> Option<WorkerError> {
        if self.cancel.is_cancelled() || self.reply.is_closed() {
            return Some(WorkerError::Engine(engine::Error::Cancelled));
        }
        let has_passed = self.deadline.is_some_and(|d| d <= now);
        has_passed.then_some(WorkerError::DeadlineExceeded)
    }
}

/// What became of a request that was offered, and of others by it.
#[derive(Debug)]
pub(super) struct Pushed {
    pub(super) admission: Admission<Pending>,
    /// Requests that nobody needs any more, taken out.
    pub(super) over: Vec<Pending>,
    /// How many wait now.
    pub(super) length: usize,
}

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    start: Instant,
}

#[derive(Debug)]
struct State {
    queue: WorkQueue<Pending>,
    closed: bool,
}

impl Shared {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
            queue: WorkQueue::new(capacity),
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            start: Instant::now(),
        }
    }

    /// Capacity and length of the queue.
    pub(super) fn queue(&self) -> (usize, usize) {
        let state = self.state();
        (state.queue.capacity(), state.queue.len())
    }

    /// Offers a request. When the queue is full, those that nobody needs any more make
    /// room first.
    pub(super) fn push(&self, pending: Pending) -> Result<Pushed, WorkerError> {
        let mut state = self.state();
        if state.closed {
            return Err(WorkerError::Closed);
        }
        let over = match state.queue.len() < state.queue.capacity() {
            true => Vec::new(),
            false => {
                let now = Instant::now();
                state.queue.remove_if(|p| p.is_over(now).is_some())
            }
        };
        let deadline = pending.deadline.map(|d| monotonic(self.start, d));
        let admission = state.queue.push(pending.class, deadline, pending);
        let length = state.queue.len();
        drop(state);
        self.changed.notify_one();
        Ok(Pushed {
            admission,
            over,
            length,
        })
    }

    /// The most urgent request, once there is one; `None` once the worker is closed.
    pub(super) fn pop(&self) -> Option<Pending> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(pending) = state.queue.pop() {
                return Some(pending);
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for so long, or until the worker is closed; says whether it is.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let state = self.state();
        let waited = self.changed.wait_timeout_while(state, pause, |s| !s.closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// Ends the worker: what waits is answered [`WorkerError::Closed`].
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        drop(state.queue.remove_if(|_| true));
        drop(state);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
