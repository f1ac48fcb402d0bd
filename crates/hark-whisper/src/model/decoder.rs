//! The decoder: tokens and an encoded utterance to how likely each next token is.

use candle_core::{Device, Tensor};

use super::attention::{CrossAttention, KeyValue, SelfAttention};
use super::encoder::{Mlp, norm};
use super::ops::{self, LayerNorm, Linear};
use super::tail::Following;
use crate::Error;
use crate::dimensions::Dimensions;
use crate::tensors::Tensors;

/// The decoder's layers.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// `[n_vocab, width]`
    tokens: Tensor,
    /// The same weights the other way: width → n_vocab.
    output: Linear,
    /// `[n_text_ctx, width]`
    positions: Tensor,
    blocks: Vec<Block>,
    norm: LayerNorm,
    dimensions: Dimensions,
}

#[derive(Debug)]
struct Block {
    attention: SelfAttention,
    attention_norm: LayerNorm,
    cross: CrossAttention,
    cross_norm: LayerNorm,
    mlp: Mlp,
}

/// What a decoder remembers of one utterance: keys and values of the audio, and of
/// the tokens so far.
#[derive(Debug)]
pub struct Cache {
    blocks: Vec<BlockCache>,
    room: usize,
    length: usize,
}

#[derive(Debug)]
struct BlockCache {
    text: KeyValue,
    audio: KeyValue,
}

impl Cache {
    /// Tokens that it holds at most.
    pub fn room(&self) -> usize {
        self.room
    }

    /// Tokens that were taken in so far.
    pub fn len(&self) -> usize {
        self.length
    }

    /// The logarithm of the number of frames that each of the audio's positions stands
    /// for; empty where each stands for itself.
    pub(crate) fn bias(&self) -> &[f32] {
        self.blocks.first().map_or(&[], |block| &block.audio.bias)
    }

    /// Whether so many further tokens fit.
    pub(crate) fn check_room(&self, tokens: usize) -> Result<(), Error> {
        if self.length + tokens > self.room {
            return Err(Error::ContextFull { context: self.room });
        }
        Ok(())
    }

    /// Whether none were.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl Decoder {
    pub fn load(tensors: &mut Tensors, dimensions: &Dimensions) -> Result<Self, Error> {
        let blocks = (0..dimensions.n_text_layer)
            .map(|i| Block::load(tensors, &format!("decoder.blocks.{i}"), dimensions))
            .collect::<Result<_, Error>>()?;
        let tokens = tensors.take("decoder.token_embedding.weight")?;
        Ok(Self {
            output: Linear::new(&tokens, None)?,
            tokens,
            positions: tensors.take("decoder.positional_embedding")?,
            blocks,
            norm: norm(tensors, "decoder.ln")?,
            dimensions: *dimensions,
        })
    }

    /// Keys and values of an encoding, `[frames, width]`, for each block.
    pub fn key_values(&self, encoded: &Tensor) -> candle_core::Result<Vec<KeyValue>> {
        let of = |block: &Block| block.cross.key_value(encoded);
        self.blocks.iter().map(of).collect()
    }

    /// Begins an utterance whose encoding is `[frames, width]`, with room for so many
    /// tokens.
    pub fn begin(
        &self,
        encoded: &Tensor,
        room: usize,
        following: Option<&Following<'_>>,
    ) -> candle_core::Result<Cache> {
        let heads = self.dimensions.n_text_head;
        let room = room.min(self.dimensions.n_text_ctx);
        let mut blocks = Vec::with_capacity(self.blocks.len());
        for (at, own) in self.key_values(encoded)?.into_iter().enumerate() {
            blocks.push(BlockCache {
                text: KeyValue::room(heads, room, self.dimensions.n_state)?,
                audio: match following {
                    Some(following) => following.joined(at, &own)?,
                    None => own,
                },
            });
        }
        Ok(Cache {
            blocks,
            room,
            length: 0,
        })
    }

    /// Takes further tokens in; gives `[tokens, n_vocab]` logits.
    pub fn step(&self, cache: &mut Cache, tokens: &[u32]) -> candle_core::Result<Tensor> {
        self.run(cache, tokens, None)
    }

    /// That, and how much each token listened to each frame: for each block
    /// `[heads, tokens, frames]`.
    pub fn align(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
    ) -> candle_core::Result<(Tensor, Vec<Tensor>)> {
        let mut weights = Vec::with_capacity(self.blocks.len());
        let logits = self.run(cache, tokens, Some(&mut weights))?;
        Ok((logits, weights))
    }

    fn run(
        &self,
        cache: &mut Cache,
        tokens: &[u32],
        mut weights: Option<&mut Vec<Tensor>>,
    ) -> candle_core::Result<Tensor> {
        let ids = Tensor::from_slice(tokens, tokens.len(), &Device::Cpu)?;
        let positions = self.positions.narrow(0, cache.length, tokens.len())?;
        let mut x = ops::add(self.tokens.index_select(&ids, 0)?, &positions)?;
        for (block, kept) in self.blocks.iter().zip(&cache.blocks) {
            x = block.forward(&x, kept, cache.length, weights.as_deref_mut())?;
        }
        cache.length += tokens.len();
        self.output.forward(&self.norm.forward(&x)?)
    }
}

impl Block {
    fn load(tensors: &mut Tensors, prefix: &str, dimensions: &Dimensions) -> Result<Self, Error> {
        let heads = dimensions.n_text_head;
        Ok(Self {
            attention: SelfAttention::load(tensors, &format!("{prefix}.attn"), heads)?,
            attention_norm: norm(tensors, &format!("{prefix}.attn_ln"))?,
            cross: CrossAttention::load(tensors, &format!("{prefix}.cross_attn"), heads)?,
            cross_norm: norm(tensors, &format!("{prefix}.cross_attn_ln"))?,
            mlp: Mlp::load(tensors, prefix)?,
        })
    }

    fn forward(
        &self,
        x: &Tensor,
        cache: &BlockCache,
        past: usize,
        weights: Option<&mut Vec<Tensor>>,
    ) -> candle_core::Result<Tensor> {
        let attended = self
            .attention
            .step(&self.attention_norm.forward(x)?, &cache.text, past)?;
        let x = ops::add(attended, x)?;
        let asked = self.cross_norm.forward(&x)?;
        if let Some(weights) = weights {
            weights.push(self.cross.weights(&asked, &cache.audio)?);
        }
        let heard = self.cross.forward(&asked, &cache.audio)?;
        self.mlp.forward(&ops::add(heard, &x)?)
    }
}
