//! Decoding by Whisper's rules: greedy, without timestamps, in a language that is
//! given or heard.
//!
//! After openai-whisper's `decoding.py`: an [`Inference`] says what may follow,
//! [`LogitFilter`]s rule out what may not, a [`Greedy`] decoder chooses. Added here: a
//! cap on the tokens that follows the audio's length, an end to endless repetitions, and
//! an ear for models that learned to write nothing where nobody speaks.

mod filter;
mod greedy;
mod repetition;

use hark_core::engine::Cancel;

pub use filter::{LogitFilter, SuppressBlank, SuppressTokens};
pub use greedy::{Choice, Greedy};
pub use repetition::repeated_tail;

use crate::Error;
use crate::model::{Cache, Logits, Model, kernels};
use crate::vocabulary::Vocabulary;

/// The longest prompt: start, language, task, no timestamps.
const PROMPT: usize = 4;

/// What says which tokens may follow others.
pub trait Inference {
    /// Takes further tokens in.
    ///
    /// # Errors
    /// [`Error`], as the model gives it.
    fn step(&mut self, tokens: &[u32]) -> Result<Logits, Error>;
}

/// A model that decodes one utterance.
#[derive(Debug)]
pub struct ModelInference<'a> {
    /// The model.
    pub model: &'a Model,
    /// What it remembers of the utterance.
    pub cache: Cache,
}

impl Inference for ModelInference<'_> {
    fn step(&mut self, tokens: &[u32]) -> Result<Logits, Error> {
        self.model.step(&mut self.cache, tokens)
    }
}

/// What a decoding is bound by.
#[derive(Debug, Clone)]
pub struct Options {
    /// Tokens of the languages that may be spoken. One: it is taken as given. None: the
    /// model is English-only.
    pub languages: Vec<u32>,
    /// At most so many text tokens.
    pub max_tokens: usize,
}

/// What was decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The token of the language that was taken or heard; none in an English-only model.
    pub language: Option<u32>,
    /// Text tokens with their log-probabilities.
    pub tokens: Vec<Choice>,
    /// Mean log-probability of the tokens, end of text included.
    pub avg_logprob: f32,
    /// Probability that this was no speech, 0 to 1.
    pub no_speech_probability: f32,
    /// Why it ended.
    pub end: End,
}

/// Why a decoding ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The model said so.
    Text,
    /// There were as many tokens as allowed.
    Cap,
    /// The model began to repeat itself without end; one round was kept.
    Repetition,
}

/// Above this probability of no speech a text of low probability is not believed
/// (`no_speech_threshold` in openai-whisper).
pub(crate) const NO_SPEECH: f32 = 0.6;

/// How many tokens a cache needs room for, to decode so many.
pub fn room(max_tokens: usize) -> usize {
    PROMPT + max_tokens
}

/// At most so many tokens for an utterance: people say up to 4 or 5 a second, numbers
/// and names take more. At most half of Whisper's context, as in openai-whisper.
pub fn max_tokens(seconds: f64) -> usize {
    ((seconds * 8.0).ceil() as usize + 8).min(224)
}

/// Decodes one utterance.
///
/// # Errors
/// [`Error::Cancelled`], looked at before each token, and what the inference gives.
pub fn decode(
    inference: &mut impl Inference,
    vocabulary: &Vocabulary,
    options: &Options,
    cancel: &Cancel,
) -> Result<Decoded, Error> {
    let filters = filters(vocabulary);
    let mut greedy = Greedy::new(vocabulary.special().eot);
    let (mut heard, mut logits) = prompt(inference, vocabulary, options)?;
    if says_nothing(&heard, logits.last_mut(), vocabulary) {
        heard.end = End::Text;
        return Ok(heard);
    }
    heard.end = loop {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let row = logits.last_mut();
        for filter in &filters {
            filter.apply(row, greedy.tokens());
        }
        let Some(token) = greedy.update(row) else {
            break End::Text;
        };
        if let Some(tail) = repeated_tail(greedy.tokens(), |choice| choice.token) {
            greedy.drop_last(tail);
            break End::Repetition;
        }
        if greedy.tokens().len() >= options.max_tokens {
            break End::Cap;
        }
        logits = inference.step(&[token])?;
    };
    heard.avg_logprob = greedy.avg_logprob();
    heard.tokens = greedy.into_tokens();
    Ok(heard)
}

/// Takes the prompt in. Where the language is to be heard, the start alone goes first.
fn prompt(
    inference: &mut impl Inference,
    vocabulary: &Vocabulary,
    options: &Options,
) -> Result<(Decoded, Logits), Error> {
    let special = vocabulary.special();
    let (language, first, logits) = match *options.languages.as_slice() {
        [] => {
            let logits = inference.step(&[special.sot, special.no_timestamps])?;
            (None, logits.first().to_vec(), logits)
        }
        [language] => {
            let rest = [language, special.transcribe, special.no_timestamps];
            let logits = inference.step(&[special.sot, rest[0], rest[1], rest[2]])?;
            (Some(language), logits.first().to_vec(), logits)
        }
        ref several => {
            let start = inference.step(&[special.sot])?;
            let language = likeliest(start.first(), several);
            let rest = [language, special.transcribe, special.no_timestamps];
            (
                Some(language),
                start.first().to_vec(),
                inference.step(&rest)?,
            )
        }
    };
    let heard = Decoded {
        language,
        tokens: Vec::new(),
        avg_logprob: 0.0,
        no_speech_probability: probability(&first, special.no_speech),
        end: End::Cap,
    };
    Ok((heard, logits))
}

fn filters(vocabulary: &Vocabulary) -> [Box<dyn LogitFilter>; 2] {
    [
        Box::new(SuppressBlank::new(vocabulary)),
        Box::new(SuppressTokens::new(vocabulary)),
    ]
}

/// Whether the model hears no speech, and would end before any text if it were let. A
/// model that learned silence says both; what others are forced to begin is judged by its
/// probability, later.
fn says_nothing(heard: &Decoded, logits: &[f32], vocabulary: &Vocabulary) -> bool {
    let end = logits.get(vocabulary.special().eot as usize);
    heard.no_speech_probability > NO_SPEECH
        && end.is_some_and(|end| logits.iter().all(|logit| logit <= end))
}

/// The likeliest of some tokens; the first of equals.
fn likeliest(logits: &[f32], tokens: &[u32]) -> u32 {
    let logit = |token: u32| logits.get(token as usize).copied();
    let mut best = tokens[0];
    for &token in tokens {
        if logit(token) > logit(best) {
            best = token;
        }
    }
    best
}

fn probability(logits: &[f32], token: u32) -> f32 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|l| kernels::exp(l - highest)).sum();
    let logit = logits.get(token as usize);
    logit.map_or(0.0, |logit| kernels::exp(logit - highest) / sum)
}

#[cfg(test)]
mod tests;
