//! The real program: what it refuses to start with, and how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "everything here is a test or serves one"
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hark-inference"));
    command
        .args(["--listen", "127.0.0.1:0"])
        .env("HARK__ADMIN__LISTEN", "127.0.0.1:0")
        .env("HARK__INFERENCE__ENGINE", "fake")
        .stderr(Stdio::piped());
    command
}

/// What the program says when it does not start.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn settings_that_cannot_be_met_are_start_up_errors() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("worker.toml");
    std::fs::write(&file, "[inference]\nmodle = 'x'\n").unwrap();
    for (error, expect) in [
        (
            refusal(program().env("HARK__INFERENCE__DEVICE", "cuda")),
            "asks for CUDA, which this build of Hark lacks",
        ),
        (
            refusal(program().env("HARK__INFERENCE__ENGINE", "whisper")),
            "variable HARK__INFERENCE__ENGINE: `inference.engine` should be one of candle, whisper-cpp, fake",
        ),
        (
            refusal(program().arg("--config").arg(&file)),
            "worker.toml: unknown key `inference.modle`; known here: model,",
        ),
        (
            refusal(program().env("HARK__ADMIN__LISTEN", "0.0.0.0:0")),
            "refusing to listen on 0.0.0.0:0",
        ),
        (
            refusal(program().env("HARK__HOME", "at home")),
            "`at home` is not a home id",
        ),
        (
            refusal(
                program()
                    .env("HARK__INFERENCE__ENGINE", "candle")
                    .args(["--model", "/no/such/model"]),
            ),
            "/no/such/model",
        ),
    ] {
        assert!(error.contains(expect), "{expect} is not in: {error}");
    }
}

#[test]
fn it_says_that_its_engine_is_fake_serves_and_ends_when_told() {
    let mut child = program().spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("serving") {
        assert_ne!(log.read_line(&mut said).unwrap(), 0, "{said}");
    }
    assert!(said.contains("the engine is fake"), "{said}");
    let pid = i32::try_from(child.id()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    log.read_to_string(&mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("ended"), "{said}");
}
