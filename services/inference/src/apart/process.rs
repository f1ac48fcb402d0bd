//! The other process: how it is started, waited for and ended.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// The subcommand with which a program becomes an engine's process.
pub const SUBCOMMAND: &str = "engine";

/// A program that knows [`SUBCOMMAND`].
#[derive(Debug, Clone)]
pub struct Program(PathBuf);

impl Program {
    /// The one that runs; as it was when it was started, also if another version has been
    /// installed since.
    pub fn this() -> Self {
        let path = std::env::current_exe().ok().filter(|path| path.exists());
        Self(path.unwrap_or_else(|| "/proc/self/exe".into()))
    }

    /// That of a file.
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self(path.as_ref().to_owned())
    }
}

/// A process that was started. Others may end it while one waits for it.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    /// Gone once it has ended, so that nobody ends what has its number then.
    child: Mutex<Option<Child>>,
}

impl Process {
    /// Starts one, and gives this end of what joins it to us.
    pub(super) fn start(program: &Program) -> io::Result<(Self, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(&program.0)
            .arg(SUBCOMMAND)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            // An assertion of ggml would start a debugger for its last words.
            .env("GGML_NO_BACKTRACE", "1")
            // What is typed at our terminal is for us: we end it when we are done with it.
            .process_group(0)
            .spawn()?;
        let process = Self {
            id: child.id(),
            child: Mutex::new(Some(child)),
        };
        Ok((process, ours))
    }

    /// Its number.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Waits until it ends, and says how. One thread may wait, once.
    pub(super) fn wait(&self) -> io::Result<ExitStatus> {
        let id = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        let id = id.ok_or(io::ErrorKind::NotFound)?;
        // It keeps its number until it is asked how it ended.
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(error) = waitid(WaitId::Pid(id), options) {
            if error != rustix::io::Errno::INTR {
                return Err(error.into());
            }
        }
        let child = self.child().take();
        child.ok_or(io::ErrorKind::NotFound)?.wait()
    }

    /// Ends it now, if it has not ended. It has nothing to lose.
    pub(super) fn kill(&self) {
        if let Some(child) = self.child().as_mut()
            && let Err(error) = child.kill()
        {
            tracing::warn!(%error, "cannot end the engine's process");
        }
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
