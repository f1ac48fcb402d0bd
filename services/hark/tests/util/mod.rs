//! Drives the real binary. Every process that is started here is killed when its handle
//! is dropped, also by a panic; every wait has a bound.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A folder for a test, and commands that see nothing of the machine's own settings.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = TempDir::with_prefix("hark-test-").unwrap();
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the test's, with that content.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// `hark` with arguments.
    pub fn hark(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hark"));
        command.args(args).current_dir(self.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HARK") {
                command.env_remove(name);
            }
        }
        command.env("HOME", self.path()).env_remove("XDG_DATA_HOME");
        command.stdin(Stdio::null());
        command
    }

    /// Runs `hark` to its end.
    pub fn run(&self, args: &[&str]) -> Ended {
        Ended::of(self.hark(args))
    }

    /// `hark up` on free ports, with state in this place's `data`.
    pub fn up(&self, args: &[&str]) -> Up {
        Up::start(self.up_command(args))
    }

    /// The command that [`Place::up`] runs.
    pub fn up_command(&self, args: &[&str]) -> Command {
        let mut command = self.hark(&["up", "--listen", "127.0.0.1:0"]);
        command.args(["--admin-listen", "127.0.0.1:0", "--data-dir", "data"]);
        // The lightest, whatever else is there; a flag overrides it.
        command.env("HARK__INFERENCE__MODEL", "nano");
        command.args(args);
        command
    }
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Waits for a command's end.
    pub fn of(mut command: Command) -> Self {
        Self::with(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// Waits for the end of a command whose output goes where it was told to.
    pub fn with(command: &mut Command) -> Self {
        let child = command.spawn().unwrap();
        let pid = Pid::from_raw(child.id().cast_signed());
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || send.send(child.wait_with_output()));
        let output: Output = receive
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| {
                kill(pid, Signal::SIGKILL).unwrap();
                panic!("{command:?} did not end");
            })
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Each line of stdout as JSON.
    pub fn json(&self) -> Vec<Value> {
        let line = |l: &str| serde_json::from_str(l).unwrap_or_else(|e| panic!("{e}: {l}"));
        self.stdout.lines().map(line).collect()
    }

    /// The one object on stdout.
    pub fn object(&self) -> Value {
        let mut objects = self.json();
        assert_eq!(objects.len(), 1, "{self:?}");
        objects.remove(0)
    }

    /// Checks the exit status, and that stderr says all of `parts`.
    #[track_caller]
    pub fn failed(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in {self:?}");
        }
    }

    /// Checks that it is done.
    #[track_caller]
    pub fn done(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// A process that is killed in the end.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the end of a process; kills it if that takes too long.
pub fn bounded(child: Child) -> ExitStatus {
    let mut child = Killed(child);
    let mut ended = None;
    until(|| {
        ended = child.0.try_wait().unwrap();
        ended.is_some()
    });
    ended.unwrap()
}

/// Looks again and again until it is so.
#[track_caller]
pub fn until(mut is_so: impl FnMut() -> bool) {
    let began = std::time::Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "it never came");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A process that runs, and the lines that it prints.
pub struct Running {
    child: Child,
    log: NamedTempFile,
    lines: mpsc::Receiver<String>,
}

impl Running {
    pub fn start(mut command: Command) -> Self {
        let log = NamedTempFile::new().unwrap();
        command.stdout(Stdio::piped()).stderr(log.reopen().unwrap());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines() {
                // Nobody has to listen.
                let _ = send.send(line.unwrap());
            }
        });
        Self { child, log, lines }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        let log = std::fs::read(self.log.path()).unwrap();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// Where its log is; it stays there as long as this is kept.
    pub fn log_file(&self) -> std::fs::File {
        self.log.reopen().unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// The next line of stdout.
    pub fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("another line")
    }

    /// Reads lines of JSON until one is as wanted.
    pub fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let value = serde_json::from_str(&self.line()).unwrap();
            if wanted(&value) {
                return value;
            }
        }
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        // Its stdout closes when it ends.
        while self.lines.recv_timeout(PATIENCE).is_ok() {}
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.log.path());
            println!("what it said:\n{}", log.unwrap_or_default());
        }
    }
}

/// A `hark up` that is ready.
pub struct Up {
    pub process: Running,
    pub address: String,
}

impl Up {
    /// Starts it and waits until it says that it listens.
    pub fn start(command: Command) -> Self {
        let process = Running::start(command);
        let line = process.line();
        let address = line.strip_prefix("listening on ").expect("an address");
        let address = address.to_owned();
        Self { process, address }
    }

    /// Asks it to end, and checks that it does so in order.
    pub fn stop(self) {
        self.process.signal(Signal::SIGTERM);
        let status = self.process.wait();
        assert_eq!(status.code(), Some(0), "{status}");
    }

    /// Kills it as a power cut would.
    pub fn kill(self) {
        self.process.signal(Signal::SIGKILL);
        self.process.wait();
    }
}

/// A clip of the demo.
pub fn clip(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("demo")
        .join(name)
        .with_extension("wav")
}

/// The device with that id, of `hark devices --json`.
pub fn device(place: &Place, up: &Up, id: &str) -> Value {
    let devices = place
        .run(&["devices", "--json", "--server", &up.address])
        .done();
    let found = devices.json().into_iter().find(|d| d["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {devices:?}"))
}

/// An object with what differs from run to run replaced by its name in brackets: each
/// path names a field, `*` all fields of an object. What is `null` stays `null`.
pub fn redacted(mut object: Value, paths: &[&str]) -> Value {
    for path in paths {
        let keys: Vec<_> = path.split('.').collect();
        redact(&mut object, &keys);
    }
    object
}

fn redact(value: &mut Value, keys: &[&str]) {
    let Some((key, rest)) = keys.split_first() else {
        return;
    };
    for (name, field) in value.as_object_mut().expect("an object") {
        if *key != "*" && key != name {
            continue;
        }
        match rest.is_empty() {
            true if !field.is_null() => *field = format!("[{name}]").into(),
            true => {}
            false => redact(field, rest),
        }
    }
}

/// A new session, as text.
pub fn session() -> String {
    hark_client::new_session().to_string()
}
