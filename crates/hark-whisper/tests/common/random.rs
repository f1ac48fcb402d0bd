//! Models of random weights that follow from a name and a place alone, the same as those
//! of `tests/reference/weights.py`, bit by bit.

use std::path::Path;

use hark_whisper::{Dimensions, Model};

use super::{hugging_face, nano};

/// 80 mels and 99 languages, as all Whispers before large-v3.
pub const RANDOM_80: Dimensions = Dimensions {
    n_vocab: 51_865,
    n_audio_ctx: 1500,
    n_state: 72,
    n_audio_head: 3,
    n_audio_layer: 3,
    n_text_ctx: 448,
    n_text_head: 2,
    n_text_layer: 2,
    n_mels: 80,
};

/// The layout of large-v3 and turbo: 128 mels, 100 languages, a shorter decoder.
pub const RANDOM_128: Dimensions = Dimensions {
    n_vocab: 51_866,
    n_audio_ctx: 1500,
    n_state: 64,
    n_audio_head: 4,
    n_audio_layer: 3,
    n_text_ctx: 448,
    n_text_head: 2,
    n_text_layer: 1,
    n_mels: 128,
};

const SEED: u64 = 20_260_101;

/// Writes a model of such weights as a Hugging Face directory, with Whisper's vocabulary.
pub fn write(dir: &Path, dimensions: &Dimensions) {
    let nano = Model::load(&nano()).unwrap();
    let vocabulary = nano.vocabulary();
    let tokens: Vec<_> = (0..vocabulary.special().eot)
        .map(|token| vocabulary.bytes(token).to_vec())
        .collect();
    let tensors = dimensions.tensors().into_iter().map(|(name, shape)| {
        let values = values(&name, &shape);
        (name, shape, values)
    });
    hugging_face::write(dir, dimensions, &tokens, tensors);
}

/// The values of a tensor, under openai-whisper's name.
pub fn values(name: &str, shape: &[usize]) -> Vec<f32> {
    let (bound, offset) = range(name, shape);
    hashes(key_of(name))
        .map(|hash| ((hash >> 40) as f32 * 2.0_f32.powi(-23) - 1.0) * bound + offset)
        .take(shape.iter().product())
        .collect()
}

/// How far from what the values of a tensor are.
fn range(name: &str, shape: &[usize]) -> (f32, f32) {
    if name.ends_with(".bias") {
        (0.125, 0.0)
    } else if name.ends_with("ln.weight") || name.ends_with("ln_post.weight") {
        (0.25, 1.0)
    } else if name == "decoder.positional_embedding" {
        (2.0, 0.0)
    } else if name.contains("embedding") {
        (0.5, 0.0)
    } else {
        let fan_in: usize = shape[1..].iter().product();
        (2.0_f32.powi(2 - fan_in.ilog2() as i32 / 2), 0.0)
    }
}

/// FNV-1a of a name, with the seed.
pub fn key_of(name: &str) -> u64 {
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325 ^ SEED, |key, byte| {
            (key ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
}

/// SplitMix64's numbers after a key.
pub fn hashes(key: u64) -> impl Iterator<Item = u64> {
    (1_u64..).map(move |i| {
        let z = key.wrapping_add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
