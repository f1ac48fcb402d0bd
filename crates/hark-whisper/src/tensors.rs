//! A file's tensors: where in it each is, and what that means in single precision.
//!
//! The file is kept as it is, so a model takes the memory of its file and of the tensors
//! that are looked at, not of all of them in single precision.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use half::bf16;

use crate::Error;
use crate::dimensions::Dimensions;
use crate::quant::Format;

/// A file's tensors, under openai-whisper's names.
#[derive(Debug)]
pub(crate) struct Tensors {
    path: PathBuf,
    expected: HashMap<String, Vec<usize>>,
    found: HashMap<String, Stored>,
    content: Vec<u8>,
}

/// Where a tensor is in a file, and how it is written.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// Outermost dimension first.
    pub shape: Vec<usize>,
    pub encoding: Encoding,
    pub bytes: Range<usize>,
}

/// How numbers are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As ggml writes them; f32 and f16 are the same everywhere.
    Ggml(Format),
    Bf16,
    /// A byte, to be divided by its row's scale in single precision (CTranslate2).
    Int8 {
        scales: Range<usize>,
    },
    /// Two bytes, to be divided by the tensor's scale in single precision (CTranslate2).
    Int16 {
        scale: Range<usize>,
    },
}

impl Encoding {
    fn name(&self) -> String {
        match self {
            Self::Ggml(format) => format!("{format:?}").to_lowercase(),
            Self::Bf16 => "bf16".to_owned(),
            Self::Int8 { .. } => "int8".to_owned(),
            Self::Int16 { .. } => "int16".to_owned(),
        }
    }

    fn is_quantised(&self) -> bool {
        !matches!(self, Self::Ggml(Format::F32 | Format::F16) | Self::Bf16)
    }
}

impl Tensors {
    /// Expects the tensors of a Whisper of these sizes.
    pub fn expecting(path: &Path, dimensions: &Dimensions) -> Self {
        Self {
            path: path.to_owned(),
            expected: dimensions.tensors().into_iter().collect(),
            found: HashMap::new(),
            content: Vec::new(),
        }
    }

    /// Checks a tensor's shape before its values are read. Dimensions of 1 count for
    /// nothing, for ggml writes biases as `[n, 1]`. Gives the shape to read it as.
    pub fn admit(&self, name: &str, shape: &[usize]) -> Result<Vec<usize>, Error> {
        let Some(expected) = self.expected.get(name) else {
            let reason = "Whisper has no such tensor";
            return Err(Error::field(&self.path, format!("tensor {name}"), reason));
        };
        if self.found.contains_key(name) {
            let field = format!("tensor {name}");
            return Err(Error::field(&self.path, field, "it is there twice"));
        }
        let squeezed =
            |shape: &[usize]| -> Vec<usize> { shape.iter().copied().filter(|&n| n != 1).collect() };
        if squeezed(shape) != squeezed(expected) {
            return Err(Error::Shape {
                path: self.path.clone(),
                tensor: name.to_owned(),
                expected: expected.clone(),
                found: shape.to_vec(),
            });
        }
        Ok(expected.clone())
    }

    /// Keeps where an admitted tensor is.
    pub fn insert(&mut self, name: &str, stored: Stored) {
        self.found.insert(name.to_owned(), stored);
    }

    /// With the file's content, in which the tensors are.
    pub fn of(self, content: Vec<u8>) -> Self {
        Self { content, ..self }
    }

    /// Takes a tensor out.
    pub fn take(&mut self, name: &str) -> Result<Tensor, Error> {
        let values = self.values(name)?;
        let stored = self.found.remove(name).ok_or_else(|| self.missing(name))?;
        Ok(Tensor::from_vec(values, stored.shape, &Device::Cpu)?)
    }

    /// A tensor's values.
    pub fn values(&self, name: &str) -> Result<Vec<f32>, Error> {
        let stored = self.stored(name)?;
        let bytes = &self.content[stored.bytes.clone()];
        let values = match &stored.encoding {
            Encoding::Ggml(format) => format.read(bytes),
            Encoding::Bf16 => numbers(bytes, |b| bf16::from_le_bytes(b).to_f32()).collect(),
            Encoding::Int8 { scales } => {
                let scales = Format::F32.read(&self.content[scales.clone()]);
                let rows = bytes.chunks_exact((bytes.len() / scales.len().max(1)).max(1));
                let row = |(row, scale): (&[u8], f32)| -> Vec<f32> {
                    row.iter().map(|&q| f32::from(q as i8) / scale).collect()
                };
                rows.zip(scales).flat_map(row).collect()
            }
            Encoding::Int16 { scale } => {
                let scale = Format::F32.read(&self.content[scale.clone()])[0];
                numbers(bytes, |b| f32::from(i16::from_le_bytes(b)) / scale).collect()
            }
        };
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let field = format!("tensor {name}");
            let reason = format!("value {at} is not a finite number; get the file again");
            return Err(Error::field(&self.path, field, reason));
        }
        Ok(values)
    }

    /// A tensor's bytes as the file has them, if they are in this format.
    pub fn raw(&self, name: &str, format: Format) -> Result<Option<&[u8]>, Error> {
        let stored = self.stored(name)?;
        if stored.encoding != Encoding::Ggml(format) {
            return Ok(None);
        }
        // What is no number is not handed on.
        self.values(name)?;
        Ok(Some(&self.content[stored.bytes.clone()]))
    }

    /// The encodings' names, the one of the most parameters first.
    pub fn formats(&self) -> Vec<String> {
        let mut parameters: HashMap<String, usize> = HashMap::new();
        for stored in self.found.values() {
            *parameters.entry(stored.encoding.name()).or_default() +=
                stored.shape.iter().product::<usize>();
        }
        let mut formats: Vec<_> = parameters.into_iter().collect();
        formats.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        formats.into_iter().map(|(name, _)| name).collect()
    }

    pub fn is_quantised(&self) -> bool {
        let mut all = self.found.values();
        all.any(|stored| stored.encoding.is_quantised())
    }

    fn stored(&self, name: &str) -> Result<&Stored, Error> {
        self.found.get(name).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Error {
        Error::MissingTensor {
            path: self.path.clone(),
            tensor: name.to_owned(),
        }
    }
}

fn numbers(bytes: &[u8], read: impl Fn([u8; 2]) -> f32) -> impl Iterator<Item = f32> {
    bytes.chunks_exact(2).map(move |b| read([b[0], b[1]]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: Dimensions = Dimensions {
        n_vocab: 51_864,
        n_audio_ctx: 1500,
        n_state: 16,
        n_audio_head: 1,
        n_audio_layer: 1,
        n_text_ctx: 448,
        n_text_head: 1,
        n_text_layer: 1,
        n_mels: 80,
    };

    /// With one tensor of single precision.
    fn with(mut tensors: Tensors, name: &str, values: &[f32]) -> Tensors {
        let content: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let stored = Stored {
            shape: vec![values.len()],
            encoding: Encoding::Ggml(Format::F32),
            bytes: 0..content.len(),
        };
        tensors.insert(name, stored);
        tensors.of(content)
    }

    #[test]
    fn whole_numbers_are_divided_by_their_scales() {
        let mut content: Vec<u8> = [2.0_f32, 4.0]
            .iter()
            .flat_map(|v| v.to_le_bytes())
            .collect();
        content.extend([2, 255, 8, 252]);
        content.extend([100_i16, -3].iter().flat_map(|v| v.to_le_bytes()));
        let mut tensors = Tensors::expecting(Path::new("m.bin"), &TINY);
        let mut insert = |name: &str, encoding, bytes| {
            let shape = vec![2, 2];
            tensors.insert(
                name,
                Stored {
                    shape,
                    encoding,
                    bytes,
                },
            );
        };
        insert("a", Encoding::Int8 { scales: 0..8 }, 8..12);
        insert("b", Encoding::Int16 { scale: 4..8 }, 12..16);
        let tensors = tensors.of(content);
        assert_eq!(tensors.values("a").unwrap(), [1.0, -0.5, 2.0, -1.0]);
        assert_eq!(tensors.values("b").unwrap(), [25.0, -0.75]);
        assert!(tensors.is_quantised());
        assert_eq!(tensors.formats(), ["int16", "int8"]);
    }

    #[test]
    fn only_expected_tensors_of_the_right_shape_come_in_and_once() {
        let tensors = Tensors::expecting(Path::new("m.bin"), &TINY);
        let shape = tensors.admit("encoder.conv1.bias", &[16, 1]).unwrap();
        assert_eq!(shape, [16]);
        let mut tensors = with(tensors, "encoder.conv1.bias", &[0.0; 16]);
        let error =
            |name: &str, shape: &[usize]| tensors.admit(name, shape).unwrap_err().to_string();
        assert!(error("encoder.conv1.bias", &[16]).contains("twice"));
        assert!(error("decoder.ln.bias", &[17]).contains("[17], expected [16]"));
        assert!(error("bert.pooler", &[16]).contains("no such tensor"));
        assert!(tensors.take("encoder.conv1.bias").is_ok());
        assert!(matches!(
            tensors.take("encoder.conv1.bias"),
            Err(Error::MissingTensor { tensor, .. }) if tensor == "encoder.conv1.bias"
        ));
    }

    #[test]
    fn values_that_are_no_numbers_are_refused() {
        let tensors = Tensors::expecting(Path::new("m.bin"), &TINY);
        let mut values = [0.0; 16];
        values[3] = f32::NAN;
        let tensors = with(tensors, "decoder.ln.bias", &values);
        let error = tensors.values("decoder.ln.bias").unwrap_err();
        assert!(error.to_string().contains("value 3"));
    }
}
