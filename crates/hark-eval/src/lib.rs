//! Measures how well speech was heard.
//!
//! [`normalize`] brings two texts into one spelling, [`align`] counts their differences,
//! [`score`] gives those of a clip and [`report`] the rates of many, with how sure they
//! are. [`understand`] says what the words would have done in a home. [`manifest`] and
//! [`select`] say which clips there are, [`noise`] what can be mixed into them.
//!
//! Everything is a function of its arguments; what is drawn by lot has a seed. Rules and
//! figures are described in docs/evaluation.md.

pub mod align;
pub mod bootstrap;
mod error;
pub mod expect;
pub mod home_table;
pub mod manifest;
pub mod noise;
pub mod normalize;
mod random;
pub mod repetition;
pub mod report;
pub mod score;
pub mod select;
pub mod understand;

pub use error::Error;
pub use random::Random;
