//! The encoder: a spectrogram to one vector for each 20 ms.

use candle_core::{Device, Tensor};
use hark_core::engine::Cancel;

use super::attention::SelfAttention;
use super::ops::{self, LayerNorm, Linear};
use crate::Error;
use crate::dimensions::{Dimensions, MEL_PER_FRAME};
use crate::mel::Mel;
use crate::tensors::Tensors;

/// The encoder's layers.
#[derive(Debug)]
pub(crate) struct Encoder {
    conv1: Conv,
    conv2: Conv,
    /// `[n_audio_ctx, width]`
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

/// A convolution of 3 frames, as a product over three neighbours side by side.
#[derive(Debug)]
struct Conv {
    stride: usize,
    linear: Linear,
}

#[derive(Debug)]
struct Block {
    attention: SelfAttention,
    attention_norm: LayerNorm,
    mlp: Mlp,
}

/// The two layers that follow attention, with their normalisation.
#[derive(Debug)]
pub(crate) struct Mlp {
    norm: LayerNorm,
    wide: Linear,
    narrow: Linear,
}

impl Encoder {
    pub fn load(tensors: &mut Tensors, dimensions: &Dimensions) -> Result<Self, Error> {
        let blocks = (0..dimensions.n_audio_layer)
            .map(|i| Block::load(tensors, &format!("encoder.blocks.{i}"), dimensions))
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            conv1: Conv::load(tensors, "encoder.conv1", 1)?,
            conv2: Conv::load(tensors, "encoder.conv2", MEL_PER_FRAME)?,
            positions: tensors.take("encoder.positional_embedding")?,
            blocks,
            norm: norm(tensors, "encoder.ln_post")?,
        })
    }

    /// A spectrogram of an even number of frames → `[frames / 2, width]`.
    pub fn forward(&self, mel: &Mel, cancel: &Cancel) -> Result<Tensor, Error> {
        let x = Tensor::from_slice(&mel.values, (mel.frames, mel.bins), &Device::Cpu)?;
        let x = ops::gelu(self.conv1.forward(&x)?)?;
        let x = ops::gelu(self.conv2.forward(&x)?)?;
        let positions = self.positions.narrow(0, 0, x.dim(0)?)?;
        let mut x = ops::add(x, &positions)?;
        for block in &self.blocks {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            x = block.forward(&x)?;
        }
        Ok(self.norm.forward(&x)?)
    }
}

impl Conv {
    fn load(tensors: &mut Tensors, name: &str, stride: usize) -> Result<Self, Error> {
        let weight = tensors.take(&format!("{name}.weight"))?;
        let bias = tensors.take(&format!("{name}.bias"))?;
        // [out, in, 3] → [out, 3 · in]: neighbours side by side.
        let weight = weight.transpose(1, 2)?.flatten_from(1)?;
        Ok(Self {
            stride,
            linear: Linear::new(&weight, Some(bias))?,
        })
    }

    /// `[frames, in]` → `[frames / stride, out]`; beyond both ends is silence (0).
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let (frames, width) = x.dims2()?;
        let out = frames / self.stride;
        let padded = x.pad_with_zeros(0, 1, 1)?;
        let mut neighbours = Vec::with_capacity(3);
        for offset in 0..3 {
            // Every `stride`th row from `offset` on: rows folded into one, its first
            // part kept.
            let start = offset - offset % self.stride;
            let rows = padded.narrow(0, start, out * self.stride)?;
            let rows = rows.reshape((out, self.stride * width))?;
            neighbours.push(rows.narrow(1, (offset % self.stride) * width, width)?);
        }
        self.linear.forward(&Tensor::cat(&neighbours, 1)?)
    }
}

impl Block {
    fn load(tensors: &mut Tensors, prefix: &str, dimensions: &Dimensions) -> Result<Self, Error> {
        Ok(Self {
            attention: SelfAttention::load(
                tensors,
                &format!("{prefix}.attn"),
                dimensions.n_audio_head,
            )?,
            attention_norm: norm(tensors, &format!("{prefix}.attn_ln"))?,
            mlp: Mlp::load(tensors, prefix)?,
        })
    }

    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let attended = self.attention.forward(&self.attention_norm.forward(x)?)?;
        let x = ops::add(attended, x)?;
        self.mlp.forward(&x)
    }
}

impl Mlp {
    pub fn load(tensors: &mut Tensors, prefix: &str) -> Result<Self, Error> {
        let mut linear = |name: &str| -> Result<Linear, Error> {
            let weight = tensors.take(&format!("{prefix}.{name}.weight"))?;
            let bias = tensors.take(&format!("{prefix}.{name}.bias"))?;
            Ok(Linear::new(&weight, Some(bias))?)
        };
        Ok(Self {
            wide: linear("mlp.0")?,
            narrow: linear("mlp.2")?,
            norm: norm(tensors, &format!("{prefix}.mlp_ln"))?,
        })
    }

    /// `[positions, width]` → `[positions, width]`, added to what came in.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let wide = ops::gelu(self.wide.forward(&self.norm.forward(x)?)?)?;
        ops::add(self.narrow.forward(&wide)?, x)
    }
}

/// Reads a normalisation's weight and bias.
pub(crate) fn norm(tensors: &mut Tensors, name: &str) -> Result<LayerNorm, Error> {
    Ok(LayerNorm {
        weight: tensors.take(&format!("{name}.weight"))?,
        bias: tensors.take(&format!("{name}.bias"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_convolution_is_one() {
        let numbers =
            |n: usize, step: f32| -> Vec<f32> { (0..n).map(|i| (i as f32 * step).sin()).collect() };
        let tensor = |values: &[f32], shape: &[usize]| {
            Tensor::from_slice(values, shape, &Device::Cpu).unwrap()
        };
        let (frames, inputs, outputs) = (8, 3, 2);
        let weight = tensor(&numbers(outputs * inputs * 3, 0.7), &[outputs, inputs, 3]);
        let x = tensor(&numbers(frames * inputs, 0.3), &[frames, inputs]);
        for stride in [1, 2] {
            // candle's own has channels first.
            let channels = x.t().unwrap().unsqueeze(0).unwrap().contiguous().unwrap();
            let expect = channels.conv1d(&weight, 1, stride, 1, 1).unwrap();
            let expect = expect.squeeze(0).unwrap().t().unwrap();
            let rows = weight.transpose(1, 2).unwrap().flatten_from(1).unwrap();
            let linear = Linear::new(&rows, None).unwrap();
            let got = Conv { stride, linear }.forward(&x).unwrap();
            let got = got.to_vec2::<f32>().unwrap();
            for (got, expect) in got.iter().zip(expect.to_vec2::<f32>().unwrap()) {
                for (got, expect) in got.iter().zip(expect) {
                    assert!((got - expect).abs() < 1e-5, "{stride}: {got} {expect}");
                }
            }
            assert_eq!(got.len(), frames / stride);
        }
    }
}
