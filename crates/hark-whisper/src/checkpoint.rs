//! What a model file holds, whatever its format: sizes, mel filters, vocabulary and
//! tensors under openai-whisper's names, each with the shape that the sizes ask for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};

use crate::card::{self, Card};
use crate::dimensions::Dimensions;
use crate::vocabulary::Vocabulary;
use crate::{Error, ggml, safetensors};

/// A model file's content, in single precision.
#[derive(Debug)]
pub struct Checkpoint {
    pub(crate) card: Card,
    pub(crate) dimensions: Dimensions,
    /// `n_mels` × [`crate::mel::FREQUENCIES`] values.
    pub(crate) filters: Vec<f32>,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) tensors: Tensors,
}

/// Tensors in single precision, under openai-whisper's names.
#[derive(Debug)]
pub(crate) struct Tensors {
    path: PathBuf,
    expected: HashMap<String, Vec<usize>>,
    found: HashMap<String, Tensor>,
}

impl Checkpoint {
    /// Reads a directory with a card, a Hugging Face directory, or a file: whisper.cpp's
    /// `ggml-*.bin`, or `*.safetensors` with what belongs to it beside it.
    ///
    /// # Errors
    /// [`Error`]: what can't be read, is no Whisper, is truncated, damaged, or not what
    /// its card describes.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (file, card) = locate(path)?;
        let content = crate::error::read(&file)?;
        card.verify(&file, &content)?;
        let checkpoint = if file.extension().is_some_and(|e| e == "safetensors") {
            safetensors::read(&file, &content)
        } else {
            ggml::read(&file, &content)
        };
        Ok(Self {
            card,
            ..checkpoint?
        })
    }

    /// What is known of the model besides its weights.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The model's sizes.
    pub fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }
}

/// The file with the weights, and its card.
fn locate(path: &Path) -> Result<(PathBuf, Card), Error> {
    let metadata = std::fs::metadata(path).map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })?;
    if !metadata.is_dir() {
        return Ok((path.to_owned(), Card::unclaimed(path)));
    }
    let card = path.join(card::FILE_NAME);
    if card.is_file() {
        let card = Card::load(&card)?;
        return Ok((path.join(&card.file), card));
    }
    let weights = path.join(safetensors::WEIGHTS);
    if weights.is_file() {
        // Such a directory's own name is the model's, not that of the file in it.
        let card = Card::unclaimed(path);
        return Ok((weights, card));
    }
    let reason = format!(
        "the directory has neither a {} nor a {}",
        card::FILE_NAME,
        safetensors::WEIGHTS
    );
    Err(Error::not_a_model(path, reason))
}
impl Tensors {
    /// Expects the tensors of a Whisper of these sizes.
    pub fn expecting(path: &Path, dimensions: &Dimensions) -> Self {
        Self {
            path: path.to_owned(),
            expected: dimensions.tensors().into_iter().collect(),
            found: HashMap::new(),
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

    /// Keeps an admitted tensor's values.
    pub fn insert(&mut self, name: &str, shape: Vec<usize>, values: Vec<f32>) -> Result<(), Error> {
        if let Some(at) = values.iter().position(|v| !v.is_finite()) {
            let field = format!("tensor {name}");
            let reason = format!("value {at} is not a finite number; get the file again");
            return Err(Error::field(&self.path, field, reason));
        }
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu)?;
        self.found.insert(name.to_owned(), tensor);
        Ok(())
    }

    /// Takes a tensor out.
    pub fn take(&mut self, name: &str) -> Result<Tensor, Error> {
        self.found.remove(name).ok_or_else(|| self.missing(name))
    }

    /// Looks at a tensor.
    pub fn get(&self, name: &str) -> Result<&Tensor, Error> {
        self.found.get(name).ok_or_else(|| self.missing(name))
    }

    fn missing(&self, name: &str) -> Error {
        Error::MissingTensor {
            path: self.path.clone(),
            tensor: name.to_owned(),
        }
    }
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

    #[test]
    fn only_expected_tensors_of_the_right_shape_come_in_and_once() {
        let mut tensors = Tensors::expecting(Path::new("m.bin"), &TINY);
        let shape = tensors.admit("encoder.conv1.bias", &[16, 1]).unwrap();
        assert_eq!(shape, [16]);
        tensors
            .insert("encoder.conv1.bias", shape, vec![0.0; 16])
            .unwrap();
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
        let mut tensors = Tensors::expecting(Path::new("m.bin"), &TINY);
        let mut values = vec![0.0; 16];
        values[3] = f32::NAN;
        let error = tensors.insert("decoder.ln.bias", vec![16], values);
        assert!(error.unwrap_err().to_string().contains("value 3"));
    }
}
