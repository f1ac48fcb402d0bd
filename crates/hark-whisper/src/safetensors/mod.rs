//! Hugging Face's layout: `*.safetensors` with `config.json` and `tokenizer.json`
//! beside it.
//!
//! Names are translated from and to openai-whisper's; the mel filters are computed, for
//! the files do not hold them.

mod names;
mod read;
mod write;

pub(crate) use read::{dimensions, read};

/// The weights' usual name in a Hugging Face directory.
pub(crate) const WEIGHTS: &str = "model.safetensors";
/// The sizes' file.
pub(crate) const CONFIG: &str = "config.json";
/// Its tokens also stand for the weights, sometimes written twice.
const OUTPUT: &str = "proj_out.weight";
