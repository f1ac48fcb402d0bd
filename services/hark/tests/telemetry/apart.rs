//! A spoken sentence is one trace also where the parts are processes of their own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use hark_harness::otlp::Collector;
use hark_harness::{http, ports};

use crate::support::{FLUR, edges, is_whole, say, telling};
use crate::util::{Place, Running};

const PATIENCE: Duration = Duration::from_secs(60);

/// A part as a process, from beside `hark`.
struct Part<'a> {
    place: &'a Place,
    collector: &'a Collector,
    token: PathBuf,
}

impl Part<'_> {
    fn start(&self, name: &str, listen: SocketAddr, more: &[(&str, String)]) -> Running {
        let program = Path::new(env!("CARGO_BIN_EXE_hark")).with_file_name(name);
        let admin = ports::free();
        let mut command = Command::new(program);
        command.current_dir(self.place.path());
        for (variable, _) in std::env::vars_os() {
            if variable.to_string_lossy().starts_with("HARK") {
                command.env_remove(variable);
            }
        }
        command
            .env("HARK__SERVER__LISTEN", listen.to_string())
            .env("HARK__ADMIN__LISTEN", admin.to_string())
            .env("HARK__AUTH__NODE_TOKEN_FILE", &self.token)
            .envs(more.iter().map(|(k, v)| (k, v)));
        telling(&mut command, &self.collector.endpoint());
        let running = Running::start(command);
        let deadline = Instant::now() + PATIENCE;
        while http::get(admin, "/readyz").is_none() {
            assert!(Instant::now() < deadline, "{name}: {}", running.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }
}

#[test]
fn processes_share_a_trace() {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    let part = Part {
        place: &place,
        collector: &collector,
        token: place.file("node-token", "of-the-nodes"),
    };
    let [ears, words, deeds] = std::array::from_fn(|_| ports::free());
    let list = |address: SocketAddr| format!("[\"{address}\"]");
    let memory = ("HARK__STORE__KIND", "memory".to_owned());
    let token = part.token.display().to_string();
    let _inference = part.start(
        "hark-inference",
        words,
        &[
            ("HARK__INFERENCE__ENGINE", "fake".to_owned()),
            ("HARK__INFERENCE__FAKE_TRANSCRIPT", FLUR.to_owned()),
        ],
    );
    let _router = part.start("hark-router", deeds, std::slice::from_ref(&memory));
    let _ingest = part.start(
        "hark-ingest",
        ears,
        &[
            memory,
            ("HARK__WORKERS__INFERENCE", list(words)),
            ("HARK__WORKERS__INTENTS", list(deeds)),
            ("HARK__WORKERS__TOKEN_FILE", token),
        ],
    );
    let trace = say(&place, &ears.to_string());
    let spans = collector.until(|spans| is_whole(spans, &trace));
    assert!(is_whole(&spans, &trace), "{:#?}", edges(&spans, &trace));
    for (name, service) in [
        ("hark.asr.utterance", "hark-ingest"),
        ("hark.asr.decode", "hark-inference"),
        ("hark.device.command", "hark-router"),
    ] {
        let span = spans.iter().find(|s| s.name == name && s.trace == trace);
        assert_eq!(span.unwrap().service, service, "{name}");
    }
}
