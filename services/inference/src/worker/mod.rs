//! The worker: one engine on its own thread, a bounded queue before it, and the handle
//! that asynchronous code holds.
//!
//! Work that nobody waits for any more, or whose deadline has passed, never reaches the
//! engine. An engine that breaks or panics fails the one request it was on; it is built
//! again, and until that succeeds the part is not ready.

mod shared;
mod thread;

use std::sync::Arc;
use std::time::Duration;

use hark_core::engine::{self, Cancel, Description, Engine, Job, Transcription};
use hark_core::queue::{Admission, WorkClass};
use hark_core::time::Monotonic;
use hark_runtime::health;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::metrics::Metrics;
use shared::{Pending, Shared};
pub(crate) use thread::lower_priority;

/// How soon a request that found the queue full may try again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Builds an engine: at the start, and again when one broke.
pub trait Factory: Send + 'static {
    /// A new engine.
    ///
    /// # Errors
    /// [`crate::Error`], as at start-up.
    fn build(&mut self) -> Result<Box<dyn Engine>, crate::Error>;
}

impl<F> Factory for F
where
    F: FnMut() -> Result<Box<dyn Engine>, crate::Error> + Send + 'static,
{
    fn build(&mut self) -> Result<Box<dyn Engine>, crate::Error> {
        self()
    }
}

/// The handle to an engine's thread, which ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Worker(Arc<Handle>);

#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    description: Description,
    metrics: Metrics,
}

/// A transcription and how long it waited.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcribed {
    /// What was heard.
    pub transcription: Transcription,
    /// Waiting for the engine.
    pub queue: Duration,
}

/// Why there is no transcription.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WorkerError {
    /// Too much waits already.
    #[error("the worker's queue is full: {capacity} utterances wait")]
    Overloaded {
        /// How many may wait.
        capacity: usize,
    },
    /// More urgent work took its place.
    #[error("given up for more urgent work")]
    Shed,
    /// The deadline passed before it was decoded.
    #[error("the deadline passed before the utterance was decoded")]
    DeadlineExceeded,
    /// The engine says no.
    #[error(transparent)]
    Engine(engine::Error),
    /// The worker ends.
    #[error("the worker is shutting down")]
    Closed,
}

impl WorkerError {
    /// Its name in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Overloaded { .. } => "overloaded",
            Self::Shed => "shed",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Engine(engine::Error::Cancelled) => "cancelled",
            Self::Engine(engine::Error::Broken(_)) => "broken",
            Self::Engine(_) => "invalid",
            Self::Closed => "closed",
        }
    }
}

impl Worker {
    /// Builds the first engine and starts its thread.
    ///
    /// # Errors
    /// What the factory says; [`crate::Error::Thread`].
    pub fn start(
        mut factory: impl Factory,
        queue_capacity: usize,
        part: health::Part,
    ) -> Result<Self, crate::Error> {
        let engine = factory.build()?;
        let description = engine.describe();
        let shared = Arc::new(Shared::new(queue_capacity));
        let metrics = Metrics::new();
        let thread = thread::EngineThread {
            shared: Arc::clone(&shared),
            factory: Box::new(factory),
            part,
            metrics: metrics.clone(),
        };
        thread.start(engine)?;
        Ok(Self(Arc::new(Handle {
            shared,
            description,
            metrics,
        })))
    }

    /// What the engine runs.
    pub fn description(&self) -> &Description {
        &self.0.description
    }

    /// How many may wait, and how many do.
    pub fn queue(&self) -> (usize, usize) {
        self.0.shared.queue()
    }

    /// Transcribes. Dropping the future cancels the work, also in mid-decode.
    ///
    /// # Errors
    /// [`WorkerError`].
    pub async fn transcribe(
        &self,
        job: Job,
        class: WorkClass,
        deadline: Option<Instant>,
    ) -> Result<Transcribed, WorkerError> {
        engine::check_audio(&job.audio).map_err(WorkerError::Engine)?;
        let handle = &*self.0;
        let cancel = Cancel::default();
        let _cancelled_when_dropped = CancelOnDrop(cancel.clone());
        let (reply, answer) = oneshot::channel();
        let pending = Pending {
            job,
            class,
            cancel,
            reply,
            arrived: Instant::now(),
            deadline,
        };
        handle.offer(pending)?;
        let answered = async { answer.await.unwrap_or(Err(WorkerError::Closed)) };
        match deadline {
            None => answered.await,
            Some(deadline) => tokio::time::timeout_at(deadline, answered)
                .await
                .unwrap_or(Err(WorkerError::DeadlineExceeded)),
        }
    }
}

impl Handle {
    /// Lets a request wait, and answers those that go for it.
    fn offer(&self, pending: Pending) -> Result<(), WorkerError> {
        let pushed = self.shared.push(pending)?;
        self.metrics.queue_length(pushed.length);
        let now = Instant::now();
        for over in pushed.over {
            let error = over.is_over(now).unwrap_or(WorkerError::DeadlineExceeded);
            over.answer(Err(error), &self.metrics);
        }
        match pushed.admission {
            Admission::Admitted => Ok(()),
            Admission::AdmittedFor(shed) => {
                shed.answer(Err(WorkerError::Shed), &self.metrics);
                Ok(())
            }
            Admission::Refused(refused) => {
                self.metrics.refused(refused.class);
                let (capacity, _) = self.shared.queue();
                Err(WorkerError::Overloaded { capacity })
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// A deadline as the queue orders it: relative to the moment the worker started.
fn monotonic(start: Instant, deadline: Instant) -> Monotonic {
    Monotonic(deadline.saturating_duration_since(start))
}

#[cfg(test)]
mod tests;
