//! Writes such a directory's files, to the bit as Hugging Face's own tools do: tensors in
//! order of their names, a header that ends on a multiple of 8.

use std::io::Write;

use serde_json::{Map, Value, json};

use super::names::hugging_face_name;
use crate::Error;
use crate::checkpoint::Checkpoint;
use crate::ggml::encoded;
use crate::quant::Format;
use crate::tokenizer;

impl Checkpoint {
    /// Writes the weights as Hugging Face's `model.safetensors`; what belongs beside it is
    /// [`Checkpoint::config_json`] and [`Checkpoint::tokenizer_json`].
    ///
    /// [`Format::F32`] loses nothing; [`Format::F16`] nothing of what was in half precision.
    ///
    /// # Errors
    /// [`Error::Write`] if `out` fails; [`Error::Unwritable`] where a value does not fit
    /// the format, or the format is none of those two.
    pub fn write_safetensors(&self, out: &mut impl Write, format: Format) -> Result<(), Error> {
        let dtype = match format {
            Format::F32 => "F32",
            Format::F16 => "F16",
            _ => {
                return Err(Error::Unwritable {
                    tensor: "of any name".to_owned(),
                    format,
                    reason: "safetensors has no such numbers; take f16 or f32, or write ggml"
                        .to_owned(),
                });
            }
        };
        let mut tensors: Vec<_> = self
            .dimensions
            .tensors()
            .into_iter()
            .map(|(name, shape)| (hugging_face_name(&name), name, shape))
            .collect();
        tensors.sort();
        let mut header = Map::new();
        header.insert("__metadata__".to_owned(), json!({ "format": "pt" }));
        let mut start = 0;
        for (theirs, _, shape) in &tensors {
            let end = start + shape.iter().product::<usize>() * format.block_bytes();
            let entry = json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, end] });
            header.insert(theirs.clone(), entry);
            start = end;
        }
        out.write_all(&framed(header))?;
        for (_, ours, _) in &tensors {
            match self.tensors.raw(ours, format)? {
                Some(bytes) => out.write_all(bytes)?,
                None => {
                    let bytes = encoded(ours, &self.tensors.values(ours)?, format)?;
                    out.write_all(&bytes)?;
                }
            }
        }
        Ok(())
    }

    /// The sizes as Hugging Face's `config.json` has them.
    pub fn config_json(&self, format: Format) -> String {
        let sizes = &self.dimensions;
        let config = json!({
            "model_type": "whisper",
            "architectures": ["WhisperForConditionalGeneration"],
            "num_mel_bins": sizes.n_mels,
            "max_source_positions": sizes.n_audio_ctx,
            "max_target_positions": sizes.n_text_ctx,
            "d_model": sizes.n_state,
            "encoder_layers": sizes.n_audio_layer,
            "encoder_attention_heads": sizes.n_audio_head,
            "decoder_layers": sizes.n_text_layer,
            "decoder_attention_heads": sizes.n_text_head,
            "encoder_ffn_dim": 4 * sizes.n_state,
            "decoder_ffn_dim": 4 * sizes.n_state,
            "vocab_size": sizes.n_vocab,
            "activation_function": "gelu",
            "torch_dtype": if format == Format::F16 { "float16" } else { "float32" },
            "tie_word_embeddings": true,
        });
        format!("{config:#}\n")
    }

    /// A `tokenizer.json`: the one that came with the weights, else one that is made from
    /// the vocabulary.
    pub fn tokenizer_json(&self) -> Vec<u8> {
        let made = || tokenizer::write(&self.vocabulary);
        self.tokenizer.clone().unwrap_or_else(made)
    }
}

/// The header with its length before it, filled up with spaces.
fn framed(header: Map<String, Value>) -> Vec<u8> {
    let mut text = Value::Object(header).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let mut framed = (text.len() as u64).to_le_bytes().to_vec();
    framed.append(&mut text);
    framed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_on_a_multiple_of_eight() {
        let mut header = Map::new();
        for name in ["a", "of", "three"] {
            header.insert(name.to_owned(), json!({}));
            let framed = framed(header.clone());
            let length = u64::from_le_bytes(framed[..8].try_into().unwrap());
            assert_eq!(length % 8, 0);
            assert_eq!(framed.len() as u64, 8 + length);
            assert!(serde_json::from_slice::<Value>(&framed[8..]).is_ok());
        }
    }
}
