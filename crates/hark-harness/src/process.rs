//! A program that runs for as long as its handle does.
//!
//! Children are started by one thread that lives as long as this process, because the
//! kernel's "kill me when my parent dies" means the thread that started them, and each
//! test has a thread of its own.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Error;

/// Between two looks at something that is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOG_LINES: usize = 25;
const PAUSE_LIMIT: Duration = Duration::from_secs(30);

/// What to run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Variables that it gets besides those of this process.
    pub variables: Vec<(OsString, OsString)>,
    /// Where everything it prints goes, after what is there already.
    pub log: PathBuf,
}

/// A running program. Dropping it kills it and waits for its end.
#[derive(Debug)]
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it.
    ///
    /// # Errors
    /// [`Error::Spawn`].
    pub fn start(&self) -> Result<Running, Error> {
        let failed = |source| Error::Spawn {
            program: self.path.clone(),
            source,
        };
        let child = self.command().and_then(spawn).map_err(failed)?;
        Ok(Running {
            child,
            log: self.log.clone(),
        })
    }

    fn command(&self) -> io::Result<Command> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        // Where the system has no `setpriv`, Drop alone ends the program.
        let mut command = if Path::new("/usr/bin/setpriv").exists() {
            let mut command = Command::new("/usr/bin/setpriv");
            command.args(["--pdeathsig", "KILL", "--"]).arg(&self.path);
            command
        } else {
            Command::new(&self.path)
        };
        command.args(&self.args).envs(self.variables.clone());
        command.stdin(Stdio::null()).stdout(log.try_clone()?);
        command.stderr(log);
        Ok(command)
    }
}

impl Running {
    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it, as `kill -9` does, and waits for its end.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn kill(&mut self) -> Result<(), Error> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// [`Error::Signal`].
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        let pid = i32::try_from(self.child.id()).expect("Linux's process ids are small");
        Ok(kill(Pid::from_raw(pid), signal)?)
    }

    /// Stops it in its tracks. A thread stops only when it is next scheduled, so this
    /// returns once all of them stand.
    ///
    /// # Errors
    /// [`Error::Signal`], [`Error::NotReady`].
    pub fn pause(&mut self) -> Result<(), Error> {
        self.signal(Signal::SIGSTOP)?;
        let tasks = PathBuf::from(format!("/proc/{}/task", self.pid()));
        self.wait_for("a standstill", PAUSE_LIMIT, || all_stand(&tasks))
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until `look` finds what it looks for.
    ///
    /// # Errors
    /// [`Error::NotReady`] after `limit`, or when the program has ended.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut() -> Option<T>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        loop {
            if let Some(found) = look() {
                return Ok(found);
            }
            if began.elapsed() > limit || self.has_ended() {
                return Err(Error::NotReady {
                    what: what.to_owned(),
                    seconds: began.elapsed().as_secs(),
                    log: self.log_tail(),
                });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// The last lines that it printed.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.kill();
    }
}

/// Whether every thread is stopped, as far as the kernel says.
fn all_stand(tasks: &Path) -> Option<()> {
    let stands = |task: std::fs::DirEntry| {
        // `id (name) state …`; the name may hold anything.
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        let state = stat.rsplit_once(") ")?.1;
        state.starts_with('T').then_some(())
    };
    std::fs::read_dir(tasks)
        .ok()?
        .flatten()
        .try_for_each(stands)
}

/// A command, and who waits for what comes of it.
struct Order(Command, Sender<io::Result<Child>>);

fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (orders, received) = channel::<Order>();
        std::thread::spawn(move || {
            for Order(mut command, answer) in received {
                // Who asked may be gone; then the child goes with it.
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    let (answer, answered) = channel();
    let gone = || io::Error::other("the thread that starts programs is gone");
    let orders = spawner.lock().map_err(|_| gone())?;
    orders.send(Order(command, answer)).map_err(|_| gone())?;
    drop(orders);
    answered.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(folder: &Path) -> Running {
        let program = Program {
            path: PathBuf::from("/bin/sh"),
            args: vec!["-c".into(), "echo here; exec sleep 1000".into()],
            variables: vec![],
            log: folder.join("log"),
        };
        program.start().expect("there is a shell")
    }

    fn exists(pid: u32) -> bool {
        Path::new(&format!("/proc/{pid}")).exists()
    }

    #[test]
    fn it_outlives_the_thread_that_asked_for_it_and_not_its_handle() {
        let folder = tempfile::tempdir().expect("there is a place for files");
        let path = folder.path().to_owned();
        let mut running = std::thread::spawn(move || sleeper(&path)).join().expect("");
        let limit = Duration::from_secs(30);
        let tail = std::cell::RefCell::new(String::new());
        let log = folder.path().join("log");
        let said = || {
            *tail.borrow_mut() = std::fs::read_to_string(&log).ok()?;
            tail.borrow().contains("here").then_some(())
        };
        running
            .wait_for("its first word", limit, said)
            .expect("it speaks");
        assert!(!running.has_ended());
        let pid = running.pid();
        drop(running);
        assert!(!exists(pid));
    }

    #[test]
    fn a_paused_program_stands_and_goes_on() {
        let folder = tempfile::tempdir().expect("there is a place for files");
        let mut running = sleeper(folder.path());
        running.pause().expect("it runs");
        let tasks = PathBuf::from(format!("/proc/{}/task", running.pid()));
        assert_eq!(all_stand(&tasks), Some(()));
        running.signal(Signal::SIGCONT).expect("it exists");
        let limit = Duration::from_secs(30);
        let goes_on = || all_stand(&tasks).is_none().then_some(());
        running
            .wait_for("going on", limit, goes_on)
            .expect("it goes on");
    }

    #[test]
    fn waiting_ends_when_the_program_does() {
        let folder = tempfile::tempdir().expect("there is a place for files");
        let mut running = sleeper(folder.path());
        running.signal(Signal::SIGKILL).expect("it runs");
        let error = running
            .wait_for("a miracle", Duration::from_secs(60), || None::<()>)
            .expect_err("it is gone");
        assert!(error.to_string().contains("a miracle"), "{error}");
    }
}
