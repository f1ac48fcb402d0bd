//! From one format to the next and back: nothing is lost where the types allow.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::path::{Path, PathBuf};

use common::{nano, random, shared};
use hark_whisper::quant::Format;
use hark_whisper::{Checkpoint, Error, Layout, Model};
use serde_json::Value;

/// Writes a Hugging Face directory.
fn hugging_face(checkpoint: &Checkpoint, folder: &Path, format: Format) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    let weights = folder.join("model.safetensors");
    let mut file = std::fs::File::create(&weights).unwrap();
    checkpoint.write_safetensors(&mut file, format).unwrap();
    std::fs::write(folder.join("config.json"), checkpoint.config_json(format)).unwrap();
    let tokenizer = checkpoint.tokenizer_json();
    std::fs::write(folder.join("tokenizer.json"), tokenizer).unwrap();
    weights
}

fn ggml(checkpoint: &Checkpoint, path: &Path, format: Format) -> Checkpoint {
    let mut file = std::fs::File::create(path).unwrap();
    checkpoint.write_ggml(&mut file, format).unwrap();
    Checkpoint::open(path).unwrap()
}

/// HF of a format → ggml of that format → HF again: the same bytes.
fn there_and_back(first: &Path, format: Format) {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::open(first).unwrap();
    assert_eq!(checkpoint.layout(), Layout::Safetensors);
    let ggml = ggml(&checkpoint, &folder.path().join("ggml.bin"), format);
    assert_eq!(ggml.layout(), Layout::Ggml);
    assert_eq!(ggml.dimensions(), checkpoint.dimensions());
    let again = hugging_face(&ggml, &folder.path().join("hf"), format);
    let original = std::fs::read(first.join("model.safetensors")).unwrap();
    assert!(original == std::fs::read(again).unwrap(), "{format:?}");
}

#[test]
fn singles_and_halves_come_back_as_they_were() {
    for format in [Format::F32, Format::F16] {
        let folder = tempfile::tempdir().unwrap();
        random::write(folder.path(), &random::RANDOM_128);
        let first = Checkpoint::open(folder.path()).unwrap();
        let whole = folder.path().join("whole");
        hugging_face(&first, &whole, format);
        there_and_back(&whole, format);
    }
}

#[test]
fn quantised_weights_are_written_as_they_were_read() {
    let folder = tempfile::tempdir().unwrap();
    let nano = Checkpoint::open(&nano()).unwrap();
    for format in [Format::Q8_0, Format::Q5_1, Format::Q5_0, Format::Q4_0] {
        let first = folder.path().join("first.bin");
        let once = ggml(&nano, &first, format);
        let second = folder.path().join("second.bin");
        ggml(&once, &second, format);
        let (first, second) = (std::fs::read(first), std::fs::read(second));
        assert!(first.unwrap() == second.unwrap(), "{format:?}");
        assert!(once.is_quantised());
        assert_eq!(once.formats()[0], format!("{format:?}").to_lowercase());
    }
}

#[test]
fn only_singles_and_halves_go_into_safetensors() {
    let nano = Checkpoint::open(&nano()).unwrap();
    let error = nano
        .write_safetensors(&mut Vec::new(), Format::Q8_0)
        .unwrap_err();
    assert!(matches!(error, Error::Unwritable { .. }), "{error}");
    assert!(error.to_string().contains("take f16 or f32"), "{error}");
}

/// A model without a tokenizer.json gets one that says what the vocabulary says.
#[test]
fn a_tokenizer_is_made_from_a_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    let nano = Checkpoint::open(&nano()).unwrap();
    hugging_face(&nano, folder.path(), Format::F16);
    let (before, after) = (
        Model::load(&common::nano()).unwrap(),
        Model::load(folder.path()).unwrap(),
    );
    for id in 0..before.vocabulary().special().eot {
        assert_eq!(before.vocabulary().bytes(id), after.vocabulary().bytes(id));
    }
}

#[test]
fn base_comes_back_as_it_was() {
    let Some(shared) = shared(1) else {
        return;
    };
    let base = shared.join("models/whisper-base");
    there_and_back(&base, Format::F16);
    // Its config.json too, but for spaces.
    let checkpoint = Checkpoint::open(&base).unwrap();
    let json = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
    let theirs = json(&std::fs::read(base.join("config.json")).unwrap());
    assert_eq!(theirs, json(checkpoint.config_json(Format::F16).as_bytes()));
}

/// Merges are not in ggml's files; from the tokens alone they come back as OpenAI's.
#[test]
fn merges_follow_from_the_tokens() {
    let Some(shared) = shared(1) else {
        return;
    };
    let theirs = std::fs::read(shared.join("models/whisper-base/tokenizer.json")).unwrap();
    let theirs: Value = serde_json::from_slice(&theirs).unwrap();
    let ours = Checkpoint::open(&nano()).unwrap().tokenizer_json();
    let ours: Value = serde_json::from_slice(&ours).unwrap();
    assert_eq!(ours["model"]["vocab"], theirs["model"]["vocab"]);
    let merges = |of: &Value| -> Vec<String> {
        let all = of["model"]["merges"].as_array().unwrap().iter();
        // Both ways of writing them are in use.
        let text = |merge: &Value| match merge.as_array() {
            Some(pair) => format!(
                "{} {}",
                pair[0].as_str().unwrap(),
                pair[1].as_str().unwrap()
            ),
            None => merge.as_str().unwrap().to_owned(),
        };
        all.map(text).collect()
    };
    let (ours_merged, theirs_merged) = (merges(&ours), merges(&theirs));
    assert_eq!(ours_merged.len(), theirs_merged.len());
    let same = ours_merged
        .iter()
        .zip(&theirs_merged)
        .filter(|(a, b)| a == b);
    assert_eq!(same.count(), theirs_merged.len());
    let ids = |of: &Value| -> Vec<(u64, String)> {
        let all = of["added_tokens"].as_array().unwrap().iter();
        all.map(|t| (t["id"].as_u64().unwrap(), t["content"].to_string()))
            .collect()
    };
    let differing: Vec<_> = ids(&ours)
        .into_iter()
        .zip(ids(&theirs))
        .filter(|(a, b)| a != b)
        .collect();
    // Some name the token for no speech otherwise.
    assert!(differing.len() <= 1, "{differing:?}");
}
