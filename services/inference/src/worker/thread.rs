//! The engine's thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use hark_core::backoff::Backoff;
use hark_core::engine::{self, Engine};
use hark_runtime::{health, tasks};
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};
use tokio::time::Instant;

use super::shared::{Pending, Shared};
use super::{Factory, Transcribed, WorkerError};
use crate::Error;
use crate::metrics::Metrics;

/// Pauses between tries to build a broken engine again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Of 0 to 99; ordinary threads have 50 or more. Those that serve speakers go first.
const BELOW_NORMAL: u8 = 20;

pub(super) struct EngineThread {
    pub(super) shared: Arc<Shared>,
    pub(super) factory: Box<dyn Factory>,
    pub(super) part: health::Part,
    pub(super) metrics: Metrics,
}

impl EngineThread {
    pub(super) fn start(self, engine: Box<dyn Engine>) -> Result<(), Error> {
        let thread = std::thread::Builder::new().name("hark-engine".to_owned());
        thread
            .spawn(move || self.run(engine))
            .map_err(Error::Thread)?;
        Ok(())
    }

    fn run(mut self, mut engine: Box<dyn Engine>) {
        lower_priority();
        prepare(&mut *engine);
        self.part.ready();
        while let Some(pending) = self.shared.pop() {
            let (_, length) = self.shared.queue();
            self.metrics.queue_length(length);
            if self.serve(&mut *engine, pending) {
                continue;
            }
            match self.rebuild() {
                Some(rebuilt) => engine = rebuilt,
                None => return,
            }
        }
    }

    /// Serves one request; says whether the engine can go on.
    fn serve(&self, engine: &mut dyn Engine, pending: Pending) -> bool {
        if let Some(error) = pending.is_over(Instant::now()) {
            pending.answer(Err(error), &self.metrics);
            return true;
        }
        let queue = pending.arrived.elapsed();
        let run = AssertUnwindSafe(|| engine.transcribe(&pending.job, &pending.cancel));
        let result = catch_unwind(run).unwrap_or_else(|panic| {
            let message = tasks::panic_message(&*panic);
            Err(engine::Error::Broken(format!("it panicked: {message}")))
        });
        let broken = match &result {
            Err(engine::Error::Broken(message)) => Some(message.clone()),
            _ => None,
        };
        if let Ok(transcription) = &result {
            self.metrics.timed(queue, transcription.timings);
        }
        if let Some(reason) = &broken {
            tracing::error!(reason, "engine broke");
            self.part.not_ready(format!("the engine broke: {reason}"));
        }
        let answer = result
            .map(|transcription| Transcribed {
                transcription,
                queue,
            })
            .map_err(WorkerError::Engine);
        pending.answer(answer, &self.metrics);
        broken.is_none()
    }

    /// Builds the engine until that succeeds; `None` once the worker is closed.
    fn rebuild(&mut self) -> Option<Box<dyn Engine>> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let built = catch_unwind(AssertUnwindSafe(|| self.factory.build()));
            let reason = match built {
                Ok(Ok(mut engine)) => {
                    prepare(&mut *engine);
                    tracing::info!("engine built again");
                    self.part.ready();
                    return Some(engine);
                }
                Ok(Err(error)) => error.to_string(),
                Err(panic) => format!("it panicked: {}", tasks::panic_message(&*panic)),
            };
            let pause = backoff.next(tasks::unit_random());
            tracing::error!(reason, "cannot build the engine again");
            self.part
                .not_ready(format!("the engine can't be built again: {reason}"));
            if self.shared.pause(pause) {
                return None;
            }
        }
    }
}

/// Lets the engine do what its first utterance would wait for. One that can't will say so
/// then, too.
fn prepare(engine: &mut dyn Engine) {
    let prepared = catch_unwind(AssertUnwindSafe(|| engine.prepare()));
    let reason = match prepared {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(panic) => format!("it panicked: {}", tasks::panic_message(&*panic)),
    };
    tracing::warn!(reason, "cannot prepare the engine");
}

/// Lets threads that serve speakers go first; threads that the engine starts inherit it.
pub(crate) fn lower_priority() {
    let value = ThreadPriorityValue::try_from(BELOW_NORMAL);
    let value = value.expect("the constant is within 0 to 99");
    if let Err(error) = set_current_thread_priority(ThreadPriority::Crossplatform(value)) {
        tracing::warn!(?error, "cannot lower the priority of the engine's thread");
    }
}
