//! Multi-head attention: over a whole sequence, over a growing one, and over another
//! one whose keys and values never change.
//!
//! Queries, keys and values are `[heads, positions, width / heads]`. The scale of
//! 1 / √(width / heads) is part of the query's weights.

use std::sync::Arc;

use candle_core::Tensor;

use super::ops::{self, Linear};
use crate::Error;
use crate::tensors::Tensors;

/// Attention of a sequence to itself.
#[derive(Debug)]
pub(crate) struct SelfAttention {
    heads: usize,
    /// `[width]` → `[3 · width]`: query, key and value in one product.
    qkv: Linear,
    out: Linear,
}

/// Attention of a sequence to another.
#[derive(Debug)]
pub(crate) struct CrossAttention {
    heads: usize,
    query: Linear,
    /// `[width]` → `[2 · width]`: key and value in one product.
    kv: Linear,
    out: Linear,
}

/// Keys and values of what was attended to.
#[derive(Debug)]
pub(crate) struct KeyValue {
    /// `[heads, positions, width / heads]`
    pub key: Tensor,
    /// `[heads, positions, width / heads]`
    pub value: Tensor,
    /// What is added to how well each position matches; empty: nothing.
    pub bias: Arc<[f32]>,
}

impl SelfAttention {
    pub fn load(tensors: &mut Tensors, prefix: &str, heads: usize) -> Result<Self, Error> {
        let q = Projection::load(tensors, prefix, "query")?.scaled(heads)?;
        let k = Projection::load(tensors, prefix, "key")?;
        let v = Projection::load(tensors, prefix, "value")?;
        Ok(Self {
            heads,
            qkv: Projection::joined(&[q, k, v])?,
            out: Projection::load(tensors, prefix, "out")?.linear()?,
        })
    }

    /// All positions see all: `[positions, width]` → `[positions, width]`.
    pub fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        let [q, k, v] = split(&self.qkv.forward(x)?, self.heads)?;
        let mixed = attend(&q, &KeyValue::new(k, v), None)?;
        self.out.forward(&mixed)
    }

    /// Positions from `past` on see what came before them, in `cache`, and are added
    /// to it: `[positions, width]` → `[positions, width]`.
    pub fn step(&self, x: &Tensor, cache: &KeyValue, past: usize) -> candle_core::Result<Tensor> {
        let [q, k, v] = split(&self.qkv.forward(x)?, self.heads)?;
        cache.key.slice_set(&k.contiguous()?, 1, past)?;
        cache.value.slice_set(&v.contiguous()?, 1, past)?;
        let length = past + x.dim(0)?;
        let seen = KeyValue::new(
            cache.key.narrow(1, 0, length)?,
            cache.value.narrow(1, 0, length)?,
        );
        self.out.forward(&attend(&q, &seen, Some(past))?)
    }
}

impl CrossAttention {
    pub fn load(tensors: &mut Tensors, prefix: &str, heads: usize) -> Result<Self, Error> {
        let k = Projection::load(tensors, prefix, "key")?;
        let v = Projection::load(tensors, prefix, "value")?;
        Ok(Self {
            heads,
            query: Projection::load(tensors, prefix, "query")?
                .scaled(heads)?
                .linear()?,
            kv: Projection::joined(&[k, v])?,
            out: Projection::load(tensors, prefix, "out")?.linear()?,
        })
    }

    /// Keys and values of what is attended to, `[positions, width]`.
    pub fn key_value(&self, source: &Tensor) -> candle_core::Result<KeyValue> {
        let [key, value] = split(&self.kv.forward(source)?, self.heads)?;
        Ok(KeyValue::new(key.contiguous()?, value.contiguous()?))
    }

    /// `[positions, width]` → `[positions, width]`
    pub fn forward(&self, x: &Tensor, source: &KeyValue) -> candle_core::Result<Tensor> {
        let [q] = split(&self.query.forward(x)?, self.heads)?;
        self.out.forward(&attend(&q, source, None)?)
    }

    /// How well each position matches each of the source:
    /// `[positions, width]` → `[heads, positions, source's positions]`, each row of sum 1.
    pub fn weights(&self, x: &Tensor, source: &KeyValue) -> candle_core::Result<Tensor> {
        let [q] = split(&self.query.forward(x)?, self.heads)?;
        ops::weights(&q.contiguous()?, &source.key, None, &source.bias)
    }
}

impl KeyValue {
    /// Positions that all count alike.
    fn new(key: Tensor, value: Tensor) -> Self {
        Self {
            key,
            value,
            bias: Arc::new([]),
        }
    }

    /// Room for so many positions.
    pub fn room(heads: usize, positions: usize, width: usize) -> candle_core::Result<Self> {
        let room = || {
            Tensor::zeros(
                (heads, positions, width / heads),
                candle_core::DType::F32,
                &candle_core::Device::Cpu,
            )
        };
        Ok(Self::new(room()?, room()?))
    }
}

/// One of attention's weights, before it becomes a layer.
struct Projection {
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Projection {
    fn load(tensors: &mut Tensors, prefix: &str, part: &str) -> Result<Self, Error> {
        let weight = tensors.take(&format!("{prefix}.{part}.weight"))?;
        // Keys have no bias: it would cancel out.
        let bias = match part {
            "key" => None,
            _ => Some(tensors.take(&format!("{prefix}.{part}.bias"))?),
        };
        Ok(Self { weight, bias })
    }

    fn scaled(self, heads: usize) -> candle_core::Result<Self> {
        let factor = 1.0 / ((self.weight.dim(0)? / heads) as f32).sqrt();
        let bias = self.bias.map(|bias| ops::scale(bias, factor));
        Ok(Self {
            weight: ops::scale(self.weight, factor)?,
            bias: bias.transpose()?,
        })
    }

    fn linear(self) -> candle_core::Result<Linear> {
        Linear::new(&self.weight, self.bias)
    }

    fn joined(parts: &[Self]) -> candle_core::Result<Linear> {
        let weights: Vec<_> = parts.iter().map(|p| &p.weight).collect();
        let mut biases = Vec::with_capacity(parts.len());
        for part in parts {
            biases.push(match &part.bias {
                Some(bias) => bias.clone(),
                None => part.weight.narrow(1, 0, 1)?.squeeze(1)?.zeros_like()?,
            });
        }
        Linear::new(&Tensor::cat(&weights, 0)?, Some(Tensor::cat(&biases, 0)?))
    }
}

/// `[positions, N · width]` → N times `[heads, positions, width / heads]`, as views.
fn split<const N: usize>(x: &Tensor, heads: usize) -> candle_core::Result<[Tensor; N]> {
    let (positions, all) = x.dims2()?;
    let parts = x.reshape((positions, N, heads, all / N / heads))?;
    let mut views = Vec::with_capacity(N);
    for part in 0..N {
        views.push(parts.narrow(1, part, 1)?.squeeze(1)?.transpose(0, 1)?);
    }
    Ok(views.try_into().expect("as many views as parts"))
}

/// Mixes values by how well their keys match the queries; heads joined again:
/// `[positions, width]`.
fn attend(q: &Tensor, source: &KeyValue, past: Option<usize>) -> candle_core::Result<Tensor> {
    let mixed = ops::attend(q, &source.key, &source.value, past, &source.bias)?;
    mixed.transpose(0, 1)?.flatten_from(1)
}
