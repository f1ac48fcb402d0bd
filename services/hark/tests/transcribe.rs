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
    let args = ["transcribe", de.to_str().unwrap(), "--lang", "de"];
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
        .run(&["transcribe", en.to_str().unwrap(), "--lang", "en"])
        .done();
    assert!(
        english
            .stdout
            .starts_with("Turn on the light in the kitchen\n"),
        "{english:?}"
    );
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
    ] {
        let args = ["transcribe", file, "--model", model];
        place.run(&args).failed(1, &[part]);
    }
}
