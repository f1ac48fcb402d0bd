//! The engine in a process of its own: it hears what it would hear in ours, and an end of
//! that process costs a second try.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{Cancel, Engine, Error, Job, Transcription};
use hark_inference::apart::{Apart, Load, Program};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longer than any of these tests takes.
const LONG: Duration = Duration::from_secs(120);

fn tree() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_hark-inference"))
}

fn load(is_full: bool) -> Load {
    Load {
        path: tree().join("models/hark-nano"),
        // Its threads spin while they wait for each other.
        threads: 1,
        is_full,
    }
}

fn start() -> Apart {
    Apart::start(program(), load(true)).unwrap()
}

/// "Schalte das Licht im Flur ein".
fn job() -> Job {
    let path = tree().join("crates/hark-whisper/tests/data/flur-ein.wav");
    let mut reader = hound::WavReader::open(path).unwrap();
    Job {
        audio: Pcm::from_i16(reader.samples::<i16>().map(Result::unwrap)),
        languages: vec![Language::german()],
    }
}

fn heard(engine: &mut Apart) -> Result<Transcription, Error> {
    engine.transcribe(&job(), &Cancel::default())
}

fn signal(id: u32, signal: Signal) {
    kill(pid(id), signal).unwrap();
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap())
}

/// Whether a process has gone, or only waits to be asked how it ended.
fn has_gone(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"));
    stat.map_or(true, |stat| stat.contains(") Z "))
}

fn wait_for(mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < LONG, "the condition is never reached");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ends the process with a signal in the middle of an utterance: it has begun to compute,
/// and, standing still, has not answered. Gives what came of the utterance; none if it
/// answered too soon.
fn end_in_an_utterance(engine: &mut Apart, with: Signal) -> Option<Transcription> {
    let id = engine.watch().process().unwrap();
    let before = cpu_ticks(id);
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| heard(engine));
        wait_for(|| cpu_ticks(id) > before || asked.is_finished());
        signal(id, Signal::SIGSTOP);
        let has_answered = asked.is_finished();
        if !has_answered {
            signal(id, with);
        }
        signal(id, Signal::SIGCONT);
        let heard = asked.join().unwrap().unwrap();
        (!has_answered).then_some(heard)
    })
}

/// How much a process has computed, in ticks of its clock.
fn cpu_ticks(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let user = fields.split(' ').nth(11);
    user.and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

#[test]
fn it_hears_and_says_what_it_runs() {
    let mut engine = start();
    let description = engine.describe();
    assert_eq!(description.model, "hark-nano");
    assert_eq!(description.engine, "whisper-cpp");
    assert_eq!(description.languages.len(), 2);
    for _ in 0..2 {
        let heard = heard(&mut engine).unwrap();
        assert_eq!(heard.text, "Schalte das Licht im Flur ein");
        assert!(
            heard.tokens.len() > 4 && heard.avg_logprob > -0.5,
            "{heard:?}"
        );
        assert!(heard.timings.encode > Duration::ZERO);
    }
    assert_eq!(engine.watch().starts(), 1, "one process served both");
}

#[test]
fn an_abort_in_an_utterance_costs_one_retry_and_nothing_else() {
    let mut engine = start();
    let first = engine.watch().process().unwrap();
    for (starts, with) in [
        (2, Signal::SIGABRT),
        (3, Signal::SIGKILL),
        (4, Signal::SIGFPE),
    ] {
        let mut tries = (0..20).map(|_| end_in_an_utterance(&mut engine, with));
        let heard = tries.find_map(|heard| heard).unwrap();
        assert_eq!(heard.text, "Schalte das Licht im Flur ein");
        assert_eq!(engine.watch().starts(), starts);
    }
    assert_ne!(engine.watch().process().unwrap(), first);
    assert!(has_gone(first));
}

#[test]
fn one_that_ends_while_nothing_is_asked_is_started_again() {
    let mut engine = start();
    signal(engine.watch().process().unwrap(), Signal::SIGABRT);
    wait_for(|| engine.watch().starts() == 2);
    assert_eq!(
        heard(&mut engine).unwrap().text,
        "Schalte das Licht im Flur ein"
    );
}

#[test]
fn an_utterance_that_outlives_no_process_is_an_error() {
    let mut engine = start();
    let watch = engine.watch();
    let ended = std::thread::scope(|scope| {
        let asked = scope.spawn(|| heard(&mut engine));
        while !asked.is_finished() {
            // One that is being replaced is gone by now, and that is fine.
            if let Some(id) = watch.process() {
                kill(pid(id), Signal::SIGABRT).ok();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        asked.join().unwrap()
    });
    assert!(matches!(ended, Err(Error::Broken(_))), "{ended:?}");
    assert!((2..=6).contains(&watch.starts()), "{}", watch.starts());
}

#[test]
fn what_is_refused_and_cancelled_stays_what_it_is() {
    let mut engine = start();
    let french = Job {
        languages: vec![Language::parse("fr").unwrap()],
        ..job()
    };
    let error = engine.transcribe(&french, &Cancel::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model hark-nano does not know the language fr; it knows en, de"
    );
    let none = Job {
        audio: Pcm::new(Vec::new()),
        ..job()
    };
    let refused = engine.transcribe(&none, &Cancel::default());
    assert_eq!(refused, Err(Error::NoAudio));
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(engine.transcribe(&job(), &cancel), Err(Error::Cancelled));
    assert!(heard(&mut engine).is_ok());
    assert_eq!(engine.watch().starts(), 1);
}

#[test]
fn it_ends_with_the_engine() {
    let engine = start();
    let id = engine.watch().process().unwrap();
    assert!(!has_gone(id));
    drop(engine);
    assert!(has_gone(id));
}

#[test]
fn what_can_not_start_says_why() {
    let nowhere = Load {
        path: "/no/such/model".into(),
        ..load(true)
    };
    for (program, load, expect) in [
        (program(), nowhere, "/no/such/model"),
        (
            Program::at("/no/such/program"),
            load(true),
            "can't be started",
        ),
        (Program::at("/bin/false"), load(true), "exit status: 1"),
    ] {
        let error = Apart::start(program, load).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }
}

#[test]
fn nobody_starts_it_by_hand() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hark-inference"));
    let output = command.arg("engine").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("started by Hark itself"), "{said}");
}

/// The numbers of a process's own children.
fn children(id: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).unwrap();
    let of = |thread: std::fs::DirEntry| {
        let list = std::fs::read_to_string(thread.path().join("children"));
        list.unwrap_or_default()
    };
    let lists: Vec<String> = threads.flatten().map(of).collect();
    let numbers = lists.iter().flat_map(|list| list.split_whitespace());
    numbers.map(|number| number.parse().unwrap()).collect()
}

#[test]
fn a_worker_that_is_killed_leaves_no_process() {
    for end in [Signal::SIGKILL, Signal::SIGTERM] {
        let mut worker = std::process::Command::new(env!("CARGO_BIN_EXE_hark-inference"))
            .args(["--listen", "127.0.0.1:0", "--model", "nano"])
            .env("HARK__ADMIN__LISTEN", "127.0.0.1:0")
            .env("HARK__INFERENCE__ENGINE", "whisper-cpp")
            .env("HARK__INFERENCE__THREADS", "1")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(worker.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("serving") {
            assert_ne!(log.read_line(&mut said).unwrap(), 0, "{said}");
        }
        let engines = children(worker.id());
        assert_eq!(engines.len(), 1, "{said}");
        signal(worker.id(), end);
        worker.wait().unwrap();
        wait_for(|| has_gone(engines[0]));
    }
}
