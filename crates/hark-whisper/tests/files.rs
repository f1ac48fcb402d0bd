//! Model files that are damaged, incomplete, or something else.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};

use hark_whisper::{Error, Model};

const NANO: &str = "ggml-hark-nano-q8_0.bin";

fn nano() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano")
}

fn load(path: &Path) -> String {
    Model::load(path).unwrap_err().to_string()
}

/// A Hugging Face directory with these files.
fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

#[test]
fn a_bare_file_claims_nothing() {
    let model = Model::load(&nano().join(NANO)).unwrap();
    assert_eq!(model.card().name, "ggml-hark-nano-q8_0");
    assert!(!model.card().short_context);
    assert_eq!(model.context_for(16_000), 1500);
    let dimensions = model.dimensions();
    assert_eq!((dimensions.n_state, dimensions.n_mels), (128, 80));
}

#[test]
fn the_mel_filters_that_we_compute_are_those_of_the_file() {
    let file = std::fs::read(nano().join(NANO)).unwrap();
    // Magic, eleven sizes, and the filters' own two.
    let stored = &file[14 * 4..][..80 * 201 * 4];
    let computed = hark_whisper::mel::slaney_filters(80);
    for (stored, computed) in stored.chunks_exact(4).zip(computed) {
        let stored = f32::from_le_bytes(stored.try_into().unwrap());
        assert!((stored - computed).abs() < 1e-7, "{stored} {computed}");
    }
}

#[test]
fn a_truncated_file_says_where_it_ends() {
    let whole = std::fs::read(nano().join(NANO)).unwrap();
    for (length, expect) in [
        (0, "truncated: magic"),
        (30, "truncated: n_text_state"),
        (5_000, "truncated: mel filters needs 64320 bytes"),
        (200_000, "truncated: vocabulary"),
        (5_000_000, "truncated: tensor decoder"),
        (whole.len() - 1, "truncated: tensor"),
    ] {
        let dir = directory(&[("ggml-cut.bin", &whole[..length])]);
        let error = load(&dir.path().join("ggml-cut.bin"));
        assert!(error.contains(expect), "{length}: {error}");
    }
}

#[test]
fn a_file_is_held_against_its_card() {
    let dir = directory(&[(NANO, b"something else")]);
    std::fs::copy(nano().join("card.toml"), dir.path().join("card.toml")).unwrap();
    let error = load(dir.path());
    assert!(error.contains("its card says c1c15b37"), "{error}");
    std::fs::remove_file(dir.path().join(NANO)).unwrap();
    let error = load(dir.path());
    assert!(error.starts_with("cannot read"), "{error}");
}

#[test]
fn what_is_no_model_says_what_to_give() {
    let empty = directory(&[]);
    let picture = directory(&[("cat.png", b"\x89PNG\r\n")]);
    for (path, expect) in [
        (
            empty.path().to_owned(),
            "neither a card.toml nor a model.safetensors nor a model.bin",
        ),
        (picture.path().join("cat.png"), "it begins with 0x474e5089"),
        ("/dev/zero".into(), "it is not a file"),
    ] {
        let error = load(&path);
        assert!(error.contains(expect), "{error}");
        assert!(
            error.contains("give a directory with a card.toml"),
            "{error}"
        );
    }
    let missing = Model::load(Path::new("/nowhere/model"));
    assert!(matches!(missing, Err(Error::Io { .. })));
}

const CONFIG: &str = r#"{"model_type": "whisper", "vocab_size": 51865, "num_mel_bins": 80,
    "max_source_positions": 1500, "max_target_positions": 448, "d_model": 64,
    "encoder_attention_heads": 1, "encoder_layers": 1,
    "decoder_attention_heads": 1, "decoder_layers": 1}"#;

/// A tokenizer with so many tokens, all different.
fn tokenizer(count: u32) -> String {
    let tokens: Vec<_> = (0..count).map(|id| format!("\"{id}\": {id}")).collect();
    format!("{{\"model\": {{\"vocab\": {{{}}}}}}}", tokens.join(","))
}

/// A safetensors file with this header.
fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

/// A safetensors file with one tensor of zeros, four bytes each.
fn tensor(name: &str, dtype: &str, length: usize) -> Vec<u8> {
    let bytes = 4 * length;
    let header = format!(
        "{{\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":[{length}],\"data_offsets\":[0,{bytes}]}}}}"
    );
    safetensors(&header, &vec![0; bytes])
}

/// What is said of a Hugging Face directory with these files.
fn check(config: &str, tokenizer: &str, weights: &[u8], expect: &str) {
    let dir = directory(&[
        ("config.json", config.as_bytes()),
        ("tokenizer.json", tokenizer.as_bytes()),
        ("model.safetensors", weights),
    ]);
    let error = load(dir.path());
    assert!(error.contains(expect), "{expect}: {error}");
}

const BIAS: &str = "model.decoder.layer_norm.bias";

#[test]
fn a_config_of_something_else_is_refused() {
    let tokens = tokenizer(50_257);
    let bert = CONFIG.replace("\"whisper\"", "\"bert\"");
    let wide = CONFIG.replace("64", "1000000000");
    let empty = "{\"model_type\": \"whisper\"}";
    let good = tensor(BIAS, "F32", 64);
    check(&bert, &tokens, &good, "`bert` is another architecture");
    check(&wide, &tokens, &good, "n_audio_state: 1000000000");
    check("{", &tokens, &good, "config.json: JSON");
    check(empty, &tokens, &good, "missing field");
}

#[test]
fn a_tokenizer_that_is_none_or_has_gaps_is_refused() {
    let good = tensor(BIAS, "F32", 64);
    let gap = tokenizer(50_257).replace("\"77\": 77,", "");
    check(CONFIG, "[]", &good, "tokenizer.json: JSON");
    check(CONFIG, &tokenizer(7), &good, "it has 7 tokens");
    check(CONFIG, &gap, &good, "the token 77 is missing");
}

#[test]
fn weights_that_are_damaged_or_incomplete_are_refused() {
    let tokens = tokenizer(50_257);
    let good = tensor(BIAS, "F32", 64);
    for (weights, expect) in [
        (&good[..good.len() - 1], "its header can't be read"),
        (&[255; 64], "its header can't be read"),
        (&tensor(BIAS, "F32", 32), "[32], expected [64]"),
        (&tensor(BIAS, "I32", 64), "its type is I32"),
        (&tensor("bert.pooler", "F32", 64), "no such tensor"),
        (&good, "has no tensor encoder"),
    ] {
        check(CONFIG, &tokens, weights, expect);
    }
}
