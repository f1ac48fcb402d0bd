//! whisper.cpp's model files (`ggml-*.bin`): magic, sizes, mel filters, vocabulary and
//! tensors in one file, all little-endian.
//!
//! The format is that of `whisper_model_load` in whisper.cpp 1.8.

mod read;
mod write;

pub(crate) use read::{dimensions, is_one, read};
pub(crate) use write::encoded;

/// `ggml` as a little-endian number.
const MAGIC: u32 = 0x6767_6d6c;
