//! The engine port, as a process of its own serves it.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hark_core::engine::{self, Cancel, Description, Engine, Job, Transcription, check_audio};

use super::process::Program;
use super::slot::{Connection, Missed, Slot, is_late};
use super::supervisor::Supervisor;
use super::wire::{Answer, AnswerFrame, Ask, AskFrame, Load, Utterance, send};
use crate::Error;

/// An utterance is tried so often: a process that died in it may have been at its end
/// anyway, but an utterance that ends two is not tried on a third.
const TRIES: usize = 2;
/// A process that does not answer for so long is taken for dead.
const PATIENCE: Duration = Duration::from_mins(2);

/// An engine in a process of its own, which ends with it.
#[derive(Debug)]
pub struct Apart {
    slot: Arc<Slot>,
    supervisor: Option<JoinHandle<()>>,
    description: Description,
    asked: u64,
}

impl Apart {
    /// Starts the process, and waits until it has loaded the model.
    ///
    /// # Errors
    /// [`Error::Apart`]: why it can't.
    pub fn start(program: Program, load: Load) -> Result<Self, Error> {
        let slot = Arc::new(Slot::default());
        let supervisor = Supervisor {
            program,
            load,
            slot: Arc::clone(&slot),
        };
        let thread = std::thread::Builder::new().name("hark-engine-keeper".to_owned());
        let supervisor = thread.spawn(move || supervisor.run());
        let mut apart = Self {
            slot,
            supervisor: Some(supervisor.map_err(Error::Thread)?),
            description: Description {
                model: String::new(),
                engine: hark_whisper_cpp::NAME,
                languages: Vec::new(),
            },
            asked: 0,
        };
        match apart.slot.take(&Cancel::default(), Duration::MAX) {
            Ok(connection) => {
                apart.description = connection.description.clone();
                apart.slot.put(connection);
                Ok(apart)
            }
            Err(Missed::Gone(why)) => Err(Error::Apart(why)),
            Err(Missed::Cancelled) => Err(Error::Apart("it is not wanted".to_owned())),
        }
    }

    /// What can be seen of its processes, from anywhere.
    pub fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.slot))
    }
}

/// Sees an engine's processes come and go.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Slot>);

impl Watch {
    /// The number of the process, if one runs, also while it loads.
    pub fn process(&self) -> Option<u32> {
        self.0.process().0
    }

    /// How many have been started.
    pub fn starts(&self) -> u64 {
        self.0.process().1
    }
}

impl Engine for Apart {
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn transcribe(&mut self, job: &Job, cancel: &Cancel) -> Result<Transcription, engine::Error> {
        check_audio(&job.audio)?;
        self.asked += 1;
        let mut why = String::new();
        for _ in 0..TRIES {
            let mut connection = match self.slot.take(cancel, PATIENCE) {
                Ok(connection) => connection,
                Err(Missed::Cancelled) => return Err(engine::Error::Cancelled),
                Err(Missed::Gone(why)) => return Err(engine::Error::Broken(why)),
            };
            match ask(&mut connection, self.asked, job, cancel) {
                Ok(answer) => {
                    self.slot.put(connection);
                    return answer;
                }
                Err(error) => {
                    tracing::warn!(%error, "engine process lost in an utterance");
                    why = error.to_string();
                    // One that only does not answer, or nonsense, is of no use either.
                    connection.process.kill();
                }
            }
            if cancel.is_cancelled() {
                return Err(engine::Error::Cancelled);
            }
        }
        let times = format!("its process was lost {TRIES} times in one utterance: {why}");
        Err(engine::Error::Broken(times))
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        self.slot.close();
        if let Some(supervisor) = self.supervisor.take()
            && supervisor.join().is_err()
        {
            tracing::error!("the keeper of the engine's process panicked");
        }
    }
}

/// Asks for an utterance and waits for what becomes of it. An error says that the process
/// is of no more use.
fn ask(
    connection: &mut Connection,
    id: u64,
    job: &Job,
    cancel: &Cancel,
) -> io::Result<Result<Transcription, engine::Error>> {
    let Connection { stream, reader, .. } = connection;
    let stream = &*stream;
    let utterance = Some(Ask::Transcribe(Utterance::new(id, job)));
    send(stream, &AskFrame { ask: utterance })?;
    let began = Instant::now();
    let mut is_told = false;
    loop {
        let frame = match reader.next::<AnswerFrame>(stream) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if is_late(&error) => {
                if cancel.is_cancelled() && !is_told {
                    let ask = Some(Ask::Cancel(id));
                    send(stream, &AskFrame { ask })?;
                    is_told = true;
                }
                if began.elapsed() > PATIENCE {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        match frame.answer {
            Some(Answer::Heard(heard)) if heard.id == id => {
                return heard.transcription().map(Ok);
            }
            Some(Answer::Failed(failed)) if failed.id == id => {
                return Ok(Err(failed.error()));
            }
            _ => {
                let why = "it answers what it was not asked";
                return Err(io::Error::new(io::ErrorKind::InvalidData, why));
            }
        }
    }
}
