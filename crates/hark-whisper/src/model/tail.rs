//! What the decoder finds after a short utterance: keys and values of silence, constants
//! of the model.

use std::sync::Arc;

use candle_core::Tensor;

use super::attention::KeyValue;
use crate::context::SilenceTail;

/// How loud the silence is, as the root of its mean square (−60 dBFS).
const LOUDNESS: f32 = 1e-3;
/// The noise begins here, so that it is the same in every process.
const SEED: u64 = 0x6861_726b;

/// Keys and values of the frames that are kept of an encoded silence.
///
/// They take `kept frames · width · 8` bytes for each layer: 2.3 MB in Whisper base
/// with every 16th frame.
#[derive(Debug)]
pub(crate) struct Tail {
    rule: SilenceTail,
    full: usize,
    /// For each block of the decoder, `[heads, kept frames, width / heads]`.
    blocks: Vec<KeyValue>,
}

/// The part of a tail that follows an utterance.
#[derive(Debug)]
pub(crate) struct Following<'a> {
    tail: &'a Tail,
    first: usize,
    /// For each frame of the utterance and each that is kept after it.
    bias: Arc<[f32]>,
}

impl Tail {
    /// Of the kept frames' keys and values, block by block, of `full` frames.
    pub fn new(rule: SilenceTail, full: usize, blocks: Vec<KeyValue>) -> Self {
        Self { rule, full, blocks }
    }

    /// What follows after so many frames of an utterance; none if it fills the context.
    pub fn after(&self, frames: usize) -> Option<Following<'_>> {
        let groups = self.rule.groups(frames, self.full);
        let own = std::iter::repeat_n(0.0, frames);
        let bias = own.chain(groups.iter().map(|g| (g.frames as f32).ln()));
        Some(Following {
            tail: self,
            first: groups.first()?.kept,
            bias: bias.collect(),
        })
    }
}

impl Following<'_> {
    /// The keys and values of an utterance in a block, with what follows.
    pub fn joined(&self, block: usize, own: &KeyValue) -> candle_core::Result<KeyValue> {
        let silence = &self.tail.blocks[block];
        let join = |own: &Tensor, silence: &Tensor| {
            let left = silence.dim(1)? - self.first;
            Tensor::cat(&[own, &silence.narrow(1, self.first, left)?], 1)
        };
        Ok(KeyValue {
            key: join(&own.key, &silence.key)?,
            value: join(&own.value, &silence.value)?,
            bias: Arc::clone(&self.bias),
        })
    }
}

/// Of an encoded silence, `[frames, width]`, the frames that a rule keeps.
pub(crate) fn thinned(encoded: &Tensor, rule: SilenceTail) -> candle_core::Result<Tensor> {
    let (frames, _) = encoded.dims2()?;
    let kept: Vec<u32> = (0..frames as u32).step_by(rule.every).collect();
    encoded.index_select(&Tensor::new(kept, encoded.device())?, 0)
}

/// Near-silence: white noise with a normal distribution of deviation [`LOUDNESS`] (the
/// sum of twelve SplitMix64 numbers, each evenly distributed).
pub(crate) fn silence(samples: usize) -> Vec<f32> {
    let mut state = SEED;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let bits = (z ^ (z >> 31)) >> 40;
        bits as f32 / (1_u32 << 23) as f32 - 1.0
    };
    // Twelve variances of 1/3 are 4.
    let mut normal = || (0..12).map(|_| next()).sum::<f32>() * 0.5;
    (0..samples).map(|_| normal() * LOUDNESS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_silence_is_faint_white_and_always_the_same() {
        let noise = silence(100_000);
        assert!(noise.iter().all(|s| s.abs() <= 6.0 * LOUDNESS));
        let mean = noise.iter().sum::<f32>() / noise.len() as f32;
        assert!(mean.abs() < LOUDNESS / 50.0, "{mean}");
        // Neighbours have nothing to do with each other.
        let product = |lag: usize| -> f32 {
            let pairs = noise.iter().zip(&noise[lag..]);
            pairs.map(|(a, b)| a * b).sum::<f32>() / (noise.len() as f32 * LOUDNESS * LOUDNESS)
        };
        assert!((product(0) - 1.0).abs() < 0.02, "{}", product(0));
        assert!(product(1).abs() < 0.02, "{}", product(1));
        assert_eq!(silence(10), noise[..10]);
    }
}
