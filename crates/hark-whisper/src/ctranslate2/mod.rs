//! CTranslate2's folders, as faster-whisper's users have them: `model.bin`, with
//! `vocabulary.json`, `vocabulary.txt` or `tokenizer.json` beside it.
//!
//! The format is that of binary version 6 (`ModelSpec._serialize` in CTranslate2 4): named
//! variables, then second names for some of them. Queries, keys and values lie stacked in
//! one variable; whole numbers have their scales in a variable beside them. `config.json`
//! says nothing of the model's sizes: they follow from the variables.

mod file;
mod names;
mod read;

pub(crate) use file::is_one;
pub(crate) use read::read;

/// The weights' name in such a folder.
pub(crate) const WEIGHTS: &str = "model.bin";
