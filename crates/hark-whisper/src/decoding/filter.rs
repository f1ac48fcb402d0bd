//! What may not be written: rules that take tokens out of the running.

use super::Choice;
use crate::vocabulary::Vocabulary;

/// Rules tokens out by setting their logits to −∞.
pub trait LogitFilter {
    /// `logits` has one for each token of the vocabulary; `tokens` are the text tokens
    /// so far.
    fn apply(&self, logits: &mut [f32], tokens: &[Choice]);
}

/// No text begins with a blank or ends before it began (`SuppressBlank` in
/// openai-whisper).
#[derive(Debug)]
pub struct SuppressBlank {
    blank: Option<u32>,
    eot: u32,
}

impl SuppressBlank {
    /// For a vocabulary.
    pub fn new(vocabulary: &Vocabulary) -> Self {
        Self {
            blank: vocabulary.blank(),
            eot: vocabulary.special().eot,
        }
    }
}

impl LogitFilter for SuppressBlank {
    fn apply(&self, logits: &mut [f32], tokens: &[Choice]) {
        if tokens.is_empty() {
            rule_out(logits, self.blank.into_iter().chain([self.eot]));
        }
    }
}

/// No sounds that nobody says, and no special tokens but the end of text
/// (`SuppressTokens` in openai-whisper with `-1`, which lets languages and timestamps
/// stand; they are never text, so they go too).
#[derive(Debug)]
pub struct SuppressTokens {
    non_speech: Vec<u32>,
    eot: u32,
}

impl SuppressTokens {
    /// For a vocabulary.
    pub fn new(vocabulary: &Vocabulary) -> Self {
        Self {
            non_speech: vocabulary.non_speech().to_vec(),
            eot: vocabulary.special().eot,
        }
    }
}

impl LogitFilter for SuppressTokens {
    fn apply(&self, logits: &mut [f32], _: &[Choice]) {
        rule_out(logits, self.non_speech.iter().copied());
        if let Some(special) = logits.get_mut(self.eot as usize + 1..) {
            special.fill(f32::NEG_INFINITY);
        }
    }
}

fn rule_out(logits: &mut [f32], tokens: impl IntoIterator<Item = u32>) {
    for token in tokens {
        if let Some(logit) = logits.get_mut(token as usize) {
            *logit = f32::NEG_INFINITY;
        }
    }
}
