//! Writes a model as a CTranslate2 folder, as CTranslate2's own library does it to the bit,
//! and in every other way that a test asks for.

use std::collections::BTreeMap;
use std::path::Path;

use half::f16;
use hark_whisper::{Dimensions, Vocabulary};
use serde_json::{Value, json};

use super::random;

/// The sizes of `tests/reference/ctranslate2_files.py`.
pub const SIZES: Dimensions = Dimensions {
    n_vocab: 51_866,
    n_audio_ctx: 1500,
    n_state: 32,
    n_audio_head: 2,
    n_audio_layer: 2,
    n_text_ctx: 448,
    n_text_head: 2,
    n_text_layer: 1,
    n_mels: 128,
};

/// How weights are written; everything else is in single precision, or in half where the
/// weights are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    F32,
    F16,
    Int8,
    Int8F16,
    Int16,
}

pub const KINDS: [(Kind, &str); 5] = [
    (Kind::F32, "float32"),
    (Kind::F16, "float16"),
    (Kind::Int8, "int8"),
    (Kind::Int8F16, "int8_float16"),
    (Kind::Int16, "int16"),
];

/// A variable as it is written.
#[derive(Debug, Clone)]
pub struct Variable {
    pub shape: Vec<u32>,
    pub kind: u8,
    pub bytes: Vec<u8>,
}

/// What a `model.bin` is made of.
#[derive(Debug, Clone)]
pub struct Parts {
    pub version: u32,
    pub spec: &'static str,
    pub variables: Vec<(String, Variable)>,
    pub aliases: Vec<(String, String)>,
}

impl Parts {
    /// A model of random weights.
    pub fn random(kind: Kind) -> Self {
        let mut all = BTreeMap::new();
        for (name, shape, values) in stacked() {
            for (name, variable) in written(&name, &shape, &values, kind) {
                all.insert(name, variable);
            }
        }
        for (name, variable) in numbers() {
            all.insert(name, variable);
        }
        Self {
            version: 6,
            spec: "WhisperSpec",
            variables: all.into_iter().collect(),
            aliases: vec![(
                "decoder/projection/weight".to_owned(),
                "decoder/embeddings/weight".to_owned(),
            )],
        }
    }

    pub fn variable(&mut self, name: &str) -> &mut Variable {
        let found = self.variables.iter_mut().find(|(n, _)| n == name);
        &mut found.unwrap_or_else(|| panic!("no {name}")).1
    }

    pub fn remove(&mut self, name: &str) -> Variable {
        let at = self.variables.iter().position(|(n, _)| n == name);
        self.variables.remove(at.unwrap()).1
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut file = self.version.to_le_bytes().to_vec();
        text(&mut file, self.spec);
        file.extend(3_u32.to_le_bytes());
        file.extend((self.variables.len() as u32).to_le_bytes());
        for (name, variable) in &self.variables {
            text(&mut file, name);
            file.push(variable.shape.len() as u8);
            file.extend(variable.shape.iter().flat_map(|n| n.to_le_bytes()));
            file.push(variable.kind);
            file.extend((variable.bytes.len() as u32).to_le_bytes());
            file.extend(&variable.bytes);
        }
        file.extend((self.aliases.len() as u32).to_le_bytes());
        for (alias, name) in &self.aliases {
            text(&mut file, alias);
            text(&mut file, name);
        }
        file
    }

    /// Writes it as a folder with Whisper's vocabulary.
    pub fn write(&self, folder: &Path, vocabulary: &Vocabulary) {
        std::fs::write(folder.join("model.bin"), self.bytes()).unwrap();
        let tokens = Value::from(tokens(vocabulary)).to_string();
        std::fs::write(folder.join("vocabulary.json"), tokens).unwrap();
        let config = json!({ "suppress_ids": [], "lang_ids": [50_259] }).to_string();
        std::fs::write(folder.join("config.json"), config).unwrap();
    }
}

/// The ordinary tokens as CTranslate2 spells them.
pub fn tokens(vocabulary: &Vocabulary) -> Vec<String> {
    let ids = 0..vocabulary.special().eot;
    let spelled = |id| super::hugging_face::spelled(vocabulary.bytes(id));
    ids.map(spelled).collect()
}

fn text(file: &mut Vec<u8>, text: &str) {
    file.extend((text.len() as u16 + 1).to_le_bytes());
    file.extend(text.as_bytes());
    file.push(0);
}

/// A tensor that becomes a part of a variable.
struct Part {
    at: usize,
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// Variables with more than one number: name, shape and values.
fn stacked() -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut all: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    let mut push = |variable: String, at, shape: &[usize], values| {
        let shape = shape.to_vec();
        let part = Part { at, shape, values };
        all.entry(variable).or_default().push(part);
    };
    for (name, shape) in SIZES.tensors() {
        let (at, part) = place(&name);
        push(at, part, &shape, random::values(&name, &shape));
        // Keys have no bias, and CTranslate2 writes zeros for it.
        if name.ends_with(".key.weight") {
            let (at, part) = place(&name.replace("weight", "bias"));
            push(at, part, &shape[..1], vec![0.0; shape[0]]);
        }
    }
    let stack = |(name, mut parts): (String, Vec<Part>)| {
        parts.sort_by_key(|part| part.at);
        let mut shape = parts[0].shape.clone();
        shape[0] *= parts.len();
        let values = parts.into_iter().flat_map(|part| part.values);
        (name, shape, values.collect())
    };
    all.into_iter().map(stack).collect()
}

/// The variable of a tensor, and which part of it.
fn place(name: &str) -> (String, usize) {
    let renames = [
        (".blocks.", "/layer_"),
        (
            "encoder.positional_embedding",
            "encoder/position_encodings/encodings",
        ),
        (
            "decoder.positional_embedding",
            "decoder/position_encodings/encodings",
        ),
        ("decoder.token_embedding", "decoder/embeddings"),
        ("ln_post.", "layer_norm."),
        ("decoder.ln.", "decoder.layer_norm."),
        (".cross_attn_ln.", "/attention/layer_norm."),
        (".attn_ln.", "/self_attention/layer_norm."),
        (".mlp_ln.", "/ffn/layer_norm."),
        ("layer_norm.weight", "layer_norm.gamma"),
        ("layer_norm.bias", "layer_norm.beta"),
        (".cross_attn.out", "/attention/linear_2"),
        (".cross_attn.query", "/attention/linear_0"),
        (".cross_attn.key", "/attention/linear_1"),
        (".cross_attn.value", "/attention/linear_1"),
        (".attn.out", "/self_attention/linear_1"),
        (".attn.query", "/self_attention/linear_0"),
        (".attn.key", "/self_attention/linear_0"),
        (".attn.value", "/self_attention/linear_0"),
        (".mlp.0", "/ffn/linear_0"),
        (".mlp.2", "/ffn/linear_1"),
        (".", "/"),
    ];
    let part = match name {
        n if n.contains(".cross_attn.value") || n.contains(".attn.key") => 1,
        n if n.contains(".attn.value") => 2,
        _ => 0,
    };
    let renamed = renames
        .iter()
        .fold(name.to_owned(), |name, (from, to)| name.replace(from, to));
    (renamed, part)
}

fn written(name: &str, shape: &[usize], values: &[f32], kind: Kind) -> Vec<(String, Variable)> {
    let weight = name.ends_with("/weight");
    let variable = |shape: &[usize], kind, bytes| Variable {
        shape: shape.iter().map(|&n| n as u32).collect(),
        kind,
        bytes,
    };
    let singles = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let scale = format!("{name}_scale");
    match kind {
        Kind::Int8 | Kind::Int8F16 if weight => {
            let rows = values.chunks_exact(values.len() / shape[0]);
            let scales: Vec<f32> = rows.clone().map(|row| 127.0 / largest(row)).collect();
            let quants = rows.zip(&scales).flat_map(|(row, scale)| {
                row.iter()
                    .map(move |v| (v * scale).round_ties_even() as i8 as u8)
            });
            vec![
                (name.to_owned(), variable(shape, 1, quants.collect())),
                (scale, variable(&shape[..1], 0, singles(&scales))),
            ]
        }
        Kind::Int16 if weight => {
            let factor = 1024.0 / largest(values);
            let quants = values.iter().map(|v| (v * factor).round_ties_even() as i16);
            let bytes = quants.flat_map(i16::to_le_bytes).collect();
            vec![
                (name.to_owned(), variable(shape, 2, bytes)),
                (scale, variable(&[], 0, singles(&[factor]))),
            ]
        }
        Kind::F16 | Kind::Int8F16 => {
            let halves = values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes());
            vec![(name.to_owned(), variable(shape, 4, halves.collect()))]
        }
        _ => vec![(name.to_owned(), variable(shape, 0, singles(values)))],
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |a, b| b.abs().max(a))
}

/// Variables of a single number.
fn numbers() -> Vec<(String, Variable)> {
    let byte = |name: &str, value: u8| (name.to_owned(), vec![value], 1);
    let two = |name: &str, value: i16| (name.to_owned(), value.to_le_bytes().to_vec(), 2);
    let all = [
        byte("decoder/activation", 3),
        byte("decoder/alibi", 0),
        byte("decoder/alibi_use_positive_positions", 0),
        two("decoder/alignment_heads", 1),
        two("decoder/alignment_layer", -1),
        two("decoder/num_heads", SIZES.n_text_head as i16),
        byte("decoder/pre_norm", 1),
        byte("decoder/scale_alibi", 0),
        byte("decoder/scale_embeddings", 0),
        byte("decoder/start_from_zero_embedding", 0),
        two("encoder/num_heads", SIZES.n_audio_head as i16),
    ];
    let variable = |(name, bytes, kind)| {
        let shape = Vec::new();
        (name, Variable { shape, kind, bytes })
    };
    all.into_iter().map(variable).collect()
}
