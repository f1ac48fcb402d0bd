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
mod tail;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use candle_core::Tensor;
use hark_core::engine::Cancel;

pub use decoder::Cache;

use crate::Error;
use crate::card::Card;
use crate::checkpoint::Checkpoint;
use crate::context::Context;
use crate::dimensions::{Dimensions, MEL_PER_FRAME, SAMPLES_PER_FRAME};
use crate::mel::{LogMel, Mel};
use crate::vocabulary::Vocabulary;
use decoder::Decoder;
use encoder::Encoder;
use tail::Tail;

/// A loaded model. Clones share it. It computes on the rayon pool that it is called from.
#[derive(Debug, Clone)]
pub struct Model {
    inner: Arc<Inner>,
    context: Context,
    /// Computed when it is first needed; it depends on weights and context alone.
    tail: Arc<OnceLock<Tail>>,
}

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

/// How much tokens listened to frames, in one layer (its cross-attention's weights). What
/// a token gave to a frame that stands for several is divided among them.
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
            ..
        } = Checkpoint::open(path)?;
        let model = Self {
            context: Context::Full,
            inner: Arc::new(Inner {
                encoder: Encoder::load(&mut tensors, &dimensions)?,
                decoder: Decoder::load(&mut tensors, &dimensions)?,
                log_mel: LogMel::new(dimensions.n_mels, &filters),
                card,
                dimensions,
                vocabulary,
            }),
            tail: Arc::default(),
        };
        model.with_context(model.card().context())
    }

    /// The same model (it shares the weights), listening to another context than its card
    /// says.
    ///
    /// # Errors
    /// [`Error::Context`] if a silence tail makes no sense, or its slack leaves no room
    /// for it in the model's context.
    pub fn with_context(&self, context: Context) -> Result<Self, Error> {
        if let Context::SilenceTail(tail) = context {
            let full = self.full_context();
            let wrong = |(field, reason): (&str, String)| Error::Context {
                model: self.card().name.clone(),
                reason: format!("{field}: {reason}"),
            };
            tail.check().map_err(wrong)?;
            if tail.slack >= full {
                let reason = format!("{} frames fill its context of {full}", tail.slack);
                return Err(wrong(("silence_tail.slack", reason)));
            }
        }
        Ok(Self {
            inner: Arc::clone(&self.inner),
            context,
            tail: Arc::default(),
        })
    }

    /// What the model listens to.
    pub fn context(&self) -> Context {
        self.context
    }

    /// Computes what is the same for every utterance, so that the first need not wait for
    /// it: with a silence tail, one encoding of 30 s.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn prepare(&self, cancel: &Cancel) -> Result<(), Error> {
        self.tail(cancel).map(drop)
    }

    /// The silence that follows utterances, computed once; none without such a context.
    fn tail(&self, cancel: &Cancel) -> Result<Option<&Tail>, Error> {
        let Context::SilenceTail(rule) = self.context else {
            return Ok(None);
        };
        if let Some(tail) = self.tail.get() {
            return Ok(Some(tail));
        }
        let full = self.full_context();
        let mel = self.mel(&tail::silence(full * SAMPLES_PER_FRAME), full);
        let encoded = self.inner.encoder.forward(&mel, cancel)?;
        let kept = tail::thinned(&encoded, rule)?;
        let tail = Tail::new(rule, full, self.inner.decoder.key_values(&kept)?);
        // Whoever was faster computed the same.
        Ok(Some(self.tail.get_or_init(|| tail)))
    }

    /// What is known of the model besides its weights.
    pub fn card(&self) -> &Card {
        &self.inner.card
    }

    /// The model's sizes.
    pub fn dimensions(&self) -> &Dimensions {
        &self.inner.dimensions
    }

    /// The model's vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.inner.vocabulary
    }

    /// Encoder frames (of 20 ms) to compute for so many samples, by the model's
    /// [context](Self::context).
    pub fn context_for(&self, samples: usize) -> usize {
        self.context.frames(samples, self.full_context())
    }

    /// Encoder frames of 30 s.
    pub fn full_context(&self) -> usize {
        self.inner.dimensions.n_audio_ctx
    }

    /// The spectrogram of 16 kHz mono samples for so many encoder frames: cut, or
    /// filled up with silence.
    pub fn mel(&self, samples: &[f32], context: usize) -> Mel {
        self.inner.log_mel.compute(samples, context * MEL_PER_FRAME)
    }

    /// Encodes a spectrogram that [`Self::mel`] made.
    ///
    /// # Errors
    /// [`Error::Cancelled`], looked at between layers; [`Error::Compute`] if the
    /// spectrogram is empty, longer than 30 s, or has other bins than the model.
    pub fn encode(&self, mel: &Mel, cancel: &Cancel) -> Result<Encoded, Error> {
        if mel.frames < self.full_context() * MEL_PER_FRAME {
            self.prepare(cancel)?;
        }
        let tensor = self.inner.encoder.forward(mel, cancel)?;
        Ok(Encoded { tensor })
    }

    /// Begins to decode an utterance, with room for so many tokens (at most 448). With a
    /// silence tail, that follows where the utterance ends before 30 s.
    ///
    /// # Errors
    /// [`Error::Compute`].
    pub fn begin(&self, encoded: &Encoded, room: usize) -> Result<Cache, Error> {
        let tail = match encoded.frames() < self.full_context() {
            true => self.tail(&Cancel::default())?,
            false => None,
        };
        let following = tail.and_then(|tail| tail.after(encoded.frames()));
        let cache = self
            .inner
            .decoder
            .begin(&encoded.tensor, room, following.as_ref());
        Ok(cache?)
    }

    /// Takes further tokens in and says what may follow each of them.
    ///
    /// # Errors
    /// [`Error::ContextFull`] if the cache has no room for them; [`Error::Compute`] if
    /// there are none or one is not in the vocabulary.
    pub fn step(&self, cache: &mut Cache, tokens: &[u32]) -> Result<Logits, Error> {
        cache.check_room(tokens.len())?;
        self.logits(&self.inner.decoder.step(cache, tokens)?)
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
        let (logits, layers) = self.inner.decoder.align(cache, tokens)?;
        let bias = cache.bias();
        let layers = layers.iter().map(|weights| Alignment::of(weights, bias));
        Ok((self.logits(&logits)?, layers.collect::<Result<_, _>>()?))
    }

    fn logits(&self, logits: &Tensor) -> Result<Logits, Error> {
        Ok(Logits {
            n_vocab: self.inner.dimensions.n_vocab,
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
    /// `bias` is the logarithm of the number of frames that each position stands for; an
    /// empty one says that each stands for itself.
    fn of(weights: &Tensor, bias: &[f32]) -> Result<Self, Error> {
        let (heads, tokens, positions) = weights.dims3()?;
        let values: Vec<f32> = weights.flatten_all()?.to_vec1()?;
        let mut alignment = Self {
            heads,
            tokens,
            frames: positions,
            values,
        };
        if !bias.is_empty() {
            let stands_for = |b: &f32| b.exp().round() as usize;
            let frames: Vec<usize> = bias.iter().map(stands_for).collect();
            alignment.spread(&frames);
        }
        Ok(alignment)
    }

    /// Divides what each position got among the frames that it stands for.
    fn spread(&mut self, frames: &[usize]) {
        let row = |row: &[f32]| -> Vec<f32> {
            let each = row.iter().zip(frames);
            each.flat_map(|(&share, &n)| std::iter::repeat_n(share / n as f32, n))
                .collect()
        };
        self.values = self
            .values
            .chunks_exact(self.frames)
            .flat_map(row)
            .collect();
        self.frames = frames.iter().sum();
    }
}

#[cfg(test)]
mod tests;
