//! A Whisper: weights, vocabulary and card, and the three things that it computes.
//!
//! After Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision"
//! (2022) and openai-whisper's `model.py`. Keys and values are kept, of the audio and
//! of the text; everything is in single precision on the CPU.

mod attention;
mod cpu;
mod decoder;
mod encoder;
pub(crate) mod kernels;
mod ops;

use std::path::Path;
use std::sync::Arc;

use candle_core::Tensor;
use hark_core::engine::Cancel;

pub use decoder::Cache;

use crate::Error;
use crate::card::Card;
use crate::checkpoint::Checkpoint;
use crate::dimensions::{Dimensions, MEL_PER_FRAME, SAMPLES_PER_FRAME};
use crate::mel::{LogMel, Mel};
use crate::vocabulary::Vocabulary;
use decoder::Decoder;
use encoder::Encoder;

/// A short context is a multiple of so many frames (0.32 s).
const CONTEXT_STEP: usize = 16;

/// A loaded model. Clones share it. It computes on the rayon pool that it is called from.
#[derive(Debug, Clone)]
pub struct Model(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    card: Card,
    dimensions: Dimensions,
    vocabulary: Vocabulary,
    log_mel: LogMel,
    encoder: Encoder,
    decoder: Decoder,
}

/// An encoded utterance.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// `[frames, width]`
    tensor: Tensor,
}

/// How likely each next token is, after each of the tokens that were taken in.
#[derive(Debug, Clone, PartialEq)]
pub struct Logits {
    n_vocab: usize,
    /// Row by row.
    values: Vec<f32>,
}

/// How much tokens listened to frames, in one layer (its cross-attention's weights).
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// Heads of the layer.
    pub heads: usize,
    /// Tokens that were taken in.
    pub tokens: usize,
    /// Encoder frames of 20 ms.
    pub frames: usize,
    /// `heads` × `tokens` × `frames` values of 0 to 1; the frames of a token sum to 1.
    pub values: Vec<f32>,
}

impl Model {
    /// Loads a directory with a card, a Hugging Face directory, or a file: whisper.cpp's
    /// `ggml-*.bin`, or `*.safetensors` with what belongs to it beside it.
    ///
    /// Quantised weights are read into single precision.
    ///
    /// # Errors
    /// [`Error`]: what can't be read, is no Whisper, is truncated, damaged, or not what
    /// its card describes.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let Checkpoint {
            card,
            dimensions,
            filters,
            vocabulary,
            mut tensors,
        } = Checkpoint::open(path)?;
        Ok(Self(Arc::new(Inner {
            encoder: Encoder::load(&mut tensors, &dimensions)?,
            decoder: Decoder::load(&mut tensors, &dimensions)?,
            log_mel: LogMel::new(dimensions.n_mels, &filters),
            card,
            dimensions,
            vocabulary,
        })))
    }

    /// What is known of the model besides its weights.
    pub fn card(&self) -> &Card {
        &self.0.card
    }

    /// The model's sizes.
    pub fn dimensions(&self) -> &Dimensions {
        &self.0.dimensions
    }

    /// The model's vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.0.vocabulary
    }

    /// Encoder frames (of 20 ms) for so many samples: as many as there is audio where
    /// the card says that the model bears it, else all of 30 s.
    pub fn context_for(&self, samples: usize) -> usize {
        let full = self.full_context();
        if !self.0.card.short_context {
            return full;
        }
        let frames = samples.div_ceil(SAMPLES_PER_FRAME).max(1);
        frames.next_multiple_of(CONTEXT_STEP).min(full)
    }

    /// Encoder frames of 30 s.
    pub fn full_context(&self) -> usize {
        self.0.dimensions.n_audio_ctx
    }

    /// The spectrogram of 16 kHz mono samples for so many encoder frames: cut, or
    /// filled up with silence.
    pub fn mel(&self, samples: &[f32], context: usize) -> Mel {
        self.0.log_mel.compute(samples, context * MEL_PER_FRAME)
    }

    /// Encodes a spectrogram that [`Self::mel`] made.
    ///
    /// # Errors
    /// [`Error::Cancelled`], looked at between layers; [`Error::Compute`] if the
    /// spectrogram is empty, longer than 30 s, or has other bins than the model.
    pub fn encode(&self, mel: &Mel, cancel: &Cancel) -> Result<Encoded, Error> {
        let tensor = self.0.encoder.forward(mel, cancel)?;
        Ok(Encoded { tensor })
    }

    /// Begins to decode an utterance, with room for so many tokens (at most 448).
    ///
    /// # Errors
    /// [`Error::Compute`].
    pub fn begin(&self, encoded: &Encoded, room: usize) -> Result<Cache, Error> {
        Ok(self.0.decoder.begin(&encoded.tensor, room)?)
    }

    /// Takes further tokens in and says what may follow each of them.
    ///
    /// # Errors
    /// [`Error::ContextFull`] if the cache has no room for them; [`Error::Compute`] if
    /// there are none or one is not in the vocabulary.
    pub fn step(&self, cache: &mut Cache, tokens: &[u32]) -> Result<Logits, Error> {
        cache.check_room(tokens.len())?;
        self.logits(&self.0.decoder.step(cache, tokens)?)
    }

    /// Takes further tokens in as [`Self::step`] does, and says of each layer how much
    /// each of them listened to each frame.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn align(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
    ) -> Result<(Logits, Vec<Alignment>), Error> {
        cache.check_room(tokens.len())?;
        let (logits, layers) = self.0.decoder.align(cache, tokens)?;
        let layers = layers.iter().map(Alignment::of);
        Ok((self.logits(&logits)?, layers.collect::<Result<_, _>>()?))
    }

    fn logits(&self, logits: &Tensor) -> Result<Logits, Error> {
        Ok(Logits {
            n_vocab: self.0.dimensions.n_vocab,
            values: logits.flatten_all()?.to_vec1()?,
        })
    }
}

impl Encoded {
    /// How many frames (of 20 ms) there are.
    pub fn frames(&self) -> usize {
        self.tensor.dims().first().copied().unwrap_or(0)
    }

    /// Their values, frame by frame.
    ///
    /// # Errors
    /// [`Error::Compute`].
    pub fn values(&self) -> Result<Vec<f32>, Error> {
        Ok(self.tensor.flatten_all()?.to_vec1()?)
    }
}

impl Logits {
    /// With rows of `n_vocab` values, one for each token that was taken in.
    ///
    /// # Panics
    /// If there is no row, or the last is not whole.
    pub fn new(n_vocab: usize, values: Vec<f32>) -> Self {
        assert!(!values.is_empty() && values.len().is_multiple_of(n_vocab));
        Self { n_vocab, values }
    }

    /// What may follow each token.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.n_vocab)
    }

    /// What may follow the first token.
    pub fn first(&self) -> &[f32] {
        &self.values[..self.n_vocab]
    }

    /// What may follow the last token.
    pub fn last_mut(&mut self) -> &mut [f32] {
        let start = self.values.len() - self.n_vocab;
        &mut self.values[start..]
    }
}

impl Alignment {
    fn of(weights: &Tensor) -> Result<Self, Error> {
        let (heads, tokens, frames) = weights.dims3()?;
        Ok(Self {
            heads,
            tokens,
            frames,
            values: weights.flatten_all()?.to_vec1()?,
        })
    }
}
