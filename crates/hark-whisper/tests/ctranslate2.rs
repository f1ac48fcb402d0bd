//! CTranslate2's folders: read as what they are, and refused where they are not.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use common::ctranslate2::{KINDS, Kind, Parts, SIZES, tokens};
use common::{data, nano, random, rows};
use hark_whisper::quant::Format;
use hark_whisper::{Checkpoint, Layout, Model, Vocabulary};
use proptest::prelude::*;
use safetensors::SafeTensors;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const LINEAR: &str = "decoder/layer_0/attention/linear_1/weight";
const BIAS: &str = "decoder/layer_0/attention/linear_1/bias";

/// Whisper's vocabulary, with a language more.
fn vocabulary() -> Vocabulary {
    Model::load(&nano()).unwrap().vocabulary().clone()
}

fn folder(parts: &Parts) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    parts.write(folder.path(), &vocabulary());
    folder
}

/// Every tensor's values, under Hugging Face's names.
fn values(path: &Path) -> Vec<(String, Vec<f32>)> {
    let mut file = Vec::new();
    let checkpoint = Checkpoint::open(path).unwrap();
    checkpoint
        .write_safetensors(&mut file, Format::F32)
        .unwrap();
    let read = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        (name, Format::F32.read(view.data()))
    };
    let tensors = SafeTensors::deserialize(&file).unwrap().tensors();
    let mut values: Vec<_> = tensors.into_iter().map(read).collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    values
}

#[test]
fn we_write_what_ctranslate2_writes() {
    let table = rows(&data().join("ctranslate2.tsv"));
    assert_eq!(table.len(), KINDS.len());
    for ((kind, name), row) in KINDS.into_iter().zip(table) {
        let file = Parts::random(kind).bytes();
        let digest = Sha256::digest(&file);
        let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!([name, &file.len().to_string(), &digest], row[..3], "{name}");
    }
}

#[test]
fn every_kind_of_numbers_is_read() {
    for (kind, name) in KINDS {
        let folder = folder(&Parts::random(kind));
        let checkpoint = Checkpoint::open(folder.path()).unwrap();
        assert_eq!(checkpoint.dimensions(), &SIZES, "{name}");
        assert_eq!(checkpoint.layout(), Layout::Ctranslate2);
        // Singles and halves are exact; whole numbers are as near as their steps.
        let step = match kind {
            Kind::F32 => 0.0,
            Kind::F16 => 1.0 / 2048.0,
            Kind::Int8 | Kind::Int8F16 => 0.51 / 127.0,
            Kind::Int16 => 0.51 / 1024.0,
        };
        let mut file = Vec::new();
        checkpoint
            .write_safetensors(&mut file, Format::F32)
            .unwrap();
        let file = SafeTensors::deserialize(&file).unwrap();
        let mut parameters = 0;
        for (ours, shape) in SIZES.tensors() {
            let theirs = common::hugging_face::name(&ours);
            let found = Format::F32.read(file.tensor(&theirs).unwrap().data());
            let expect = random::values(&ours, &shape);
            let most = expect.iter().fold(0.0_f32, |a, b| b.abs().max(a));
            for (found, expect) in found.iter().zip(&expect) {
                let near = (found - expect).abs() <= most * step;
                assert!(near, "{name} {ours}: {found} {expect}");
            }
            parameters += found.len();
        }
        assert_eq!(parameters, SIZES.parameters());
        let quantised = !matches!(kind, Kind::F32 | Kind::F16);
        assert_eq!(checkpoint.is_quantised(), quantised, "{name}");
        Model::load(folder.path()).unwrap();
    }
}

#[test]
fn each_of_the_three_lists_of_tokens_will_do() {
    let parts = Parts::random(Kind::F16);
    let folder = folder(&parts);
    let vocabulary = vocabulary();
    let check = || {
        let model = Model::load(folder.path()).unwrap();
        assert_eq!(model.vocabulary().bytes(440), vocabulary.bytes(440));
        assert_eq!(model.vocabulary().text([440]), vocabulary.text([440]));
    };
    check();
    let list = folder.path().join("vocabulary.json");
    std::fs::remove_file(&list).unwrap();
    let lines = tokens(&vocabulary).join("\n");
    std::fs::write(folder.path().join("vocabulary.txt"), lines).unwrap();
    check();
    std::fs::remove_file(folder.path().join("vocabulary.txt")).unwrap();
    let error = Model::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("are all missing"), "{error}");
    let checkpoint = Checkpoint::open(&nano()).unwrap();
    std::fs::write(
        folder.path().join("tokenizer.json"),
        checkpoint.tokenizer_json(),
    )
    .unwrap();
    check();
    std::fs::write(&list, "[\"too\", \"few\"]").unwrap();
    let error = Model::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("tokens: it has 2 tokens"), "{error}");
}

#[test]
fn a_variable_may_go_by_another_name() {
    let mut parts = Parts::random(Kind::F32);
    let whole = values(folder(&parts).path());
    // As CTranslate2 does where two are equal.
    let norm = |layer| format!("encoder/layer_{layer}/ffn/layer_norm/beta");
    let bytes = parts.variable(&norm(0)).bytes.clone();
    parts.variable(&norm(1)).bytes = bytes;
    let equal = values(folder(&parts).path());
    assert!(whole != equal);
    parts.remove(&norm(1));
    parts.aliases.push((norm(1), norm(0)));
    assert!(equal == values(folder(&parts).path()));
}

fn error(parts: &Parts) -> String {
    refused(&parts.bytes())
}

fn refused(file: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("model.bin");
    std::fs::write(&path, file).unwrap();
    static TOKENS: OnceLock<String> = OnceLock::new();
    let list = || serde_json::to_string(&tokens(&vocabulary())).unwrap();
    let list = TOKENS.get_or_init(list);
    std::fs::write(folder.path().join("vocabulary.json"), list).unwrap();
    let checked = Checkpoint::open(&path).and_then(|c| c.check(|_, _| {}));
    checked.unwrap_err().to_string()
}

/// What is said of a file in which something was changed.
fn with(change: impl FnOnce(&mut Parts)) -> String {
    let mut parts = Parts::random(Kind::Int8);
    change(&mut parts);
    error(&parts)
}

fn check(cases: &[(String, &str)]) {
    for (found, expect) in cases {
        assert!(found.contains(expect), "{expect}: {found}");
        assert!(found.contains("model.bin"), "{found}");
    }
}

#[test]
fn a_file_of_the_wrong_parts_is_refused() {
    let twice = |p: &mut Parts| p.variables.push(p.variables[9].clone());
    let alias = |p: &mut Parts| p.aliases.push(("a".to_owned(), "b".to_owned()));
    let again = |p: &mut Parts| p.aliases.push(p.aliases[0].clone());
    let foreign = |p: &mut Parts| {
        let variable = p.variable(BIAS).clone();
        p.variables
            .push(("encoder/lstm/weight".to_owned(), variable));
    };
    check(&[
        (with(|p| p.version = 5), "the version: 5 is another version"),
        (
            with(|p| p.spec = "TransformerSpec"),
            "`TransformerSpec` is another",
        ),
        (with(twice), "it is there twice"),
        (
            with(alias),
            "variable a: it is said to be b, which is not there",
        ),
        (
            with(again),
            "variable decoder/projection/weight: it is there twice",
        ),
        (
            with(foreign),
            "encoder/lstm/weight: Whisper has no such variable",
        ),
    ]);
}

#[test]
fn variables_that_are_wrong_are_named() {
    check(&[
        (
            with(|p| p.variable(LINEAR).kind = 6),
            "its type 6 is not one of",
        ),
        (
            with(|p| p.variable(LINEAR).kind = 3),
            "does not make its 2048 bytes",
        ),
        (
            with(|p| p.variable(LINEAR).shape = vec![1; 200]),
            "200 dimensions",
        ),
        (
            with(|p| p.variable(LINEAR).shape = vec![u32::MAX; 4]),
            "does not make its 2048 bytes",
        ),
        (
            with(|p| p.variable(LINEAR).shape = vec![32, 64]),
            "has the shape [16, 64], expected [32, 32]",
        ),
        (with(|p| p.variable(BIAS).bytes[0] = 1), "keys have no bias"),
        (
            with(|p| drop(p.remove(BIAS))),
            "no tensor decoder/layer_0/attention",
        ),
        (
            with(|p| drop(p.remove("decoder/embeddings/weight_scale"))),
            "no tensor decoder/embeddings/weight_scale",
        ),
        (
            with(|p| drop(p.remove("encoder/num_heads"))),
            "no tensor encoder/num_heads",
        ),
        (
            with(|p| p.variable("encoder/num_heads").bytes = vec![255, 255]),
            "encoder/num_heads: -1 is negative",
        ),
        (
            with(|p| p.variable("encoder/num_heads").bytes = vec![3, 0]),
            "3 heads do not divide",
        ),
        (
            with(|p| p.variable("decoder/embeddings/weight_scale").bytes.fill(0)),
            "is not a finite number",
        ),
    ]);
}

#[test]
fn a_file_that_ends_anywhere_is_truncated() {
    let file = Parts::random(Kind::Int8).bytes();
    for length in [4, 5, 12, 19, 30, 60, 5_000, 1_900_000, file.len() - 1] {
        let error = refused(&file[..length]);
        let expect = match length {
            // Too short to be told from any other file.
            4 | 5 => "it begins with",
            _ => "is truncated",
        };
        assert!(error.contains(expect), "{length}: {error}");
    }
    let more = [&file[..], &[0]].concat();
    assert!(refused(&more).contains("1 bytes follow it"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_file_is_an_error_and_no_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        head in prop::collection::vec((0_usize..400, any::<u8>()), 0..3),
        cut in any::<prop::sample::Index>(),
    ) {
        static FILE: OnceLock<Vec<u8>> = OnceLock::new();
        let mut file = FILE.get_or_init(|| Parts::random(Kind::Int8).bytes()).clone();
        // The embeddings and positions are most of the file: aim at what lies around them.
        let tail = file.len() - 70_000;
        for (at, value) in flips {
            let at = tail + at.index(70_000);
            file[at] = value;
        }
        for (at, value) in head {
            file[at] = value;
        }
        file.truncate(cut.index(file.len() * 3));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        std::fs::write(&path, file).unwrap();
        // It has no vocabulary, so it always is an error, but of a kind that has a name.
        let error = Checkpoint::open(&path).unwrap_err().to_string();
        prop_assert!(error.contains("model.bin"), "{error}");
    }
}
