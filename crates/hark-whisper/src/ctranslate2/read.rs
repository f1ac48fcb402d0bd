//! Reads such a folder: sizes from the variables' shapes, tensors from their rows.

use std::collections::BTreeSet;
use std::path::Path;

use super::file::{File, Kind, Variable, wrong};
use super::names::{Place, place};
use crate::Error;
use crate::card::Card;
use crate::checkpoint::{Checkpoint, Layout};
use crate::dimensions::Dimensions;
use crate::mel::slaney_filters;
use crate::quant::Format;
use crate::tensors::{Encoding, Stored, Tensors};
use crate::tokenizer;
use crate::vocabulary::Vocabulary;

const EMBEDDINGS: &str = "decoder/embeddings/weight";
/// More blocks than a Whisper has; [`Dimensions::check`] says so.
const MOST_BLOCKS: usize = 100;

/// Reads a file's content, and the vocabulary beside it.
pub(crate) fn read(path: &Path, content: Vec<u8>) -> Result<Checkpoint, Error> {
    let file = File::parse(path, &content)?;
    let dimensions = dimensions(&file)?;
    let tensors = tensors(&file, &dimensions)?;
    let vocabulary = vocabulary(path, &dimensions)?;
    let beside = path.with_file_name(tokenizer::FILE);
    let tokenizer = match beside.is_file() {
        true => Some(tokenizer::read(&beside, &dimensions)?.1),
        false => None,
    };
    Ok(Checkpoint {
        card: Card::unclaimed(path),
        layout: Layout::Ctranslate2,
        filters: slaney_filters(dimensions.n_mels),
        dimensions,
        vocabulary,
        tokenizer,
        tensors: tensors.of(content),
    })
}

fn dimensions(file: &File<'_>) -> Result<Dimensions, Error> {
    let [n_vocab, n_state] = shape(file, EMBEDDINGS)?;
    let [n_audio_ctx, _] = shape(file, "encoder/position_encodings/encodings")?;
    let [n_text_ctx, _] = shape(file, "decoder/position_encodings/encodings")?;
    let [_, n_mels, _] = shape(file, "encoder/conv1/weight")?;
    let blocks = |side: &str| {
        let there = |at: &usize| {
            let name = format!("{side}/layer_{at}/self_attention/linear_0/weight");
            file.find(&name).is_some()
        };
        (0..MOST_BLOCKS).take_while(there).count()
    };
    let dimensions = Dimensions {
        n_vocab,
        n_audio_ctx,
        n_state,
        n_audio_head: file.number("encoder/num_heads")?,
        n_audio_layer: blocks("encoder"),
        n_text_ctx,
        n_text_head: file.number("decoder/num_heads")?,
        n_text_layer: blocks("decoder"),
        n_mels,
    };
    dimensions.check(file.path)?;
    Ok(dimensions)
}

fn shape<const N: usize>(file: &File<'_>, name: &str) -> Result<[usize; N], Error> {
    let found = &file.variable(name)?.shape;
    let shape = <[usize; N]>::try_from(found.as_slice());
    shape.map_err(|_| {
        let reason = format!("it has {} dimensions, expected {N}", found.len());
        wrong(file.path, name, reason)
    })
}

fn tensors(file: &File<'_>, dimensions: &Dimensions) -> Result<Tensors, Error> {
    let mut tensors = Tensors::expecting(file.path, dimensions);
    let mut used = BTreeSet::new();
    for (name, _) in dimensions.tensors() {
        let place = place(&name).expect("every tensor of a Whisper has a place");
        let stored = stored(file, &name, &place, &tensors)?;
        tensors.insert(&name, stored);
        if matches!(
            place,
            Place {
                part: 0,
                of: 2 | 3,
                ..
            }
        ) {
            without_key_bias(file, &place.variable.replace("/weight", "/bias"))?;
        }
        used.insert(format!("{}_scale", place.variable));
        used.insert(place.variable);
    }
    // The output's weights are the token embedding's, and some files name the heads that
    // timestamps are taken from.
    for more in [
        "decoder/projection/weight",
        "decoder/projection/weight_scale",
        "decoder/alignment_heads",
        "decoder/alignment_layer",
    ] {
        used.insert(more.to_owned());
    }
    match file.unused(&used) {
        Some(name) => Err(wrong(file.path, name, "Whisper has no such variable")),
        None => Ok(tensors),
    }
}

/// Where a tensor is: all rows of a variable, or a part of them.
fn stored(file: &File<'_>, name: &str, place: &Place, tensors: &Tensors) -> Result<Stored, Error> {
    let variable = file.variable(&place.variable)?;
    let mut shape = variable.shape.clone();
    let rows = shape.first().copied().unwrap_or(0);
    if rows == 0 || !rows.is_multiple_of(place.of) {
        let reason = format!("its {rows} rows are not {} equal parts", place.of);
        return Err(wrong(file.path, &place.variable, reason));
    }
    shape[0] = rows / place.of;
    let shape = tensors.admit(name, &shape)?;
    let length = variable.bytes.len() / place.of;
    let start = variable.bytes.start + place.part * length;
    Ok(Stored {
        shape,
        encoding: encoding(file, place, variable, rows)?,
        bytes: start..start + length,
    })
}

fn encoding(
    file: &File<'_>,
    place: &Place,
    variable: &Variable,
    rows: usize,
) -> Result<Encoding, Error> {
    let scales = |count: usize| {
        let name = format!("{}_scale", place.variable);
        let scales = file.variable(&name)?;
        if scales.kind != Kind::F32 || scales.shape.iter().product::<usize>() != count {
            let reason = format!(
                "it is {:?} {:?}, expected {count} × f32",
                scales.kind, scales.shape
            );
            return Err(wrong(file.path, &name, reason));
        }
        Ok(scales.bytes.clone())
    };
    Ok(match variable.kind {
        Kind::F32 => Encoding::Ggml(Format::F32),
        Kind::F16 => Encoding::Ggml(Format::F16),
        Kind::Bf16 => Encoding::Bf16,
        Kind::I8 => {
            let all = scales(rows)?;
            let length = all.len() / place.of;
            let start = all.start + place.part * length;
            Encoding::Int8 {
                scales: start..start + length,
            }
        }
        Kind::I16 => Encoding::Int16 { scale: scales(1)? },
        Kind::I32 => {
            let reason = "its type is int32, expected f32, f16, bf16, int8 or int16";
            return Err(wrong(file.path, &place.variable, reason));
        }
    })
}

/// CTranslate2 has a bias for keys, Whisper has none: it must be zeros.
fn without_key_bias(file: &File<'_>, name: &str) -> Result<(), Error> {
    let variable = file.variable(name)?;
    let bytes = &file.content[variable.bytes.clone()];
    // Query, key, value, or key, value.
    let keys = match name.contains("/self_attention/") {
        true => &bytes[bytes.len() / 3..bytes.len() / 3 * 2],
        false => &bytes[..bytes.len() / 2],
    };
    // A negative zero is one too.
    let size = variable.kind.size();
    let is_zero = |number: &[u8]| match number.split_last() {
        Some((top, rest)) => top & 0x7f == 0 && rest.iter().all(|&b| b == 0),
        None => true,
    };
    match keys.chunks(size).all(is_zero) {
        true => Ok(()),
        false => Err(wrong(
            file.path,
            name,
            "its part for keys is not zero, and Whisper's keys have no bias",
        )),
    }
}

/// The tokens: from the folder's own list, else from a `tokenizer.json`.
fn vocabulary(path: &Path, dimensions: &Dimensions) -> Result<Vocabulary, Error> {
    let list = path.with_file_name("vocabulary.json");
    if list.is_file() {
        let tokens: Vec<String> = crate::error::json(&list)?;
        let tokens = tokens.iter().map(String::as_str);
        return tokenizer::listed(&list, "tokens", tokens, dimensions);
    }
    let list = path.with_file_name("vocabulary.txt");
    if list.is_file() {
        let text = String::from_utf8(crate::error::read(&list)?)
            .map_err(|_| Error::field(&list, "text", "it is not UTF-8"))?;
        return tokenizer::listed(&list, "lines", text.split('\n'), dimensions);
    }
    let beside = path.with_file_name(tokenizer::FILE);
    if beside.is_file() {
        return Ok(tokenizer::read(&beside, dimensions)?.0);
    }
    let reason = "vocabulary.json, vocabulary.txt and tokenizer.json are all missing beside it";
    Err(Error::field(path, "vocabulary", reason))
}
