//! Writes such a file, as whisper.cpp's `convert-pt-to-ggml.py` and `quantize` do:
//! matrices in the format that is asked for, vectors and positions in single precision,
//! convolutions in half precision at best.

use std::io::Write;

use super::MAGIC;
use crate::checkpoint::Checkpoint;
use crate::dimensions::Dimensions;
use crate::mel::FREQUENCIES;
use crate::quant::Format;
use crate::{Error, Vocabulary};

/// ggml's version of its quantised formats, as it goes into a file's overall format.
const QUANTISED: i32 = 2 * 1000;

impl Checkpoint {
    /// Writes the model as one of whisper.cpp's files.
    ///
    /// [`Format::F32`] loses nothing; any other format loses nothing of what was read from
    /// a file of that format.
    /// whisper.cpp 1.8 itself can not run a file of [`Format::F32`] on a CPU.
    ///
    /// # Errors
    /// [`Error::Write`] if `out` fails; [`Error::Unwritable`] where a tensor does not fit
    /// the format.
    pub fn write_ggml(&self, out: &mut impl Write, format: Format) -> Result<(), Error> {
        out.write_all(&MAGIC.to_le_bytes())?;
        numbers(out, &sizes(&self.dimensions))?;
        numbers(out, &[overall(format)])?;
        numbers(out, &[size(self.dimensions.n_mels), size(FREQUENCIES)])?;
        let filters = self.filters.iter().flat_map(|f| f.to_le_bytes());
        out.write_all(&filters.collect::<Vec<_>>())?;
        vocabulary(out, &self.vocabulary)?;
        for (name, shape) in self.dimensions.tensors() {
            let format = format_of(&name, &shape, format);
            match self.tensors.raw(&name, format)? {
                Some(bytes) => tensor(out, &name, &shape, bytes, format)?,
                None => {
                    let bytes = encoded(&name, &self.tensors.values(&name)?, format)?;
                    tensor(out, &name, &shape, &bytes, format)?;
                }
            }
        }
        Ok(())
    }
}

fn sizes(dimensions: &Dimensions) -> [i32; 10] {
    [
        dimensions.n_vocab,
        dimensions.n_audio_ctx,
        dimensions.n_state,
        dimensions.n_audio_head,
        dimensions.n_audio_layer,
        dimensions.n_text_ctx,
        dimensions.n_state,
        dimensions.n_text_head,
        dimensions.n_text_layer,
        dimensions.n_mels,
    ]
    .map(size)
}

/// `ggml_ftype`, which is not ggml's number of a tensor's format.
fn overall(format: Format) -> i32 {
    match format {
        Format::F32 => 0,
        Format::F16 => 1,
        Format::Q4_0 => QUANTISED + 2,
        Format::Q8_0 => QUANTISED + 7,
        Format::Q5_0 => QUANTISED + 8,
        Format::Q5_1 => QUANTISED + 9,
    }
}

fn vocabulary(out: &mut impl Write, vocabulary: &Vocabulary) -> Result<(), Error> {
    let count = vocabulary.special().eot;
    numbers(out, &[size(count as usize)])?;
    for token in 0..count {
        let bytes = vocabulary.bytes(token);
        numbers(out, &[size(bytes.len())])?;
        out.write_all(bytes)?;
    }
    Ok(())
}

fn tensor(
    out: &mut impl Write,
    name: &str,
    shape: &[usize],
    bytes: &[u8],
    format: Format,
) -> Result<(), Error> {
    let mut shape: Vec<i32> = shape.iter().copied().map(size).collect();
    // whisper.cpp adds a convolution's bias to each frame: it wants a column.
    if name.starts_with("encoder.conv") && shape.len() == 1 {
        shape.push(1);
    }
    numbers(
        out,
        &[size(shape.len()), size(name.len()), format.to_ggml()],
    )?;
    // The innermost dimension goes first.
    shape.reverse();
    numbers(out, &shape)?;
    out.write_all(name.as_bytes())?;
    out.write_all(bytes)?;
    Ok(())
}

/// The format that whisper.cpp expects of a tensor in a file of this format.
fn format_of(name: &str, shape: &[usize], format: Format) -> Format {
    match (name.ends_with(".weight"), shape.len()) {
        (true, 2) => format,
        (true, 3) if format != Format::F32 => Format::F16,
        _ => Format::F32,
    }
}

pub(crate) fn encoded(name: &str, values: &[f32], format: Format) -> Result<Vec<u8>, Error> {
    let unwritable = |reason: String| Error::Unwritable {
        tensor: name.to_owned(),
        format,
        reason,
    };
    let largest = half::f16::MAX.to_f32();
    if format != Format::F32
        && let Some(value) = values.iter().find(|v| v.abs() > largest)
    {
        let reason = format!("its value {value} is beyond half precision; take f32");
        return Err(unwritable(reason));
    }
    format.write(values).ok_or_else(|| {
        let reason = format!(
            "its {} values do not fill blocks of {}; take f16 or f32",
            values.len(),
            format.block_len()
        );
        unwritable(reason)
    })
}

fn numbers(out: &mut impl Write, numbers: &[i32]) -> Result<(), Error> {
    for number in numbers {
        out.write_all(&number.to_le_bytes())?;
    }
    Ok(())
}

fn size(size: usize) -> i32 {
    i32::try_from(size).expect("a Whisper's sizes are bounded far below 2³¹")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_alone_are_quantised() {
        for (name, shape, format, expect) in [
            (
                "decoder.blocks.0.attn.query.weight",
                [8, 8].as_slice(),
                Format::Q8_0,
                Format::Q8_0,
            ),
            (
                "decoder.token_embedding.weight",
                &[8, 8],
                Format::F16,
                Format::F16,
            ),
            (
                "decoder.positional_embedding",
                &[8, 8],
                Format::F16,
                Format::F32,
            ),
            (
                "encoder.conv1.weight",
                &[8, 8, 3],
                Format::Q5_0,
                Format::F16,
            ),
            ("encoder.conv1.weight", &[8, 8, 3], Format::F32, Format::F32),
            (
                "encoder.blocks.0.attn_ln.weight",
                &[8],
                Format::F16,
                Format::F32,
            ),
            ("encoder.conv1.bias", &[8], Format::Q8_0, Format::F32),
        ] {
            assert_eq!(format_of(name, shape, format), expect, "{name} {format:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (values, format, expect) in [
            (
                vec![0.0; 33],
                Format::Q8_0,
                "tensor x can not be written as Q8_0: its 33 values",
            ),
            (
                vec![1.0, -70_000.0],
                Format::F16,
                "its value -70000 is beyond half precision",
            ),
        ] {
            let error = encoded("x", &values, format).unwrap_err().to_string();
            assert!(error.contains(expect), "{error}");
        }
        assert!(encoded("x", &[-70_000.0], Format::F32).is_ok());
    }

    #[test]
    fn an_output_that_fails_is_an_error() {
        let error = numbers(&mut &mut [0_u8; 3][..], &[1]).unwrap_err();
        assert!(matches!(error, Error::Write(_)), "{error}");
    }
}
