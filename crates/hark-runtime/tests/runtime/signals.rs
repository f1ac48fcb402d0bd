//! A process and its signals: this test program starts itself again and is ended.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use hark_runtime::process::{Config, Process};
use hark_runtime::tasks::OnFailure;
use hark_runtime::{admin, drain};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const CHILD: &str = "HARK_TEST_CHILD";

/// What the child does; no test of its own.
#[tokio::test]
async fn child() {
    let Ok(kind) = std::env::var(CHILD) else {
        return;
    };
    let config = Config {
        admin: admin::Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            ..admin::Config::default()
        },
        drain: drain::Config {
            grace_ms: if kind == "stubborn" {
                3_600_000
            } else {
                10_000
            },
        },
        ..Config::default()
    };
    let process = Process::start("child", &config).await.unwrap();
    let drain = process.drain().clone();
    process
        .tasks()
        .spawn("work", OnFailure::Shutdown, async move {
            drain.requested().await;
            println!("draining");
            match kind.as_str() {
                "stubborn" => std::future::pending().await,
                "failing" => Err("the lamp broke"),
                _ => Ok(()),
            }
        });
    println!("started");
    process.finish().await.unwrap();
    println!("finished");
}

struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Running {
    fn start(kind: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["signals::child", "--exact", "--nocapture"])
            .env(CHILD, kind)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Self { child, lines };
        running.until("started");
        running
    }

    fn until(&mut self, expect: &str) {
        let found = self
            .lines
            .by_ref()
            .map(|l| l.unwrap())
            .any(|l| l.ends_with(expect));
        assert!(found, "the child ended without {expect}");
    }

    fn send(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    fn ends_well(mut self) -> bool {
        self.child.wait().unwrap().success()
    }
}

#[test]
fn either_signal_ends_a_process_in_order() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut child = Running::start("polite");
        child.send(signal);
        child.until("draining");
        child.until("finished");
        assert!(child.ends_well(), "{signal}");
    }
}

#[test]
fn a_second_signal_ends_a_process_that_takes_its_time() {
    let mut child = Running::start("stubborn");
    child.send(Signal::SIGTERM);
    child.until("draining");
    child.send(Signal::SIGTERM);
    child.until("finished");
    assert!(child.ends_well());
}

#[test]
fn a_failure_is_what_the_process_ends_with() {
    let mut child = Running::start("failing");
    child.send(Signal::SIGTERM);
    child.until("draining");
    assert!(!child.ends_well());
}
