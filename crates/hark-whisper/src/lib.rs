//! Whisper on candle-core: mel, vocabulary, decoding rules, the engine, and a fake
//! engine for tests.
//!
//! [`Model::load`] reads a model, [`CandleEngine`] runs it behind Hark's engine port.
//! What it does for one utterance can also be done step by step: [`Model::mel`],
//! [`Model::encode`], [`Model::begin`], [`Model::step`] and [`decoding::decode`].
//! [`listen`] does it for anything that computes a Whisper.
//! A [`Checkpoint`] is a model's file, to be written in another format.

pub mod card;
mod checkpoint;
mod context;
mod ctranslate2;
pub mod decoding;
mod dimensions;
mod engine;
mod error;
pub mod fake;
mod ggml;
mod languages;
mod listening;
pub mod mel;
mod model;
mod needs;
pub mod quant;
mod safetensors;
mod tensors;
mod tokenizer;
mod vocabulary;

pub use card::Card;
pub use checkpoint::{Checkpoint, Layout, locate};
pub use context::{Context, SilenceTail};
pub use dimensions::{Dimensions, MEL_PER_FRAME, SAMPLES_PER_FRAME};
pub use engine::{CandleEngine, Settings};
pub use error::Error;
pub use fake::FakeEngine;
pub use languages::LANGUAGES;
pub use listening::{Backend, listen};
pub use model::{Alignment, Cache, Encoded, Logits, Model};
pub use needs::needs;
pub use vocabulary::{Special, Vocabulary};
