//! Our numbers held against openai-whisper's, step by step: models of random weights in
//! both of Whisper's layouts, and the bundled one. (OpenAI's base is in `base.rs`.)
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::panic::AssertUnwindSafe;

use common::{clips, data, nano, random, reference};
use hark_core::engine::{Cancel, Engine, Job};
use hark_whisper::quant::Format;
use hark_whisper::{CandleEngine, Checkpoint, Dimensions, Model, Settings};

fn random_model(dimensions: &Dimensions) -> (tempfile::TempDir, Model) {
    let dir = tempfile::tempdir().unwrap();
    random::write(dir.path(), dimensions);
    let model = Model::load(dir.path()).unwrap();
    assert_eq!(model.dimensions(), dimensions);
    (dir, model)
}

#[test]
fn random_weights_of_80_mels_compute_what_openai_whisper_computes() {
    let (_dir, model) = random_model(&random::RANDOM_80);
    assert_eq!(reference::check("random-80", &model, &data()), 0);
}

#[test]
fn random_weights_of_large_v3s_layout_compute_what_openai_whisper_computes() {
    let (_dir, model) = random_model(&random::RANDOM_128);
    let special = model.vocabulary().special();
    assert_eq!((special.languages, special.transcribe), (100, 50_360));
    assert_eq!(reference::check("random-128", &model, &data()), 0);
}

#[test]
fn the_bundled_model_computes_what_openai_whisper_computes() {
    let model = Model::load(&nano()).unwrap();
    assert_eq!(reference::check("nano", &model, &data()), 0);
}

/// A check that lets a slightly wrong model pass would be worth nothing.
#[test]
fn weights_in_half_precision_are_noticed() {
    let (dir, _) = random_model(&random::RANDOM_80);
    let path = dir.path().join("ggml-random.bin");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    let checkpoint = Checkpoint::open(dir.path()).unwrap();
    checkpoint.write_ggml(&mut file, Format::F16).unwrap();
    drop(file);
    let model = Model::load(&path).unwrap();
    let check = AssertUnwindSafe(|| reference::check("random-80", &model, &data()));
    let checked = std::panic::catch_unwind(check);
    let why = checked.unwrap_err().downcast::<String>().unwrap();
    assert!(why.contains("encoder.sketch: relative error"), "{why}");
}

/// Every logit of a few steps of a clip.
fn logits(model: &Model) -> Vec<f32> {
    let clip = &clips(&data().join("clips.tsv"))[0];
    let mel = model.mel(clip.audio.samples(), 256);
    let encoded = model.encode(&mel, &Cancel::default()).unwrap();
    let special = model.vocabulary().special();
    let mut cache = model.begin(&encoded, 8).unwrap();
    let prompt = [special.sot, special.sot + 3, special.transcribe];
    let mut all = Vec::new();
    for tokens in [&prompt[..], &[special.no_timestamps], &[2065]] {
        let logits = model.step(&mut cache, tokens).unwrap();
        all.extend(logits.rows().flatten());
    }
    all
}

/// The same weights give the same logits from safetensors and from our ggml, to the bit;
/// in half precision within what half precision costs.
#[test]
fn ggml_and_safetensors_of_the_same_weights_give_the_same_logits() {
    for dimensions in [random::RANDOM_80, random::RANDOM_128] {
        let (dir, model) = random_model(&dimensions);
        let expect = logits(&model);
        let checkpoint = Checkpoint::open(dir.path()).unwrap();
        for (format, tolerance) in [(Format::F32, 0.0), (Format::F16, 1e-2)] {
            let path = dir.path().join("ggml-random.bin");
            let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
            checkpoint.write_ggml(&mut file, format).unwrap();
            drop(file);
            let ggml = Model::load(&path).unwrap();
            assert_eq!(ggml.dimensions(), &dimensions);
            let (norm, _) = reference::distance(&logits(&ggml), &expect);
            assert!(norm <= tolerance, "{format:?}: {norm}");
            assert_eq!(norm == 0.0, format == Format::F32);
        }
    }
}

#[test]
fn a_model_of_large_v3s_layout_hears_through_the_engine() {
    let (_dir, model) = random_model(&random::RANDOM_128);
    let mut engine = CandleEngine::new(model, Settings::default());
    let job = Job {
        audio: clips(&data().join("clips.tsv"))[0].audio.clone(),
        languages: vec![hark_core::Language::parse("yue").unwrap()],
    };
    let heard = engine.transcribe(&job, &Cancel::default()).unwrap();
    assert_eq!(heard.language.as_str(), "yue");
    assert!(!heard.tokens.is_empty());
    assert!(heard.tokens.iter().all(|token| token.id < 50_257));
}
