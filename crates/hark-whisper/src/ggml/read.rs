//! Reads such a file. It is believed nothing: every size is held against what is left
//! of it before memory is taken.

use std::path::Path;

use super::MAGIC;
use crate::Error;
use crate::card::Card;
use crate::checkpoint::{Checkpoint, Layout};
use crate::dimensions::Dimensions;
use crate::mel::FREQUENCIES;
use crate::quant::Format;
use crate::tensors::{Encoding, Stored, Tensors};
use crate::vocabulary::Vocabulary;

/// `GGUF` as a little-endian number: the format of llama.cpp, not of whisper.cpp.
const GGUF: u32 = 0x4655_4747;

/// Reads a file's content; `path` is for errors.
pub(crate) fn read(path: &Path, content: Vec<u8>) -> Result<Checkpoint, Error> {
    let mut reader = Reader {
        path,
        length: content.len(),
        rest: &content,
    };
    reader.magic()?;
    let dimensions = reader.dimensions()?;
    let filters = reader.filters(&dimensions)?;
    let vocabulary = reader.vocabulary(&dimensions)?;
    let mut tensors = Tensors::expecting(path, &dimensions);
    while !reader.rest.is_empty() {
        reader.tensor(&mut tensors)?;
    }
    Ok(Checkpoint {
        card: Card::unclaimed(path),
        layout: Layout::Ggml,
        dimensions,
        filters,
        vocabulary,
        tokenizer: None,
        tensors: tensors.of(content),
    })
}

/// Whether a file is one, by its first bytes.
pub(crate) fn is_one(head: &[u8]) -> bool {
    head.first_chunk().copied().map(u32::from_le_bytes) == Some(MAGIC)
}

/// The sizes that a file begins with; `head` are its first bytes.
pub(crate) fn dimensions(path: &Path, head: &[u8]) -> Result<Dimensions, Error> {
    let mut reader = Reader {
        path,
        length: head.len(),
        rest: head,
    };
    reader.magic()?;
    reader.dimensions()
}

/// What is left of a file.
struct Reader<'a> {
    path: &'a Path,
    /// Of the whole file.
    length: usize,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn magic(&mut self) -> Result<(), Error> {
        let magic = self.bytes("magic", 4)?;
        match u32::from_le_bytes([magic[0], magic[1], magic[2], magic[3]]) {
            MAGIC => Ok(()),
            GGUF => Err(Error::not_a_model(
                self.path,
                "it is a GGUF file, which whisper.cpp does not use",
            )),
            other => Err(Error::not_a_model(
                self.path,
                format!("it begins with {other:#010x}, not with ggml's {MAGIC:#010x}"),
            )),
        }
    }

    fn dimensions(&mut self) -> Result<Dimensions, Error> {
        let n_vocab = self.size("n_vocab")?;
        let n_audio_ctx = self.size("n_audio_ctx")?;
        let n_state = self.size("n_audio_state")?;
        let n_audio_head = self.size("n_audio_head")?;
        let n_audio_layer = self.size("n_audio_layer")?;
        let n_text_ctx = self.size("n_text_ctx")?;
        let n_text_state = self.size("n_text_state")?;
        let dimensions = Dimensions {
            n_vocab,
            n_audio_ctx,
            n_state,
            n_audio_head,
            n_audio_layer,
            n_text_ctx,
            n_text_head: self.size("n_text_head")?,
            n_text_layer: self.size("n_text_layer")?,
            n_mels: self.size("n_mels")?,
        };
        // The file's overall format; each tensor names its own.
        self.size("ftype")?;
        dimensions.check(self.path)?;
        if n_text_state != n_state {
            let reason = format!("{n_text_state} differs from the encoder's width of {n_state}");
            return Err(Error::field(self.path, "n_text_state", reason));
        }
        Ok(dimensions)
    }

    fn filters(&mut self, dimensions: &Dimensions) -> Result<Vec<f32>, Error> {
        let (bins, frequencies) = (self.size("mel filters")?, self.size("mel filters")?);
        if bins != dimensions.n_mels || frequencies != FREQUENCIES {
            let reason = format!(
                "they are {bins} × {frequencies}, expected {} × {FREQUENCIES}",
                dimensions.n_mels
            );
            return Err(Error::field(self.path, "mel filters", reason));
        }
        let bytes = self.bytes("mel filters", bins * frequencies * 4)?;
        let filters = Format::F32.read(bytes);
        if filters.iter().any(|f| !f.is_finite()) {
            let reason = "a value is not a finite number";
            return Err(Error::field(self.path, "mel filters", reason));
        }
        Ok(filters)
    }

    fn vocabulary(&mut self, dimensions: &Dimensions) -> Result<Vocabulary, Error> {
        let count = self.size("vocabulary")?;
        if count > dimensions.n_vocab {
            let reason = format!(
                "{count} tokens are more than n_vocab, {}",
                dimensions.n_vocab
            );
            return Err(Error::field(self.path, "vocabulary", reason));
        }
        let mut tokens: Vec<Box<[u8]>> = Vec::with_capacity(count);
        for _ in 0..count {
            let length = self.size("vocabulary")?;
            tokens.push(self.bytes("vocabulary", length)?.into());
        }
        Vocabulary::new(dimensions.n_vocab, tokens).map_err(|needed| {
            let reason = format!("it has {count} tokens, expected at least {needed}");
            Error::field(self.path, "vocabulary", reason)
        })
    }

    fn tensor(&mut self, tensors: &mut Tensors) -> Result<(), Error> {
        let rank = self.size("a tensor's rank")?;
        let name_length = self.size("a tensor's name")?;
        let format = self.number("a tensor's format")?;
        if !(1..=4).contains(&rank) {
            let reason = format!("{rank} is not within 1 to 4");
            return Err(Error::field(self.path, "a tensor's rank", reason));
        }
        let mut shape = Vec::with_capacity(rank);
        for _ in 0..rank {
            shape.push(self.size("a tensor's shape")?);
        }
        // ggml writes the innermost dimension first.
        shape.reverse();
        let name = String::from_utf8_lossy(self.bytes("a tensor's name", name_length)?);
        let field = format!("tensor {name}");
        let Some(format) = Format::from_ggml(format) else {
            let reason = format!(
                "its format {format} is not one of f32, f16, q4_0, q5_0, q5_1, q8_0 (0, 1, 2, 6, \
                 7, 8); quantise the model otherwise"
            );
            return Err(Error::field(self.path, field, reason));
        };
        let shape = tensors.admit(&name, &shape)?;
        let values = shape.iter().product();
        let Some(length) = format.bytes_of(values) else {
            let reason = format!("{values} values do not fill whole blocks of its format");
            return Err(Error::field(self.path, field, reason));
        };
        let start = self.length - self.rest.len();
        self.bytes(&field, length)?;
        let stored = Stored {
            shape,
            encoding: Encoding::Ggml(format),
            bytes: start..start + length,
        };
        tensors.insert(&name, stored);
        Ok(())
    }

    fn size(&mut self, field: &str) -> Result<usize, Error> {
        let number = self.number(field)?;
        usize::try_from(number).map_err(|_| {
            let reason = format!("{number} is negative");
            Error::field(self.path, field, reason)
        })
    }

    fn number(&mut self, field: &str) -> Result<i32, Error> {
        let bytes = self.bytes(field, 4)?;
        Ok(i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn bytes(&mut self, field: &str, length: usize) -> Result<&'a [u8], Error> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(Error::Truncated {
                path: self.path.to_owned(),
                field: field.to_owned(),
                needed: length as u64,
                left: self.rest.len() as u64,
            });
        };
        self.rest = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The start of a file: sizes of a tiny Whisper, flat filters, an empty vocabulary.
    fn header(sizes: [i32; 11], tokens: i32) -> Vec<u8> {
        let mut file = MAGIC.to_le_bytes().to_vec();
        for size in sizes {
            file.extend(size.to_le_bytes());
        }
        for size in [80, 201] {
            file.extend(i32::to_le_bytes(size));
        }
        file.extend([0; 80 * 201 * 4]);
        file.extend(tokens.to_le_bytes());
        for token in 0..tokens.clamp(0, 50_257) {
            let bytes = token.to_le_bytes();
            file.extend(4_i32.to_le_bytes());
            file.extend(bytes);
        }
        file
    }

    const TINY: [i32; 11] = [51_864, 1500, 16, 1, 1, 448, 16, 1, 1, 80, 1];

    fn tensor(rank: i32, format: i32, shape: &[i32], name: &str, data: &[u8]) -> Vec<u8> {
        let mut file = header(TINY, 50_256);
        for number in [rank, name.len() as i32, format].iter().chain(shape) {
            file.extend(number.to_le_bytes());
        }
        file.extend(name.as_bytes());
        file.extend(data);
        file
    }

    fn error(file: &[u8]) -> String {
        match read(Path::new("m.bin"), file.to_vec()) {
            Ok(mut checkpoint) => checkpoint.tensors.take("decoder.ln.bias").unwrap_err(),
            Err(error) => error,
        }
        .to_string()
    }

    fn sized(at: usize, value: i32) -> Vec<u8> {
        let mut sizes = TINY;
        sizes[at] = value;
        header(sizes, 50_256)
    }

    #[test]
    fn what_is_wrong_is_named() {
        let name = "decoder.ln.bias";
        for (file, expect) in [
            (b"".to_vec(), "m.bin is truncated: magic"),
            (b"GGUF".to_vec(), "GGUF"),
            (b"RIFF".to_vec(), "0x46464952"),
            (header(TINY, 50_256)[..40].to_vec(), "truncated: n_mels"),
            (sized(0, -1), "n_vocab: -1 is negative"),
            (sized(0, 50_257), "n_vocab: 50257 is not within"),
            (sized(2, i32::MAX), "n_audio_state: 2147483647"),
            (sized(6, 32), "n_text_state: 32 differs"),
            (sized(9, 128), "mel filters: they are 80 × 201"),
            (header(TINY, 60_000), "60000 tokens are more than"),
            (header(TINY, 5), "it has 5 tokens"),
            (header(TINY, 50_256), "has no tensor decoder.ln.bias"),
            (tensor(5, 0, &[], name, &[]), "rank: 5"),
            (tensor(1, 12, &[16], name, &[]), "its format 12"),
            (tensor(1, 0, &[17], name, &[]), "[17], expected [16]"),
            (tensor(1, 0, &[16], name, &[0; 63]), "needs 64 bytes and 63"),
            (tensor(1, 8, &[16], name, &[0; 64]), "whole blocks"),
            (tensor(1, 0, &[16], name, &[255; 64]), "not a finite number"),
            (tensor(1, 0, &[16], "bert.ln", &[]), "no such tensor"),
            (
                tensor(4, 0, &[i32::MAX; 4], "encoder.conv1.weight", &[]),
                "encoder.conv1.weight has the shape [2147483647",
            ),
        ] {
            let error = error(&file);
            assert!(error.contains(expect), "{expect}: {error}");
        }
    }

    #[test]
    fn a_token_longer_than_the_file_takes_no_memory() {
        let mut file = header(TINY, 0);
        let count = file.len() - 4;
        file.truncate(count);
        file.extend(1_i32.to_le_bytes());
        file.extend(i32::MAX.to_le_bytes());
        assert!(error(&file).contains("needs 2147483647 bytes and 0 are left"));
    }

    #[test]
    fn tensors_are_read_with_the_outermost_dimension_first() {
        let data: Vec<u8> = (0..16_u8)
            .flat_map(|i| f32::from(i).to_le_bytes())
            .collect();
        let file = tensor(2, 0, &[1, 16], "encoder.conv1.bias", &data);
        let mut checkpoint = read(Path::new("m.bin"), file).unwrap();
        let bias = checkpoint.tensors.take("encoder.conv1.bias").unwrap();
        let expect: Vec<f32> = (0..16_u8).map(f32::from).collect();
        assert_eq!(bias.to_vec1::<f32>().unwrap(), expect);
        assert_eq!(checkpoint.vocabulary.special().eot, 50_256);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn a_damaged_file_is_an_error_and_no_panic(
            flips in prop::collection::vec((0_usize..2_000, any::<u8>()), 1..8),
            anywhere in any::<prop::sample::Index>(),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut file = tensor(1, 0, &[16], "decoder.ln.bias", &[0; 64]);
            let tensors = file.len() - 100;
            for (at, value) in flips {
                // Most of the file is filters and tokens: aim at both ends.
                let at = if at < 1_000 { at % 56 } else { tensors + at % 100 };
                file[at] = value;
            }
            let at = anywhere.index(file.len());
            file[at] ^= 0x80;
            file.truncate(cut.index(file.len() * 2));
            if let Ok(checkpoint) = read(Path::new("m.bin"), file) {
                let _ = checkpoint.check(|_, _| {});
            }
        }
    }
}
