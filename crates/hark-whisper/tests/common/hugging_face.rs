//! Writes a model as a Hugging Face directory.

use std::path::Path;

use hark_whisper::Dimensions;
use serde_json::{Map, Value, json};

/// Writes `config.json`, `tokenizer.json` and `model.safetensors`, of tensors under
/// openai-whisper's names.
pub fn write(
    dir: &Path,
    dimensions: &Dimensions,
    vocabulary: &[Vec<u8>],
    tensors: impl Iterator<Item = (String, Vec<usize>, Vec<f32>)>,
) {
    std::fs::write(dir.join("config.json"), config(dimensions)).unwrap();
    std::fs::write(dir.join("tokenizer.json"), tokenizer(vocabulary)).unwrap();
    std::fs::write(dir.join("model.safetensors"), safetensors(tensors)).unwrap();
}

fn config(dimensions: &Dimensions) -> String {
    json!({
        "model_type": "whisper",
        "vocab_size": dimensions.n_vocab,
        "num_mel_bins": dimensions.n_mels,
        "max_source_positions": dimensions.n_audio_ctx,
        "max_target_positions": dimensions.n_text_ctx,
        "d_model": dimensions.n_state,
        "encoder_attention_heads": dimensions.n_audio_head,
        "encoder_layers": dimensions.n_audio_layer,
        "decoder_attention_heads": dimensions.n_text_head,
        "decoder_layers": dimensions.n_text_layer,
    })
    .to_string()
}

/// The vocabulary as a byte-level one.
fn tokenizer(vocabulary: &[Vec<u8>]) -> String {
    let vocab: Map<_, _> = vocabulary
        .iter()
        .zip(0_u32..)
        .map(|(bytes, id)| (spelled(bytes), id.into()))
        .collect();
    json!({ "model": { "vocab": vocab } }).to_string()
}

/// Bytes in the letters of a byte-level vocabulary.
pub fn spelled(bytes: &[u8]) -> String {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let letter = |b: &u8| match printable(*b) {
        true => char::from(*b),
        false => {
            let before = (0..*b).filter(|&b| !printable(b)).count() as u32;
            char::from_u32(0x100 + before).unwrap()
        }
    };
    bytes.iter().map(letter).collect()
}

/// Hugging Face's name for one of openai-whisper's.
pub fn name(name: &str) -> String {
    let renames = [
        ("blocks.", "layers."),
        ("cross_attn_ln", "encoder_attn_layer_norm"),
        ("cross_attn.", "encoder_attn."),
        (".attn_ln", ".self_attn_layer_norm"),
        (".attn.", ".self_attn."),
        ("query", "q_proj"),
        ("key", "k_proj"),
        ("value", "v_proj"),
        ("attn.out", "attn.out_proj"),
        ("mlp_ln", "final_layer_norm"),
        ("mlp.0", "fc1"),
        ("mlp.2", "fc2"),
        ("positional_embedding", "embed_positions.weight"),
        ("token_embedding", "embed_tokens"),
        ("encoder.ln_post", "encoder.layer_norm"),
        ("decoder.ln.", "decoder.layer_norm."),
    ];
    let renamed = renames
        .iter()
        .fold(name.to_owned(), |name, (from, to)| name.replace(from, to));
    format!("model.{renamed}")
}

fn safetensors(tensors: impl Iterator<Item = (String, Vec<usize>, Vec<f32>)>) -> Vec<u8> {
    let mut header = Map::new();
    let mut content = Vec::new();
    for (openai, shape, values) in tensors {
        let start = content.len();
        content.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        let entry = json!({
            "dtype": "F32", "shape": shape, "data_offsets": [start, content.len()],
        });
        header.insert(name(&openai), entry);
    }
    let header = Value::Object(header).to_string();
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(content);
    file
}
