//! Reads such a directory. The file's header is believed nothing: the safetensors library
//! holds every tensor against the file's length and its neighbours.

use std::path::Path;

use ::safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use super::names::openai_name;
use super::{CONFIG, OUTPUT};
use crate::Error;
use crate::card::Card;
use crate::checkpoint::{Checkpoint, Layout};
use crate::dimensions::Dimensions;
use crate::error::json;
use crate::mel::slaney_filters;
use crate::quant::Format;
use crate::tensors::{Encoding, Stored, Tensors};
use crate::tokenizer;

/// Bytes of the header's own length.
const LENGTH: usize = 8;

/// Reads a file's content, and what lies beside it.
pub(crate) fn read(path: &Path, content: Vec<u8>) -> Result<Checkpoint, Error> {
    let beside = |name: &str| path.with_file_name(name);
    let dimensions = Config::load(&beside(CONFIG))?;
    let (vocabulary, tokenizer) = tokenizer::read(&beside(tokenizer::FILE), &dimensions)?;
    let (header, file) = SafeTensors::read_metadata(&content).map_err(|error| {
        let reason = format!("its header can't be read ({error}); get the file again");
        Error::field(path, "safetensors", reason)
    })?;
    let mut tensors = Tensors::expecting(path, &dimensions);
    let mut all: Vec<_> = file.tensors().into_iter().collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, info) in all {
        if name == OUTPUT {
            continue;
        }
        let name = openai_name(&name);
        let shape = tensors.admit(&name, &info.shape)?;
        let (start, end) = info.data_offsets;
        let stored = Stored {
            shape,
            encoding: encoding(path, &name, info.dtype)?,
            bytes: LENGTH + header + start..LENGTH + header + end,
        };
        tensors.insert(&name, stored);
    }
    Ok(Checkpoint {
        card: Card::unclaimed(path),
        layout: Layout::Safetensors,
        dimensions,
        filters: slaney_filters(dimensions.n_mels),
        vocabulary,
        tokenizer: Some(tokenizer),
        tensors: tensors.of(content),
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

/// The sizes that lie beside a file.
pub(crate) fn dimensions(path: &Path) -> Result<Dimensions, Error> {
    Config::load(&path.with_file_name("config.json"))
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

fn encoding(path: &Path, name: &str, dtype: Dtype) -> Result<Encoding, Error> {
    match dtype {
        Dtype::F32 => Ok(Encoding::Ggml(Format::F32)),
        Dtype::F16 => Ok(Encoding::Ggml(Format::F16)),
        Dtype::BF16 => Ok(Encoding::Bf16),
        other => {
            let reason = format!("its type is {other:?}, expected F32, F16 or BF16");
            Err(Error::field(path, format!("tensor {name}"), reason))
        }
    }
}
