//! The other process: it loads one model and transcribes what it is given, until nobody
//! gives it anything any more.

use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use hark_core::engine::{self, Cancel, Engine, Transcription};
use hark_runtime::tasks;
use hark_whisper::Context;
use hark_whisper_cpp::{Settings, WhisperCppEngine};
use rustix::process::{DumpableBehavior, Signal};
use tokio::signal::unix::{SignalKind, signal};

use super::wire::{
    Answer, AnswerFrame, Ask, AskFrame, Failed, Heard, Load, Reader, Utterance, send,
};
use crate::{Error, worker};

/// Serves the process that started this one, over standard input, until it hangs up.
///
/// # Errors
/// [`Error::Apart`] if nobody is there, or talks nonsense.
pub async fn run() -> Result<(), Error> {
    let failed = |error: io::Error| Error::Apart(error.to_string());
    let lost = |error: rustix::io::Errno| Error::Apart(error.to_string());
    // However it ends: nobody would hear what this one says.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(lost)?;
    // What is said in a house is not written to a disk, in a core neither.
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(lost)?;
    // A service manager ends all processes of a service at once. What is under way is
    // finished: this one ends when it is hung up on.
    let _term = signal(SignalKind::terminate()).map_err(failed)?;
    let _interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let stream = io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
    let stream = UnixStream::from(stream);
    stream.peer_addr().map_err(|_| {
        Error::Apart("is started by Hark itself, not by people: nobody is there".to_owned())
    })?;
    let served = tokio::task::spawn_blocking(move || serve(&stream));
    let served = served.await.map_err(io::Error::from).map_err(failed)?;
    served.map_err(failed)
}

/// Serves whoever is at the other end.
fn serve(stream: &UnixStream) -> io::Result<()> {
    let mut reader = Reader::default();
    let first: Option<AskFrame> = reader.next(stream)?;
    let load = match first.and_then(|frame| frame.ask) {
        Some(Ask::Load(load)) => Load::from(load),
        Some(_) => return Err(io::ErrorKind::InvalidData.into()),
        None => return Ok(()),
    };
    let (jobs, next) = mpsc::sync_channel(1);
    let answers = stream.try_clone()?;
    let thread = std::thread::Builder::new().name("hark-engine".to_owned());
    let thread = thread.spawn(move || work(&load, &next, &answers))?;
    let listened = listen(stream, &mut reader, &jobs);
    // It ends with what it is at.
    drop(jobs);
    let worked = thread.join().unwrap_or(Err(io::ErrorKind::Other.into()));
    listened.and(worked)
}

/// Hands on what is asked, and cancels it, until the other end hangs up.
fn listen(
    stream: &UnixStream,
    reader: &mut Reader,
    jobs: &mpsc::SyncSender<(Utterance, Cancel)>,
) -> io::Result<()> {
    let mut current: Option<(u64, Cancel)> = None;
    let ended = loop {
        let frame: AskFrame = match reader.next(stream) {
            Ok(Some(frame)) => frame,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        match frame.ask {
            Some(Ask::Transcribe(utterance)) => {
                let cancel = Cancel::default();
                current = Some((utterance.id, cancel.clone()));
                if jobs.send((utterance, cancel)).is_err() {
                    break Ok(());
                }
            }
            Some(Ask::Cancel(id)) => match &current {
                Some((asked, cancel)) if *asked == id => cancel.cancel(),
                _ => {}
            },
            Some(Ask::Load(_)) | None => break Err(io::ErrorKind::InvalidData.into()),
        }
    };
    if let Some((_, cancel)) = current {
        cancel.cancel();
    }
    ended
}

/// The engine's thread.
fn work(
    load: &Load,
    jobs: &mpsc::Receiver<(Utterance, Cancel)>,
    answers: &UnixStream,
) -> io::Result<()> {
    worker::lower_priority();
    let answer = |answer: Answer| {
        let frame = AnswerFrame {
            answer: Some(answer),
        };
        send(answers, &frame)
    };
    let mut engine = match engine(load) {
        Ok(engine) => engine,
        Err(error) => return answer(Answer::Refused(error.to_string())),
    };
    answer(Answer::Ready(engine.describe().into()))?;
    for (utterance, cancel) in jobs {
        let id = utterance.id;
        answer(match transcribe(&mut engine, &utterance, &cancel) {
            Ok(heard) => Answer::Heard(Heard::new(id, &heard)),
            Err(error) => Answer::Failed(Failed::new(id, error)),
        })?;
    }
    Ok(())
}

fn engine(load: &Load) -> Result<WhisperCppEngine, Error> {
    let settings = Settings {
        threads: NonZeroUsize::new(load.threads),
        context: load.is_full.then_some(Context::Full),
    };
    let mut engine = WhisperCppEngine::load(&load.path, settings)?;
    engine
        .prepare()
        .map_err(|error| Error::Apart(error.to_string()))?;
    Ok(engine)
}

fn transcribe(
    engine: &mut WhisperCppEngine,
    utterance: &Utterance,
    cancel: &Cancel,
) -> Result<Transcription, engine::Error> {
    let broken = |why: String| engine::Error::Broken(why);
    let job = utterance.job().map_err(|error| broken(error.to_string()))?;
    let transcribe = AssertUnwindSafe(|| engine.transcribe(&job, cancel));
    catch_unwind(transcribe).unwrap_or_else(|panic| {
        let message = tasks::panic_message(&*panic);
        Err(broken(format!("it panicked: {message}")))
    })
}
