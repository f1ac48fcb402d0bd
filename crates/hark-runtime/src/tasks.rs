//! Supervised tasks: each has a name, a span, and a policy for its failure.
//!
//! A panic is a failure like an error. All tasks end within a bound: they are asked to
//! through the [`Drain`], and dropped when the grace is over.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use hark_core::backoff::Backoff;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::Error;
use crate::drain::Drain;

/// The tasks of a process. Clones share them.
#[derive(Debug, Clone)]
pub struct Tasks(Arc<Shared>);

/// What follows when a task fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The process can't go on: it drains and ends with the task's error.
    Shutdown,
    /// The failure is logged, the rest goes on.
    Log,
}

/// What a task ends with: nothing, or a result whose error is its failure.
pub trait Outcome: Send + 'static {
    /// Why the task failed; `None` if it did not.
    fn failure(self) -> Option<String>;
}

impl Outcome for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Display + Send + 'static> Outcome for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|e| e.to_string())
    }
}

#[derive(Debug)]
struct Shared {
    drain: Drain,
    tracker: TaskTracker,
    /// Tasks that go on while others finish.
    background: TaskTracker,
    /// The others have finished.
    finished: CancellationToken,
    kill: CancellationToken,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<&'static str, usize>,
    failure: Option<(&'static str, String)>,
}

impl Tasks {
    /// No tasks yet; `drain` is what asks them to end, and what a task's failure requests.
    pub fn new(drain: Drain) -> Self {
        Self(Arc::new(Shared {
            drain,
            tracker: TaskTracker::new(),
            background: TaskTracker::new(),
            finished: CancellationToken::new(),
            kill: CancellationToken::new(),
            state: Mutex::default(),
        }))
    }

    /// What asks the tasks to end.
    pub fn drain(&self) -> &Drain {
        &self.0.drain
    }

    /// Runs a task to its end.
    pub fn spawn<F>(&self, name: &'static str, on_failure: OnFailure, future: F)
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let shared = Arc::clone(&self.0);
        self.track(name, async move {
            if let Some(message) = outcome(future).await {
                shared.failed(name, on_failure, message);
            }
        });
    }

    /// Runs a task that the others may need to the last: it is dropped once they have
    /// ended. Its failure is one of the process.
    pub fn spawn_background<F>(&self, name: &'static str, future: F)
    where
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let shared = Arc::clone(&self.0);
        let span = tracing::info_span!("task", name);
        let task = async move {
            let finished = shared.finished.clone();
            let ended = finished.run_until_cancelled(outcome(future)).await;
            if let Some(Some(message)) = ended {
                shared.failed(name, OnFailure::Shutdown, message);
            }
        };
        self.0.background.spawn(task.instrument(span));
    }

    /// Runs a task again whenever it fails, after a pause that grows; until it ends
    /// without a failure, or the drain is requested.
    pub fn spawn_restarting<M, F>(&self, name: &'static str, backoff: Backoff, mut make: M)
    where
        M: FnMut() -> F + Send + 'static,
        F: Future + Send + 'static,
        F::Output: Outcome,
    {
        let drain = self.0.drain.clone();
        let mut backoff = backoff;
        self.track(name, async move {
            loop {
                let started = tokio::time::Instant::now();
                let Some(message) = outcome(make()).await else {
                    return;
                };
                let pause = backoff.after_running(started.elapsed(), unit_random());
                let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                tracing::warn!(error = message, pause_ms, "task failed, starting it again");
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = drain.requested() => return,
                }
            }
        });
    }

    /// Waits until the drain is requested (a failure requests it too), then until all
    /// tasks have ended; drops those that still run after `grace`.
    ///
    /// # Errors
    /// [`Error::Task`] if a task with [`OnFailure::Shutdown`] failed.
    pub async fn finish(&self, grace: Duration) -> Result<(), Error> {
        self.0.drain.requested().await;
        self.0.tracker.close();
        tokio::select! {
            () = self.0.tracker.wait() => {}
            () = self.0.drain.overdue(grace) => {
                let running: Vec<_> = self.0.state().running.keys().copied().collect();
                tracing::warn!(?running, "tasks did not end in time");
                self.0.kill.cancel();
                self.0.tracker.wait().await;
            }
        }
        self.0.finished.cancel();
        self.0.background.close();
        self.0.background.wait().await;
        match self.0.state().failure.take() {
            Some((name, message)) => Err(Error::Task { name, message }),
            None => Ok(()),
        }
    }

    fn track(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let guard = Running::new(Arc::clone(&self.0), name);
        let kill = self.0.kill.clone();
        let span = tracing::info_span!("task", name);
        let task = async move {
            let _guard = guard;
            kill.run_until_cancelled(future).await;
        };
        self.0.tracker.spawn(task.instrument(span));
    }
}

/// Runs a future and says why it failed, a panic included.
async fn outcome<F>(future: F) -> Option<String>
where
    F: Future,
    F::Output: Outcome,
{
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(outcome) => outcome.failure(),
        Err(panic) => Some(format!("it panicked: {}", panic_message(&*panic))),
    }
}

/// What a panic said.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// A random number from 0 up to 1, good enough to spread retries.
pub fn unit_random() -> f64 {
    use std::hash::{BuildHasher as _, RandomState};
    let bits = RandomState::new().hash_one(std::thread::current().id());
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, name: &'static str, on_failure: OnFailure, message: String) {
        tracing::error!(error = message, "task failed");
        if on_failure == OnFailure::Shutdown {
            self.state().failure.get_or_insert((name, message));
            self.drain.request();
        }
    }
}

/// Counts a task as running while it lives.
struct Running(Arc<Shared>, &'static str);

impl Running {
    fn new(shared: Arc<Shared>, name: &'static str) -> Self {
        *shared.state().running.entry(name).or_default() += 1;
        Self(shared, name)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if let Some(count) = state.running.get_mut(self.1) {
            *count -= 1;
            if *count == 0 {
                state.running.remove(self.1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const GRACE: Duration = Duration::from_secs(5);

    #[tokio::test(start_paused = true)]
    async fn a_failure_ends_the_process_where_that_is_its_policy() {
        let tasks = Tasks::new(Drain::new());
        tasks.spawn("lamp", OnFailure::Log, async { Err::<(), _>("dark") });
        tasks.spawn("heart", OnFailure::Shutdown, async {
            Err::<(), _>("it stopped")
        });
        let error = tasks.finish(GRACE).await.unwrap_err();
        assert_eq!(error.to_string(), "the task `heart` failed: it stopped");
        assert!(tasks.drain().is_requested());
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_a_failure() {
        let tasks = Tasks::new(Drain::new());
        tasks.spawn("heart", OnFailure::Shutdown, async {
            assert_eq!(1 + 1, 3, "ouch");
        });
        let error = tasks.finish(GRACE).await.unwrap_err().to_string();
        assert!(
            error.starts_with("the task `heart` failed: it panicked: "),
            "{error}"
        );
        assert!(error.contains("ouch"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_end_when_asked_and_are_dropped_when_they_do_not() {
        let tasks = Tasks::new(Drain::new());
        let drain = tasks.drain().clone();
        tasks.spawn(
            "polite",
            OnFailure::Log,
            async move { drain.requested().await },
        );
        tasks.spawn("stubborn", OnFailure::Log, std::future::pending::<()>());
        tasks.drain().request();
        let start = tokio::time::Instant::now();
        tasks.finish(GRACE).await.unwrap();
        assert_eq!(start.elapsed(), GRACE);
        assert!(tasks.0.state().running.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn background_tasks_go_on_until_the_others_have_ended() {
        let tasks = Tasks::new(Drain::new());
        let (ask, mut asked) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<u8>>(1);
        tasks.spawn_background("answers", async move {
            while let Some(reply) = asked.recv().await {
                reply.send(7).unwrap();
            }
        });
        let drain = tasks.drain().clone();
        tasks.spawn("asks late", OnFailure::Shutdown, async move {
            drain.requested().await;
            let (reply, answer) = tokio::sync::oneshot::channel();
            ask.send(reply).await.unwrap();
            assert_eq!(answer.await, Ok(7));
            // It keeps its end of the channel: only the end of all others ends the other.
            std::mem::forget(ask);
        });
        tasks.drain().request();
        tasks.finish(GRACE).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_starts_again_until_it_succeeds() {
        let tasks = Tasks::new(Drain::new());
        let drain = tasks.drain().clone();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        tasks.spawn_restarting("link", backoff, move || {
            let run = counted.fetch_add(1, Ordering::SeqCst);
            let drain = drain.clone();
            async move {
                if run < 3 {
                    return Err("down");
                }
                drain.request();
                Ok(())
            }
        });
        tasks.finish(GRACE).await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn random_numbers_stay_in_their_interval() {
        assert!((0..1000).all(|_| (0.0..1.0).contains(&unit_random())));
    }
}
