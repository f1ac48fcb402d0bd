//! A Whisper's sizes, and the bounds within which they are believed.

use std::path::Path;

use crate::Error;

/// Mel frames that become one encoder frame.
pub const MEL_PER_FRAME: usize = 2;
/// Samples (at 16 kHz) that become one encoder frame: 20 ms.
pub const SAMPLES_PER_FRAME: usize = crate::mel::HOP * MEL_PER_FRAME;

/// A Whisper's sizes (`ModelDimensions` in openai-whisper).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimensions {
    /// Tokens, special ones included: 51864 (English), 51865, or 51866 (large-v3).
    pub n_vocab: usize,
    /// Encoder frames of 30 s: 1500.
    pub n_audio_ctx: usize,
    /// Width of encoder and decoder.
    pub n_state: usize,
    /// Heads of the encoder.
    pub n_audio_head: usize,
    /// Blocks of the encoder.
    pub n_audio_layer: usize,
    /// Tokens that the decoder's context holds: 448.
    pub n_text_ctx: usize,
    /// Heads of the decoder.
    pub n_text_head: usize,
    /// Blocks of the decoder.
    pub n_text_layer: usize,
    /// Mel bins: 80, or 128 (large-v3).
    pub n_mels: usize,
}

impl Dimensions {
    /// Refuses sizes that no Whisper has, before anything is allocated by them.
    pub(crate) fn check(&self, path: &Path) -> Result<(), Error> {
        let fields = [
            ("n_vocab", self.n_vocab, 51_864, 51_866),
            ("n_audio_ctx", self.n_audio_ctx, 1, 1500),
            ("n_audio_state", self.n_state, 16, 2048),
            ("n_audio_head", self.n_audio_head, 1, 64),
            ("n_audio_layer", self.n_audio_layer, 1, 64),
            ("n_text_ctx", self.n_text_ctx, 16, 448),
            ("n_text_head", self.n_text_head, 1, 64),
            ("n_text_layer", self.n_text_layer, 1, 64),
        ];
        for (field, value, low, high) in fields {
            if !(low..=high).contains(&value) {
                let reason = format!("{value} is not within {low} to {high}: no Whisper has that");
                return Err(Error::field(path, field, reason));
            }
        }
        if self.n_mels != 80 && self.n_mels != 128 {
            let reason = format!("{} is neither 80 nor 128", self.n_mels);
            return Err(Error::field(path, "n_mels", reason));
        }
        for (field, heads) in [
            ("n_audio_head", self.n_audio_head),
            ("n_text_head", self.n_text_head),
        ] {
            if !self.n_state.is_multiple_of(heads) {
                let reason = format!("{heads} heads do not divide a width of {}", self.n_state);
                return Err(Error::field(path, field, reason));
            }
        }
        Ok(())
    }

    /// Parameters of such a Whisper, positions included.
    pub fn parameters(&self) -> usize {
        let sizes = self.tensors().into_iter();
        sizes
            .map(|(_, shape)| shape.iter().product::<usize>())
            .sum()
    }

    /// Every tensor of such a Whisper: openai-whisper's name, and the shape with the
    /// outermost dimension first.
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let d = self.n_state;
        let mut all = vec![
            ("encoder.conv1.weight".into(), vec![d, self.n_mels, 3]),
            ("encoder.conv1.bias".into(), vec![d]),
            ("encoder.conv2.weight".into(), vec![d, d, 3]),
            ("encoder.conv2.bias".into(), vec![d]),
            (
                "encoder.positional_embedding".into(),
                vec![self.n_audio_ctx, d],
            ),
            ("encoder.ln_post.weight".into(), vec![d]),
            ("encoder.ln_post.bias".into(), vec![d]),
            (
                "decoder.token_embedding.weight".into(),
                vec![self.n_vocab, d],
            ),
            (
                "decoder.positional_embedding".into(),
                vec![self.n_text_ctx, d],
            ),
            ("decoder.ln.weight".into(), vec![d]),
            ("decoder.ln.bias".into(), vec![d]),
        ];
        for i in 0..self.n_audio_layer {
            block(&mut all, &format!("encoder.blocks.{i}"), d, false);
        }
        for i in 0..self.n_text_layer {
            block(&mut all, &format!("decoder.blocks.{i}"), d, true);
        }
        all
    }
}

fn block(all: &mut Vec<(String, Vec<usize>)>, prefix: &str, d: usize, cross: bool) {
    let attentions: &[&str] = if cross {
        &["attn", "cross_attn"]
    } else {
        &["attn"]
    };
    for name in attentions {
        for part in ["query", "key", "value", "out"] {
            all.push((format!("{prefix}.{name}.{part}.weight"), vec![d, d]));
            if part != "key" {
                all.push((format!("{prefix}.{name}.{part}.bias"), vec![d]));
            }
        }
        all.push((format!("{prefix}.{name}_ln.weight"), vec![d]));
        all.push((format!("{prefix}.{name}_ln.bias"), vec![d]));
    }
    all.push((format!("{prefix}.mlp.0.weight"), vec![4 * d, d]));
    all.push((format!("{prefix}.mlp.0.bias"), vec![4 * d]));
    all.push((format!("{prefix}.mlp.2.weight"), vec![d, 4 * d]));
    all.push((format!("{prefix}.mlp.2.bias"), vec![d]));
    all.push((format!("{prefix}.mlp_ln.weight"), vec![d]));
    all.push((format!("{prefix}.mlp_ln.bias"), vec![d]));
}

#[cfg(test)]
impl Dimensions {
    /// Those of OpenAI's base.
    pub(crate) const BASE: Self = Self {
        n_vocab: 51_865,
        n_audio_ctx: 1500,
        n_state: 512,
        n_audio_head: 8,
        n_audio_layer: 6,
        n_text_ctx: 448,
        n_text_head: 8,
        n_text_layer: 6,
        n_mels: 80,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Dimensions = Dimensions::BASE;

    #[test]
    fn base_has_as_many_tensors_and_parameters_as_openai_says() {
        assert!(BASE.check(Path::new("m")).is_ok());
        let tensors = BASE.tensors();
        assert_eq!(tensors.len(), 245);
        // "74 M" (Radford et al., 2022, table 1), counted exactly.
        assert_eq!(BASE.parameters(), 72_593_920);
    }

    #[test]
    fn sizes_that_no_whisper_has_are_refused_by_name() {
        for (dimensions, field) in [
            (
                Dimensions {
                    n_vocab: 50_257,
                    ..BASE
                },
                "n_vocab",
            ),
            (
                Dimensions {
                    n_audio_ctx: 0,
                    ..BASE
                },
                "n_audio_ctx",
            ),
            (
                Dimensions {
                    n_state: usize::MAX,
                    ..BASE
                },
                "n_audio_state",
            ),
            (
                Dimensions {
                    n_audio_head: 7,
                    ..BASE
                },
                "n_audio_head",
            ),
            (
                Dimensions {
                    n_text_layer: 65,
                    ..BASE
                },
                "n_text_layer",
            ),
            (Dimensions { n_mels: 81, ..BASE }, "n_mels"),
        ] {
            let error = dimensions.check(Path::new("m")).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
    }
}
