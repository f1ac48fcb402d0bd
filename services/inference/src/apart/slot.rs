//! Where the engine finds the process that serves it: put there by the supervisor, taken for
//! an utterance, put back after it.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hark_core::engine::{Cancel, Description};

use super::process::Process;
use super::wire::Reader;

/// How often somebody who waits looks whether he still wants to.
const LOOK: Duration = Duration::from_millis(20);

/// A process that has loaded its model, and the way to it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) process: Arc<Process>,
    pub(super) stream: UnixStream,
    pub(super) reader: Reader,
    pub(super) description: Description,
}

#[derive(Debug, Default)]
pub(super) struct Slot {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    place: Place,
    /// The one that runs, also while it loads.
    process: Option<Arc<Process>>,
    /// How many were started.
    starts: u64,
    is_closed: bool,
}

#[derive(Debug, Default)]
enum Place {
    /// None is ready yet, or again.
    #[default]
    Waiting,
    Ready(Connection),
    /// It is asked something.
    Taken,
    /// There will be none any more.
    Gone(String),
}

impl Slot {
    /// A process was started; not wanted if it gives false.
    pub(super) fn started(&self, process: &Arc<Process>) -> bool {
        let mut state = self.state();
        state.starts += 1;
        state.process = Some(Arc::clone(process));
        !state.is_closed
    }

    /// It is ready.
    pub(super) fn ready(&self, connection: Connection) {
        self.place(Place::Ready(connection));
    }

    /// It has ended.
    pub(super) fn ended(&self) {
        self.state().process = None;
        self.place(Place::Waiting);
    }

    /// No other will be started.
    pub(super) fn gone(&self, why: String) {
        self.state().process = None;
        self.place(Place::Gone(why));
    }

    /// Takes what is ready, as soon as it is.
    pub(super) fn take(&self, cancel: &Cancel, patience: Duration) -> Result<Connection, Missed> {
        let began = Instant::now();
        let mut state = self.state();
        loop {
            match std::mem::replace(&mut state.place, Place::Taken) {
                Place::Ready(connection) => return Ok(connection),
                Place::Gone(why) => {
                    state.place = Place::Gone(why.clone());
                    return Err(Missed::Gone(why));
                }
                // One that was taken and is not given back has ended.
                Place::Waiting | Place::Taken => state.place = Place::Waiting,
            }
            if cancel.is_cancelled() {
                return Err(Missed::Cancelled);
            }
            if began.elapsed() > patience {
                let why = "its process takes too long to start".to_owned();
                return Err(Missed::Gone(why));
            }
            let waited = self.changed.wait_timeout(state, LOOK);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Gives back what was taken, unless it has ended meanwhile.
    pub(super) fn put(&self, connection: Connection) {
        let mut state = self.state();
        let runs = state.process.as_ref();
        if runs.is_some_and(|runs| Arc::ptr_eq(runs, &connection.process)) {
            state.place = Place::Ready(connection);
        }
    }

    /// Waits for so long, or until it is closed; says whether it is.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let state = self.state();
        let waited = self
            .changed
            .wait_timeout_while(state, pause, |s| !s.is_closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    /// Nobody needs a process any more.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        let process = state.process.clone();
        drop(state);
        self.changed.notify_all();
        if let Some(process) = process {
            process.kill();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// The number of the process that runs, and how many were started so far.
    pub(super) fn process(&self) -> (Option<u32>, u64) {
        let state = self.state();
        (state.process.as_ref().map(|p| p.id()), state.starts)
    }

    fn place(&self, place: Place) {
        self.state().place = place;
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why no process was there to take.
#[derive(Debug)]
pub(super) enum Missed {
    /// Whoever asked does not want it any more.
    Cancelled,
    /// There is none.
    Gone(String),
}

/// Whether nothing came in time.
pub(super) fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
