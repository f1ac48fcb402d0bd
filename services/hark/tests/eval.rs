//! `hark eval`: what it measures, and what it says where it can't.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use serde_json::Value;
use util::{Place, Running, clip};

/// Clips of the tree: five synthetic commands, all of which nano understands.
fn clips() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/hark-whisper/tests/data/clips.tsv")
}

fn nano() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano")
}

/// What a recogniser heard of four sentences, and the figures by hand:
/// 4 + 3 + 1 + 5 words; three are something else (Lampe: Rampe, das: Garagen, Garagentor:
/// Tor), one is too many (bitte).
const SAID: &str = "file\tlanguage\ttext\tvoice\n\
    a.wav\tde\tmach die Lampe an\tJan\n\
    b.wav\tde\tschließ das Garagentor\tJan\n\
    c.wav\tde\tPause\tAnna\n\
    d.wav\ten\tset 20 percent please now\tAnna\n";
const HEARD: &str = "a.wav\tMach die Rampe an.\n\
    b.wav\tSchließ Garagen Tor\n\
    c.wav\tPause, bitte!\n\
    d.wav\tset twenty percent, please now\n";

#[test]
fn transcripts_of_another_recogniser_have_the_figures_of_a_hand() {
    let place = Place::new();
    place.file("said.tsv", SAID);
    place.file("heard.tsv", HEARD);
    let args = [
        "eval",
        "said.tsv",
        "--from",
        "other=heard.tsv",
        "--details",
        "d.tsv",
    ];
    let json = place
        .run(&[&args[..], &["--json"]].concat())
        .done()
        .object();
    assert_eq!(json["schema"], "hark.eval/1");
    assert_eq!(
        json["command"].as_str().unwrap().find("hark eval said.tsv"),
        Some(0)
    );
    assert_eq!(json["failed"], Value::Array(vec![]));
    let subject = &json["subjects"][0];
    assert_eq!(
        (&subject["name"], &subject["weights"]),
        (&"other".into(), &Value::Null)
    );
    let all = &subject["summary"]["all"];
    let words = serde_json::json!({
        "same": 10, "substitutions": 3, "deletions": 0, "insertions": 1
    });
    assert_eq!(all["words"], words);
    assert_eq!((&all["clips"], &all["exact"]), (&4.into(), &1.into()));
    assert!(
        (all["wer"].as_f64().unwrap() - 4.0 / 13.0).abs() < 1e-9,
        "{all}"
    );
    let german = &subject["summary"]["by_language"]["de"];
    assert!(
        (german["wer"].as_f64().unwrap() - 4.0 / 8.0).abs() < 1e-9,
        "{german}"
    );
    assert_eq!(subject["summary"]["by_voice"]["Anna"]["exact"], 1);
    let details = std::fs::read_to_string(place.path().join("d.tsv")).unwrap();
    assert_eq!(details.lines().count(), 5);
    assert!(
        details.contains("other\td.wav\ten\tAnna\t\t0.000\tset 20 percent"),
        "{details}"
    );
    let shown = place.run(&args).done().stdout;
    for part in [
        "1 of 4",
        "30.8 %",
        "language de",
        "voice Jan",
        "lampe → rampe: 1",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn the_bundled_model_is_measured_on_the_clips_of_the_tree() {
    let place = Place::new();
    let manifest = clips();
    let args = [
        "eval",
        manifest.to_str().unwrap(),
        "--intents",
        "--detect-language",
    ];
    let more = [
        "--json",
        "--markdown",
        "report.md",
        "--fail-below",
        "exact=100%",
    ];
    let json = place.run(&[&args[..], &more].concat()).done().object();
    let subject = &json["subjects"][0];
    assert_eq!(subject["name"], "hark-nano");
    let digest = subject["weights"]["sha256"].as_str().unwrap();
    let card = nano().join("card.toml");
    assert!(std::fs::read_to_string(card).unwrap().contains(digest));
    let all = &subject["summary"]["all"];
    assert_eq!((&all["exact"], &all["wer"]), (&5.into(), &0.0.into()));
    assert_eq!(
        (&all["intents"]["right"], &all["languages"]["of"]),
        (&5.into(), &5.into())
    );
    assert!(all["real_time_factor"].as_f64().unwrap() > 0.0);
    assert!(all["audio_seconds"].as_f64().unwrap() > 5.0);
    let page = std::fs::read_to_string(place.path().join("report.md")).unwrap();
    for part in [
        "$ hark eval ",
        "--fail-below exact=100%",
        "| hark-nano | 5 |",
        digest,
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn models_are_side_by_side_in_the_context_that_is_asked_for() {
    let place = Place::new();
    let (manifest, nano) = (clips(), nano());
    let base = ["eval", manifest.to_str().unwrap(), "--limit", "2", "--json"];
    let models = ["--model", nano.to_str().unwrap(), "--model", "nano"];
    for (context, part) in [
        ("card", "as long as the audio"),
        ("full", "all of 30 s"),
        ("silence-tail", "silence tail of every 16th frame"),
    ] {
        let args = [
            &base[..],
            &models,
            &["--context", context, "--threads", "1"],
        ]
        .concat();
        let json = place.run(&args).done().object();
        let names: Vec<_> = (0..2).map(|i| &json["subjects"][i]["name"]).collect();
        assert_eq!(names, ["hark-nano", "hark-nano (2)"]);
        let settings = json["subjects"][1]["settings"].as_str().unwrap();
        assert!(
            settings.contains(part) && settings.contains("threads: 1"),
            "{settings}"
        );
        let figures = |i: usize| &json["subjects"][i]["summary"]["all"]["words"];
        assert_eq!(figures(0), figures(1));
    }
}

#[test]
fn lines_limits_and_noise_choose_what_is_heard() {
    let place = Place::new();
    let manifest = clips();
    let run = |args: &[&str]| {
        let base = ["eval", manifest.to_str().unwrap(), "--json"];
        let json = place.run(&[&base[..], args].concat()).done().object();
        json["subjects"][0]["summary"].clone()
    };
    assert_eq!(run(&["--lines", "odd"])["all"]["clips"], 3);
    assert_eq!(run(&["--lines", "even", "--limit", "1"])["all"]["clips"], 1);
    assert_eq!(run(&["--language", "en"])["all"]["clips"], 2);
    let noisy = run(&["--limit", "1", "--noise", "white", "--snr", "30,-20"]);
    let by_noise = noisy["by_noise"].as_object().unwrap();
    let names: Vec<_> = by_noise.keys().map(String::as_str).collect();
    assert_eq!(names, ["clean", "white -20 dB", "white 30 dB"]);
    assert_eq!(by_noise["clean"]["exact"], 1);
    assert_eq!(by_noise["white -20 dB"]["exact"], 0);
}

#[test]
fn a_folder_with_texts_is_enough_and_what_is_no_recording_is_named() {
    let place = Place::new();
    let copy = |name: &str| {
        std::fs::copy(clip(name), place.path().join(format!("{name}.wav"))).unwrap();
    };
    copy("de-hallway-on");
    place.file("de-hallway-on.txt", "Schalte das Licht im Flur ein.\n");
    place.file("noise.wav", b"RIFF and no more");
    let args = ["eval", ".", "--language", "de", "--json"];
    let ended = place.run(&args);
    ended.failed(2, &["not heard:", "noise.wav"]);
    let json = ended.object();
    assert_eq!(json["failed"][0]["file"], "noise.wav");
    let all = &json["subjects"][0]["summary"]["all"];
    assert_eq!((&all["clips"], &all["exact"]), (&1.into(), &1.into()));
}

#[test]
fn what_is_not_good_enough_is_told_by_the_exit_status() {
    let place = Place::new();
    place.file("said.tsv", SAID);
    place.file("heard.tsv", HEARD);
    let base = ["eval", "said.tsv", "--from", "heard.tsv"];
    let run = |args: &[&str]| place.run(&[&base[..], args].concat());
    run(&["--fail-below", "exact=0.3"]).failed(3, &["exact is 0.25, below 0.3"]);
    run(&["--fail-above", "wer=10%"]).failed(3, &["heard: wer is 0.3077, above 0.1"]);
    run(&["--fail-below", "intent=0.5"]).failed(3, &["intent was not measured"]);
    run(&["--fail-below", "exact=25%", "--fail-above", "wer=0.4"]).done();
    place.file("heard.tsv", "a.wav\tx\n");
    run(&[]).failed(2, &["b.wav (heard): there is no transcript of it"]);
}

#[test]
fn what_can_not_be_evaluated_is_explained() {
    let place = Place::new();
    place.file("said.tsv", "name\ttext\n");
    std::fs::create_dir(place.path().join("empty")).unwrap();
    for (args, part) in [
        (&["eval"][..], "<DIR|MANIFEST>"),
        (&["eval", "nothing.tsv"], "nothing.tsv"),
        (
            &["eval", "said.tsv"],
            "said.tsv: its first line names no column `file`",
        ),
        (&["eval", "empty"], "there is no manifest.tsv"),
        (&["eval", "x", "--lines", "some"], "every:10"),
        (
            &["eval", "x", "--fail-below", "beauty=1"],
            "`beauty` is no figure",
        ),
        (
            &["eval", "x", "--silence-minutes", "0"],
            "--silence-minutes",
        ),
    ] {
        place.run(args).failed(1, &[part]);
    }
    let manifest = clips();
    let base = ["eval", manifest.to_str().unwrap()];
    for (args, part) in [
        (["--noise", "rain"], "`rain` is no noise"),
        (["--lines", "every:99"], "no clip is left"),
        (["--model", "/there/is/none"], "/there/is/none"),
        (["--home", "/there/is/no.tsv"], "/there/is/no.tsv"),
    ] {
        place.run(&[&base[..], &args].concat()).failed(1, &[part]);
    }
    let area = ["--intents", "--area", "moon"];
    place
        .run(&[&base[..], &area].concat())
        .failed(1, &["`moon`", "kitchen"]);
}

#[test]
fn minutes_of_silence_are_heard() {
    let place = Place::new();
    let args = ["eval", "--silence-minutes", "1", "--json"];
    let json = place.run(&args).done().object();
    let summary = &json["subjects"][0]["summary"];
    let silence = &summary["all"]["silence"];
    assert!(
        (silence["minutes"].as_f64().unwrap() - 1.0).abs() < 1e-6,
        "{silence}"
    );
    let words = silence["words"].as_u64().unwrap();
    let told = summary["inventions"].as_array().unwrap().len() as u64;
    assert_eq!(silence["with_words"].as_u64().unwrap().min(20), told);
    assert!(words >= told);
    assert!(summary["by_noise"]["silence"]["clips"].as_u64().unwrap() > 0);
}

#[test]
fn an_interruption_shows_what_was_measured_so_far() {
    let place = Place::new();
    std::fs::copy(clip("de-hallway-on"), place.path().join("a.wav")).unwrap();
    let pipe = place.path().join("b.wav");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let text = "file\tlanguage\ttext\na.wav\tde\tSchalte das Licht im Flur ein\nb.wav\tde\tx\n";
    place.file("m.tsv", text);
    let args = ["eval", "m.tsv", "--silence-minutes", "1440", "--json"];
    let running = Running::start(place.hark(&args));
    // Opens only once the first clip was heard, and somebody reads the second.
    let mut second = std::fs::File::options().write(true).open(&pipe).unwrap();
    running.signal(Signal::SIGINT);
    second.write_all(b"no recording").unwrap();
    drop(second);
    let json: Value = serde_json::from_str(&running.line()).unwrap();
    assert_eq!(json["interrupted"], true);
    let german = &json["subjects"][0]["summary"]["by_noise"]["clean"];
    assert_eq!(german["exact"], 1);
    assert_eq!(running.wait().code(), Some(1));
}

/// What openai-whisper heard of the shared clips with Whisper base, all of 30 s. The counts
/// are those of another program: lower case, letters and digits, `%` as `percent`, the few
/// number words that occur as figures.
#[test]
fn what_openai_whisper_heard_is_scored_by_the_same_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = match std::env::var_os("HARK_SHARED") {
        Some(path) => root.join(path),
        None => root.join("../shared"),
    };
    let audio = shared.join("audio");
    if !audio.join("manifest.tsv").is_file() {
        let required = std::env::var_os("HARK_REQUIRE_SHARED").is_some_and(|v| v == "1");
        let missing = audio.display();
        assert!(
            !required,
            "HARK_REQUIRE_SHARED is set and there is no {missing}"
        );
        println!("not run: 1 (no {missing}; set HARK_SHARED)");
        return;
    }
    let path = |name: &str| audio.join(name).to_str().unwrap().to_owned();
    let heard = clips().with_file_name("reference-base.tsv");
    let (manifest, expect, home) = (path("manifest.tsv"), path("expect.tsv"), path("home.tsv"));
    let place = Place::new();
    let args = [
        "eval",
        &manifest,
        "--from",
        heard.to_str().unwrap(),
        "--json",
    ];
    let intents = ["--expect", &expect, "--home", &home];
    let ended = place.run(&[&args[..], &intents].concat());
    let summary = &ended.object()["subjects"][0]["summary"];
    let exact = |language: &str| {
        let figures = &summary["by_language"][language];
        let count = |name: &str| figures[name].as_u64().unwrap();
        (count("exact"), count("sentences"))
    };
    assert_eq!((exact("de"), exact("en")), ((7, 23), (17, 32)));
    let all = &summary["all"];
    assert_eq!(all["intents"]["of"], 60);
    // Four clips of speech have no text, and one is noise: they are in no error rate.
    assert_eq!((&all["clips"], &all["sentences"]), (&60.into(), &55.into()));
}
