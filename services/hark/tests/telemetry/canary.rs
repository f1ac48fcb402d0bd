//! What people say, and what proves who they are, is in nothing that Hark writes down:
//! not in logs of any level, spans, metrics, nor in the store but where the design has it
//! (docs/traces.md).

use std::io::Read as _;
use std::path::Path;

use hark_harness::http;
use hark_harness::otlp::Collector;

use crate::support::{admin, telling};
use crate::util::{Place, Up, clip};

/// A word that nothing else contains.
const CANARY: &str = "xylophonquark";
const TOKEN: &str = "canary-token-4711";

struct Written {
    log: String,
    metrics: String,
    otlp: Vec<u8>,
    data: Vec<u8>,
}

fn contains(bytes: &[u8], word: &str) -> bool {
    let bytes = bytes.to_ascii_lowercase();
    bytes.windows(word.len()).any(|w| w == word.as_bytes())
}

fn files(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => drop(std::fs::File::open(path).unwrap().read_to_end(&mut all)),
        }
    }
    all
}

/// Runs a whole Hark that logs everything, has `talk` with it, and gives all it wrote.
fn written(transcripts: bool, talk: impl Fn(&Place, &[&str])) -> Written {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    place.file("token", TOKEN);
    place.file("wrong", "canary-token-0815");
    let mut command = place.up_command(&["--engine", "fake", "--ready-file", "ready.json"]);
    telling(&mut command, &collector.endpoint());
    command
        .env("HARK__LOG__FILTER", "trace")
        .env("HARK__AUTH__TOKEN_FILE", place.path().join("token"))
        .env("HARK__TELEMETRY__TRANSCRIPTS", transcripts.to_string())
        .env(
            "HARK__INFERENCE__FAKE_TRANSCRIPT",
            format!("Ein {CANARY}, bitte!"),
        );
    let up = Up::start(command);
    talk(&place, &["--server", &up.address, "--token-file", "token"]);
    let metrics = http::get(admin(&place), "/metrics").unwrap();
    let mut log = up.process.log_file();
    up.stop();
    let mut text = Vec::new();
    log.read_to_end(&mut text).unwrap();
    Written {
        log: String::from_utf8_lossy(&text).into_owned(),
        metrics,
        otlp: collector.bytes(),
        data: files(&place.path().join("data")),
    }
}

/// Says the word in every way that there is: spoken, typed, and as mistakes.
fn say_it(place: &Place, server: &[&str]) {
    let file = clip("de-hallway-on");
    let spoken = ["say", file.to_str().unwrap(), "--lang", "de", "--json"];
    let spoken = place.run(&[&spoken[..], server].concat());
    assert!(spoken.stdout.contains(CANARY), "{spoken:?}");
    let long = format!("{CANARY} ").repeat(100);
    for (sentence, lang, code) in [
        (CANARY, "en", 2),
        ("turn on the xylophonquark in the kitchen", "en", 2),
        (&*long, "en", 1),
        (CANARY, "fr", 1),
    ] {
        let typed = ["text", sentence, "--lang", lang];
        let typed = place.run(&[&typed[..], server].concat());
        assert_eq!(typed.code, code, "{typed:?}");
    }
    let nobody = [&["status"][..], &server[..2], &["--token-file", "wrong"]].concat();
    place.run(&nobody).failed(1, &[]);
}

#[test]
fn what_was_said_and_who_said_it_is_written_nowhere() {
    let written = written(false, say_it);
    assert!(written.log.contains("TRACE"), "everything is logged");
    let line = written.log.lines().find(|line| {
        let line = line.to_ascii_lowercase();
        line.contains(CANARY) || line.contains("canary-token")
    });
    assert_eq!(line, None);
    assert!(!written.metrics.is_empty() && !written.otlp.is_empty());
    for word in [CANARY, "canary-token"] {
        assert!(!contains(written.metrics.as_bytes(), word), "{word}");
        assert!(!contains(&written.otlp, word), "{word}");
        assert!(!contains(&written.data, word), "{word}");
    }
}

#[test]
fn lists_and_timers_are_kept_because_somebody_asked_for_that() {
    let written = written(false, |place, server| {
        let add = [
            "text",
            "add xylophonquark to the shopping list",
            "--lang",
            "en",
        ];
        place.run(&[&add[..], server].concat()).done();
    });
    assert!(contains(&written.data, CANARY), "the list has it");
    assert!(!contains(written.log.as_bytes(), CANARY));
    assert!(!contains(&written.otlp, CANARY));
}

#[test]
fn traces_have_it_where_somebody_switched_that_on() {
    let written = written(true, say_it);
    assert!(contains(&written.otlp, CANARY));
    assert!(!contains(&written.otlp, "canary-token"));
    assert!(!contains(written.metrics.as_bytes(), CANARY));
    assert!(!contains(written.log.as_bytes(), CANARY));
}
