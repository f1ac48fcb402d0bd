//! What a model file holds, whatever its format: sizes, mel filters, vocabulary and
//! tensors under openai-whisper's names, each with the shape that the sizes ask for.

use std::path::{Path, PathBuf};

use crate::card::{self, Card};
use crate::dimensions::Dimensions;
use crate::tensors::Tensors;
use crate::vocabulary::Vocabulary;
use crate::{Error, ctranslate2, ggml, safetensors};

/// A model file's content. It is kept as the file has it; a tensor becomes single
/// precision when it is asked for.
#[derive(Debug)]
pub struct Checkpoint {
    pub(crate) card: Card,
    pub(crate) layout: Layout,
    pub(crate) dimensions: Dimensions,
    /// `n_mels` × [`crate::mel::FREQUENCIES`] values.
    pub(crate) filters: Vec<f32>,
    pub(crate) vocabulary: Vocabulary,
    /// A `tokenizer.json` that came with the weights.
    pub(crate) tokenizer: Option<Vec<u8>>,
    pub(crate) tensors: Tensors,
}

/// A layout of model files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// whisper.cpp's `ggml-*.bin`.
    Ggml,
    /// Hugging Face's `model.safetensors` with `config.json` and `tokenizer.json`.
    Safetensors,
    /// CTranslate2's `model.bin` with its vocabulary, as faster-whisper has it.
    Ctranslate2,
}

impl Layout {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ggml => "ggml",
            Self::Safetensors => "safetensors",
            Self::Ctranslate2 => "ctranslate2",
        }
    }

    /// By a file's name and first bytes.
    fn of(file: &Path, content: &[u8]) -> Self {
        if file.extension().is_some_and(|e| e == "safetensors") {
            Self::Safetensors
        } else if ctranslate2::is_one(content) {
            Self::Ctranslate2
        } else {
            Self::Ggml
        }
    }
}

impl Checkpoint {
    /// Reads a directory with a card, a Hugging Face or CTranslate2 directory, or a file:
    /// whisper.cpp's `ggml-*.bin`, or `*.safetensors` or CTranslate2's `model.bin` with
    /// what belongs to it beside it.
    ///
    /// Values are looked at when a tensor is: [`Checkpoint::check`] looks at all.
    ///
    /// # Errors
    /// [`Error`]: what can't be read, is no Whisper, is truncated, damaged, or not what
    /// its card describes.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (file, card) = locate(path)?;
        let content = crate::error::read(&file)?;
        card.verify(&file, &content)?;
        let checkpoint = match Layout::of(&file, &content) {
            Layout::Safetensors => safetensors::read(&file, content),
            Layout::Ctranslate2 => ctranslate2::read(&file, content),
            Layout::Ggml => ggml::read(&file, content),
        };
        Ok(Self {
            card,
            ..checkpoint?
        })
    }

    /// Looks at every value of every tensor; `seen` is told how many of how many
    /// parameters that makes so far.
    ///
    /// # Errors
    /// [`Error`] for a tensor that is missing or holds what is no number.
    pub fn check(&self, mut seen: impl FnMut(usize, usize)) -> Result<(), Error> {
        let (all, mut done) = (self.dimensions.parameters(), 0);
        for (name, _) in self.dimensions.tensors() {
            done += self.tensors.values(&name)?.len();
            seen(done, all);
        }
        Ok(())
    }

    /// The layout of the file that it was read from.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The number formats of its weights, the one with the most parameters first.
    pub fn formats(&self) -> Vec<String> {
        self.tensors.formats()
    }

    /// Whether a tensor is in a format that rounds, so that another one may hold more than
    /// there is to know: all but f32, f16 and bf16.
    pub fn is_quantised(&self) -> bool {
        self.tensors.is_quantised()
    }

    /// What is known of the model besides its weights.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The model's sizes.
    pub fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }

    /// The model's vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }
}

/// The file with a model's weights, and its card; one that claims nothing where there is
/// none.
///
/// # Errors
/// [`Error::Io`] where nothing is there, [`Error::NotAModel`] for a directory without a
/// model, and as [`Card::load`].
pub fn locate(path: &Path) -> Result<(PathBuf, Card), Error> {
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
    let weights = path.join(ctranslate2::WEIGHTS);
    if weights.is_file() {
        return Ok((weights, Card::unclaimed(path)));
    }
    let reason = format!(
        "the directory has neither a {} nor a {} nor a {}",
        card::FILE_NAME,
        safetensors::WEIGHTS,
        ctranslate2::WEIGHTS,
    );
    Err(Error::not_a_model(path, reason))
}
