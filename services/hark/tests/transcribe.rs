//! Recordings to words without a server, and models that are none.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use std::path::Path;

use util::{Place, clip, redacted};

fn nano() -> Vec<u8> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano");
    std::fs::read(models.join("ggml-hark-nano-q8_0.bin")).unwrap()
}

#[test]
fn words_come_out() {
    let place = Place::new();
    let (de, en) = (clip("de-hallway-on"), clip("en-kitchen-on"));
    let args = [
        "transcribe",
        de.to_str().unwrap(),
        "--lang",
        "de",
        "--model",
        "nano",
    ];
    let heard = place
        .run(&[&args[..], &["--json"]].concat())
        .done()
        .object();
    let varies = [
        "file",
        "timings_ms.*",
        "avg_logprob",
        "no_speech_probability",
    ];
    insta::assert_json_snapshot!("transcribe", redacted(heard, &varies));
    let shown = place.run(&args).done().stdout;
    assert!(
        shown.starts_with("Schalte das Licht im Flur ein\n"),
        "{shown}"
    );
    let english = place
        .run(&[
            "transcribe",
            en.to_str().unwrap(),
            "--lang",
            "en",
            "--model",
            "nano",
        ])
        .done();
    assert!(
        english
            .stdout
            .starts_with("Turn on the light in the kitchen\n"),
        "{english:?}"
    );
}

#[test]
fn whisper_cpp_hears_the_same() {
    let place = Place::new();
    let file = clip("de-hallway-on");
    let args = ["transcribe", file.to_str().unwrap(), "--lang", "de"];
    let how = ["--model", "nano", "--engine", "whisper-cpp"];
    let heard = place.run(&[&args[..], &how, &["--json"]].concat());
    let heard = heard.done().object();
    assert_eq!(heard["transcript"], "Schalte das Licht im Flur ein");
    assert_eq!(heard["engine"], "whisper-cpp");
    assert_eq!(heard["model"], "hark-nano");
    let tail = [&args[..], &how, &["--context", "silence-tail"]].concat();
    place.run(&tail).failed(1, &["inference.context", "candle"]);
    let nowhere = [&args[..], &how[2..], &["--model", "/no/such"]].concat();
    place.run(&nowhere).failed(1, &["/no/such"]);
}

/// Each way of listening is taken; a model that was trained on both writes the same.
#[test]
fn a_model_listens_as_it_is_told() {
    let place = Place::new();
    let file = clip("de-hallway-on");
    for context in ["card", "full", "silence-tail"] {
        let args = ["transcribe", file.to_str().unwrap(), "--lang", "de"];
        let how = ["--model", "nano", "--context", context];
        let heard = place.run(&[args, how].concat()).done().stdout;
        assert!(
            heard.starts_with("Schalte das Licht im Flur ein\n"),
            "{context}: {heard}"
        );
    }
    let args = ["transcribe", file.to_str().unwrap(), "--context", "short"];
    place.run(&args).failed(1, &["short", "silence-tail"]);
}

/// The house's own models are looked for in the data folder.
#[test]
fn the_best_model_that_is_there_is_taken() {
    let place = Place::new();
    let models = place.path().join(".local/share/hark/models/whisper-base");
    std::fs::create_dir_all(&models).unwrap();
    // Nano's weights: what counts is the name.
    std::fs::write(models.join("ggml-x.bin"), nano()).unwrap();
    let card = "name = \"whisper-base\"\nfile = \"ggml-x.bin\"\nshort_context = true\n";
    std::fs::write(models.join("card.toml"), card).unwrap();
    let file = clip("de-hallway-on");
    let args = [
        "transcribe",
        file.to_str().unwrap(),
        "--lang",
        "de",
        "--json",
    ];
    let name = |model: &[&str]| {
        let heard = place.run(&[&args[..], model].concat()).done().object();
        heard["model"].as_str().unwrap().to_owned()
    };
    assert_eq!(name(&["--model", "base"]), "whisper-base");
    assert_eq!(name(&["--model", "bundled"]), "hark-nano");
    // Home is better still, where it comes with Hark.
    assert!(["whisper-base", "hark-home"].contains(&name(&[]).as_str()));
}

#[test]
fn a_file_without_words_is_not_understood() {
    let place = Place::new();
    let file = clip("de-hallway-on");
    let args = ["transcribe", file.to_str().unwrap(), "--engine", "fake"];
    assert_eq!(place.run(&args).code, 2);
}

#[test]
fn what_is_no_model_is_said() {
    let place = Place::new();
    let file = clip("de-hallway-on");
    let file = file.to_str().unwrap();
    let model = nano();
    place.file("truncated.bin", &model[..model.len() / 2]);
    place.file("not-a-model.bin", "hello");
    // Another architecture: the same format, but of a size that its tensors don't have.
    let mut other = model;
    other[8..12].copy_from_slice(&777_i32.to_le_bytes());
    place.file("other.bin", other);
    std::fs::create_dir(place.path().join("empty")).unwrap();
    for (model, part) in [
        ("truncated.bin", "truncated.bin"),
        ("not-a-model.bin", "not-a-model.bin"),
        ("other.bin", "other.bin"),
        ("empty", "empty"),
        ("/no/such", "/no/such"),
        ("fritz", "there are hark-"),
    ] {
        let args = ["transcribe", file, "--model", model];
        place.run(&args).failed(1, &[part]);
    }
}
