//! The thread that starts the other process, and starts it again when it ends.
//!
//! It waits for the process all the while: Linux ends a process with the thread that
//! started it, not with that thread's process.

use std::os::unix::net::UnixStream;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hark_core::backoff::Backoff;
use hark_core::engine::Description;
use hark_runtime::tasks;

use super::POLL;
use super::process::{Process, Program};
use super::slot::{Connection, Slot, is_late};
use super::wire::{Answer, AnswerFrame, Ask, AskFrame, Load, Reader, send};
use crate::metrics::Metrics;

/// The longest that a model may take to load.
const LOADING: Duration = Duration::from_mins(5);
/// Pauses before it is started once more; the first time there is none.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A process that ran for so long is no failure when it ends.
const LIVED: Duration = Duration::from_mins(1);
/// After so many failures in a row it is not started again.
const MOST_FAILURES: u32 = 5;

pub(super) struct Supervisor {
    pub(super) program: Program,
    pub(super) load: Load,
    pub(super) slot: Arc<Slot>,
}

impl Supervisor {
    pub(super) fn run(self) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut failures = 0;
        let mut has_been_ready = false;
        loop {
            let began = Instant::now();
            let why = match self.serve(&mut has_been_ready) {
                Ok(status) => format!("its process ended: {status}"),
                Err(Unable::Refused(why)) => return self.slot.gone(why),
                Err(Unable::Failed(why)) => why,
            };
            if self.slot.is_closed() {
                return self.slot.gone("it was ended".to_owned());
            }
            tracing::error!(reason = why, "engine process ended");
            if began.elapsed() > LIVED {
                failures = 0;
                backoff.reset();
            }
            failures += 1;
            if failures > MOST_FAILURES || !has_been_ready {
                return self.slot.gone(why);
            }
            self.slot.ended();
            if failures > 1 && self.slot.pause(backoff.next(tasks::unit_random())) {
                return self.slot.gone("it was ended".to_owned());
            }
        }
    }

    /// Starts a process, offers it, and waits until it ends.
    fn serve(&self, has_been_ready: &mut bool) -> Result<ExitStatus, Unable> {
        let (process, stream) = Process::start(&self.program)
            .map_err(|error| Unable::Failed(format!("its process can't be started: {error}")))?;
        let process = Arc::new(process);
        Metrics::engine_started(hark_whisper_cpp::NAME);
        if !self.slot.started(&process) {
            process.kill();
        }
        let loaded = match load(&stream, &self.load) {
            Ok((reader, description)) => {
                *has_been_ready = true;
                tracing::info!(process = process.id(), "engine process ready");
                self.slot.ready(Connection {
                    process: Arc::clone(&process),
                    stream,
                    reader,
                    description,
                });
                Ok(())
            }
            Err(unable) => {
                process.kill();
                Err(unable)
            }
        };
        let ended = process.wait();
        let failed = |why: String| Unable::Failed(why);
        let status = ended.map_err(|error| failed(format!("its process is lost: {error}")))?;
        match loaded {
            Ok(()) => Ok(status),
            Err(Unable::Failed(why)) => Err(failed(format!("{why} ({status})"))),
            Err(refused) => Err(refused),
        }
    }
}

/// Why no process is ready.
enum Unable {
    /// It can't load the model, and says why.
    Refused(String),
    /// It did not come so far.
    Failed(String),
}

/// Has the model loaded, and gives what runs.
fn load(stream: &UnixStream, load: &Load) -> Result<(Reader, Description), Unable> {
    let io = |error: std::io::Error| {
        Unable::Failed(match is_late(&error) {
            true => format!("its process has not loaded the model in {LOADING:?}"),
            false => format!("its process ended before it was ready: {error}"),
        })
    };
    let ask = AskFrame {
        ask: Some(Ask::Load(load.into())),
    };
    stream.set_write_timeout(Some(LOADING)).map_err(io)?;
    stream.set_read_timeout(Some(LOADING)).map_err(io)?;
    send(stream, &ask).map_err(io)?;
    let mut reader = Reader::default();
    let answer: Option<AnswerFrame> = reader.next(stream).map_err(io)?;
    match answer.and_then(|frame| frame.answer) {
        Some(Answer::Ready(runs)) => {
            stream.set_read_timeout(Some(POLL)).map_err(io)?;
            let description = runs.description(hark_whisper_cpp::NAME).map_err(io)?;
            Ok((reader, description))
        }
        Some(Answer::Refused(why)) => Err(Unable::Refused(why)),
        Some(_) => Err(Unable::Failed("its process answers nonsense".to_owned())),
        None => Err(io(std::io::ErrorKind::UnexpectedEof.into())),
    }
}
