//! Hugging Face's `tokenizer.json`: read for the bytes of its tokens, and written for a
//! model that came without one.
//!
//! Merges are not kept in ggml's files; they follow from the tokens, for byte-pair
//! encoding gave a token the next id when it merged its two halves.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Error;
use crate::dimensions::Dimensions;
use crate::languages::LANGUAGES;
use crate::vocabulary::{Special, Vocabulary};

/// Its name in a model's directory.
pub(crate) const FILE: &str = "tokenizer.json";
const FIELD: &str = "model.vocab";

/// Its ordinary tokens, and the file as it is.
pub(crate) fn read(path: &Path, dimensions: &Dimensions) -> Result<(Vocabulary, Vec<u8>), Error> {
    #[derive(Deserialize)]
    struct Tokenizer {
        model: Merges,
    }
    #[derive(Deserialize)]
    struct Merges {
        vocab: HashMap<String, u32>,
    }
    let content = crate::error::read(path)?;
    let tokenizer: Tokenizer = crate::error::json_of(path, &content)?;
    let mut ids: Vec<(u32, String)> = tokenizer
        .model
        .vocab
        .into_iter()
        .map(|(token, id)| (id, token))
        .collect();
    ids.sort_unstable();
    for (expected, (id, _)) in (0..Special::of(dimensions.n_vocab).eot).zip(&ids) {
        if *id != expected {
            let reason = format!("the token {expected} is missing");
            return Err(Error::field(path, FIELD, reason));
        }
    }
    let tokens = ids.iter().map(|(_, token)| token.as_str());
    Ok((listed(path, FIELD, tokens, dimensions)?, content))
}

/// The vocabulary of byte-level tokens in order of their ids; those after the ordinary
/// ones don't count.
pub(crate) fn listed<'a>(
    path: &Path,
    field: &str,
    tokens: impl Iterator<Item = &'a str>,
    dimensions: &Dimensions,
) -> Result<Vocabulary, Error> {
    let letters = byte_letters();
    let eot = Special::of(dimensions.n_vocab).eot;
    let mut ordinary: Vec<Box<[u8]>> = Vec::new();
    for (token, id) in tokens.zip(0..eot) {
        let bytes: Option<Box<[u8]>> = token.chars().map(|c| letters.get(&c).copied()).collect();
        let reason = || format!("the token {id} is not byte-level");
        ordinary.push(bytes.ok_or_else(|| Error::field(path, field, reason()))?);
    }
    let count = ordinary.len();
    Vocabulary::new(dimensions.n_vocab, ordinary).map_err(|needed| {
        let reason = format!("it has {count} tokens, expected at least {needed}");
        Error::field(path, field, reason)
    })
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

/// A `tokenizer.json` of these tokens.
pub(crate) fn write(vocabulary: &Vocabulary) -> Vec<u8> {
    let special = vocabulary.special();
    let letters: HashMap<u8, char> = byte_letters().into_iter().map(|(c, b)| (b, c)).collect();
    let spelled = |bytes: &[u8]| -> String { bytes.iter().map(|b| letters[b]).collect() };
    let ids = 0..special.eot;
    let vocab: Map<String, Value> = ids
        .clone()
        .map(|id| (spelled(vocabulary.bytes(id)), id.into()))
        .collect();
    let ranks: HashMap<&[u8], u32> = ids.clone().map(|id| (vocabulary.bytes(id), id)).collect();
    let merges: Vec<_> = ids
        .filter_map(|id| halves(&ranks, vocabulary.bytes(id), id))
        .map(|(left, right)| format!("{} {}", spelled(left), spelled(right)))
        .collect();
    let added: Vec<_> = names(special)
        .into_iter()
        .zip(special.eot..)
        .map(|(content, id)| {
            json!({ "id": id, "content": content, "single_word": false, "lstrip": false,
                    "rstrip": false, "normalized": false, "special": true })
        })
        .collect();
    let bytes = json!({ "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                        "use_regex": true });
    json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added,
        "normalizer": null, "pre_tokenizer": bytes, "post_processor": null, "decoder": bytes,
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
            "vocab": vocab, "merges": merges,
        },
    })
    .to_string()
    .into_bytes()
}

/// The two tokens that were merged into this one: what is left of its bytes when all merges
/// that came before it are done (`bpe` in transformers' `convert_slow_tokenizer.py`).
fn halves<'a>(
    ranks: &HashMap<&[u8], u32>,
    token: &'a [u8],
    id: u32,
) -> Option<(&'a [u8], &'a [u8])> {
    // Where its parts begin.
    let mut starts: Vec<usize> = (0..token.len()).collect();
    let end = |starts: &[usize], at: usize| starts.get(at).copied().unwrap_or(token.len());
    while starts.len() > 2 {
        let pairs = (0..starts.len() - 1).filter_map(|at| {
            let rank = ranks.get(&token[starts[at]..end(&starts, at + 2)])?;
            (*rank < id).then_some((*rank, at))
        });
        let (_, at) = pairs.min()?;
        starts.remove(at + 1);
    }
    (starts.len() == 2).then(|| token.split_at(starts[1]))
}

/// The names of the special tokens, in order of their ids.
fn names(special: &Special) -> Vec<String> {
    let languages = (special.translate - special.sot - 1) as usize;
    let mut names = vec![
        "<|endoftext|>".to_owned(),
        "<|startoftranscript|>".to_owned(),
    ];
    names.extend(LANGUAGES.iter().take(languages).map(|l| format!("<|{l}|>")));
    for name in [
        "translate",
        "transcribe",
        "startoflm",
        "startofprev",
        "nospeech",
        "notimestamps",
    ] {
        names.push(format!("<|{name}|>"));
    }
    names.extend((0..=1500_u32).map(|step| format!("<|{}.{:02}|>", step / 50, step % 50 * 2)));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn special_tokens_have_the_ids_that_their_names_have() {
        for n_vocab in [51_864, 51_865, 51_866] {
            let special = Special::of(n_vocab);
            let names = names(&special);
            assert_eq!(names.len() as u32, n_vocab as u32 - special.eot);
            let at = |id: u32| names[(id - special.eot) as usize].as_str();
            assert_eq!(at(special.translate), "<|translate|>");
            assert_eq!(at(special.no_timestamps), "<|notimestamps|>");
            assert_eq!(at(special.timestamp_begin + 77), "<|1.54|>");
        }
    }

    #[test]
    fn a_token_is_parted_as_it_was_merged() {
        let tokens: [&[u8]; 7] = [b"a", b"b", b"c", b"ab", b"bc", b"abc", b"cabc"];
        let ranks: HashMap<&[u8], u32> = tokens.iter().copied().zip(0..).collect();
        for (id, expect) in [
            (0, None),
            (3, Some((&b"a"[..], &b"b"[..]))),
            (5, Some((b"ab", b"c"))),
            (6, Some((b"c", b"abc"))),
        ] {
            assert_eq!(halves(&ranks, tokens[id as usize], id), expect, "{id}");
        }
    }
}
