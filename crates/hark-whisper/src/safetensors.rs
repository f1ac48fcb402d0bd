//! Hugging Face's layout: `*.safetensors` with `config.json` and `tokenizer.json`
//! beside it.
//!
//! Names are translated to openai-whisper's; the mel filters are computed, for the
//! files do not hold them.

use std::collections::HashMap;
use std::path::Path;

use ::safetensors::{Dtype, SafeTensors, tensor::TensorView};
use half::bf16;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::card::Card;
use crate::checkpoint::{Checkpoint, Tensors};
use crate::dimensions::Dimensions;
use crate::mel::slaney_filters;
use crate::quant::Format;
use crate::vocabulary::Vocabulary;

/// The weights' usual name in a Hugging Face directory.
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// Reads a file's content, and what lies beside it.
pub(crate) fn read(path: &Path, content: &[u8]) -> Result<Checkpoint, Error> {
    let beside = |name: &str| path.with_file_name(name);
    let dimensions = Config::load(&beside("config.json"))?;
    let vocabulary = vocabulary(&beside("tokenizer.json"), &dimensions)?;
    let file = SafeTensors::deserialize(content).map_err(|error| {
        let reason = format!("its header can't be read ({error}); get the file again");
        Error::field(path, "safetensors", reason)
    })?;
    let mut tensors = Tensors::expecting(path, &dimensions);
    for (name, view) in file.iter() {
        // The output's weights are the token embedding's, sometimes written twice.
        if name == "proj_out.weight" {
            continue;
        }
        let name = openai_name(name);
        let shape = tensors.admit(&name, view.shape())?;
        tensors.insert(&name, shape, values(path, &name, &view)?)?;
    }
    Ok(Checkpoint {
        card: Card::unclaimed(path),
        dimensions,
        filters: slaney_filters(dimensions.n_mels),
        vocabulary,
        tensors,
    })
}

/// What `config.json` says of a Whisper.
#[derive(Deserialize)]
struct Config {
    vocab_size: usize,
    max_source_positions: usize,
    d_model: usize,
    encoder_attention_heads: usize,
    encoder_layers: usize,
    max_target_positions: usize,
    decoder_attention_heads: usize,
    decoder_layers: usize,
    num_mel_bins: usize,
}

impl Config {
    fn load(path: &Path) -> Result<Dimensions, Error> {
        #[derive(Deserialize)]
        struct Kind {
            model_type: String,
        }
        let Kind { model_type } = json(path)?;
        if model_type != "whisper" {
            let reason = format!("`{model_type}` is another architecture; expected `whisper`");
            return Err(Error::field(path, "model_type", reason));
        }
        let config: Self = json(path)?;
        let dimensions = Dimensions {
            n_vocab: config.vocab_size,
            n_audio_ctx: config.max_source_positions,
            n_state: config.d_model,
            n_audio_head: config.encoder_attention_heads,
            n_audio_layer: config.encoder_layers,
            n_text_ctx: config.max_target_positions,
            n_text_head: config.decoder_attention_heads,
            n_text_layer: config.decoder_layers,
            n_mels: config.num_mel_bins,
        };
        dimensions.check(path)?;
        Ok(dimensions)
    }
}

/// The ordinary tokens of `tokenizer.json`.
fn vocabulary(path: &Path, dimensions: &Dimensions) -> Result<Vocabulary, Error> {
    #[derive(Deserialize)]
    struct Tokenizer {
        model: Merges,
    }
    #[derive(Deserialize)]
    struct Merges {
        vocab: HashMap<String, u32>,
    }
    let tokenizer: Tokenizer = json(path)?;
    let letters = byte_letters();
    let wrong = |reason: String| Error::field(path, "model.vocab", reason);
    let mut ids: Vec<(u32, String)> = tokenizer
        .model
        .vocab
        .into_iter()
        .map(|(token, id)| (id, token))
        .collect();
    ids.sort_unstable();
    let eot = crate::vocabulary::Special::of(dimensions.n_vocab).eot;
    let mut tokens: Vec<Box<[u8]>> = Vec::with_capacity(ids.len());
    for (expected, (id, token)) in (0..eot).zip(ids) {
        if id != expected {
            return Err(wrong(format!("the token {expected} is missing")));
        }
        let bytes: Option<Box<[u8]>> = token.chars().map(|c| letters.get(&c).copied()).collect();
        tokens.push(bytes.ok_or_else(|| wrong(format!("the token {id} is not byte-level")))?);
    }
    let count = tokens.len();
    Vocabulary::new(dimensions.n_vocab, tokens)
        .map_err(|needed| wrong(format!("it has {count} tokens, expected at least {needed}")))
}

/// The letter that stands for each byte in byte-level vocabularies: printable ones for
/// themselves, the rest from U+0100 on (`bytes_to_unicode` in GPT-2's `encoder.py`).
fn byte_letters() -> HashMap<char, u8> {
    let printable = |b: u8| matches!(b, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let others = (0..=u8::MAX).filter(|&b| !printable(b));
    let stand_ins = others.zip('\u{100}'..).map(|(byte, letter)| (letter, byte));
    (0..=u8::MAX)
        .filter(|&b| printable(b))
        .map(|b| (char::from(b), b))
        .chain(stand_ins)
        .collect()
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    serde_json::from_slice(&crate::error::read(path)?)
        .map_err(|error| Error::field(path, "JSON", error.to_string()))
}

/// openai-whisper's name for one of Hugging Face's.
fn openai_name(name: &str) -> String {
    const RENAMES: [(&str, &str); 17] = [
        ("layers.", "blocks."),
        ("encoder_attn_layer_norm", "cross_attn_ln"),
        ("encoder_attn.", "cross_attn."),
        ("self_attn_layer_norm", "attn_ln"),
        ("self_attn.", "attn."),
        ("q_proj", "query"),
        ("k_proj", "key"),
        ("v_proj", "value"),
        ("out_proj", "out"),
        ("final_layer_norm", "mlp_ln"),
        ("fc1", "mlp.0"),
        ("fc2", "mlp.2"),
        ("embed_positions.weight", "positional_embedding"),
        ("embed_tokens", "token_embedding"),
        ("encoder.layer_norm", "encoder.ln_post"),
        ("decoder.layer_norm", "decoder.ln"),
        ("model.", ""),
    ];
    RENAMES
        .iter()
        .fold(name.to_owned(), |name, (from, to)| name.replace(from, to))
}

fn values(path: &Path, name: &str, view: &TensorView<'_>) -> Result<Vec<f32>, Error> {
    match view.dtype() {
        Dtype::F32 => Ok(Format::F32.read(view.data())),
        Dtype::F16 => Ok(Format::F16.read(view.data())),
        Dtype::BF16 => Ok(view
            .data()
            .chunks_exact(2)
            .map(|b| bf16::from_le_bytes([b[0], b[1]]).to_f32())
            .collect()),
        other => {
            let reason = format!("its type is {other:?}, expected F32, F16 or BF16");
            Err(Error::field(path, format!("tensor {name}"), reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_translated() {
        for (name, expect) in [
            (
                "model.encoder.layers.0.self_attn.q_proj.weight",
                "encoder.blocks.0.attn.query.weight",
            ),
            (
                "model.decoder.layers.5.encoder_attn_layer_norm.bias",
                "decoder.blocks.5.cross_attn_ln.bias",
            ),
            (
                "model.decoder.layers.1.encoder_attn.out_proj.bias",
                "decoder.blocks.1.cross_attn.out.bias",
            ),
            (
                "model.decoder.layers.1.final_layer_norm.bias",
                "decoder.blocks.1.mlp_ln.bias",
            ),
            ("model.encoder.layer_norm.weight", "encoder.ln_post.weight"),
            ("model.decoder.layer_norm.weight", "decoder.ln.weight"),
            (
                "model.decoder.embed_tokens.weight",
                "decoder.token_embedding.weight",
            ),
            (
                "model.encoder.embed_positions.weight",
                "encoder.positional_embedding",
            ),
            ("model.encoder.conv1.bias", "encoder.conv1.bias"),
        ] {
            assert_eq!(openai_name(name), expect);
        }
    }

    #[test]
    fn every_byte_has_its_letter() {
        let letters = byte_letters();
        assert_eq!(letters.len(), 256);
        for (letter, byte) in [
            ('A', b'A'),
            ('Ġ', b' '),
            ('Ċ', b'\n'),
            ('Ã', 0xc3),
            ('¼', 0xbc),
        ] {
            assert_eq!(letters[&letter], byte, "{letter}");
        }
    }
}
