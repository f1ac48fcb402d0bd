//! A model in whisper.cpp, and the states that its utterances use.
//!
//! One context is shared. A state holds what belongs to one utterance: spectrogram, keys and
//! values. Everything in it is written anew for the next one.

use std::ffi::c_int;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use hark_core::engine::Cancel;
use hark_whisper::decoding::{Decoded, End, Inference};
use hark_whisper::{Backend, Card, Context, Dimensions, Logits, Vocabulary};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperState};

use crate::file::{Loaded, load};
use crate::{Error, Settings};

/// whisper.cpp reads past the end of shorter audio, or does not listen to it at all: it is
/// filled up with silence, as it would be later.
const SHORTEST: usize = 3200;
/// So much of the audio makes `full` end before it encodes: it has taken the samples and
/// the length of the context by then.
const PRIME_MS: c_int = 100;
/// States that are kept for the next utterance.
const IDLE_STATES: usize = 4;

/// A loaded model.
#[derive(Debug)]
pub(crate) struct Model {
    context: WhisperContext,
    card: Card,
    dimensions: Dimensions,
    vocabulary: Vocabulary,
    listens: Context,
    threads: c_int,
    /// Built once: parameters that are built for each utterance leak.
    prime: FullParams<'static, 'static>,
    idle: Mutex<Vec<WhisperState>>,
}

impl Model {
    pub(crate) fn load(path: &Path, settings: Settings) -> Result<Self, Error> {
        let loaded = load(path)?;
        let listens = listens(&loaded.card, settings.context)?;
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = settings
            .threads
            .map_or_else(|| unasked(cores()), usize::from);
        let threads = c_int::try_from(threads).unwrap_or(c_int::MAX);
        let Loaded {
            context,
            card,
            dimensions,
            vocabulary,
        } = loaded;
        Ok(Self {
            context,
            card,
            dimensions,
            vocabulary,
            listens,
            threads,
            prime: prime(threads),
            idle: Mutex::default(),
        })
    }

    /// Makes the first state, which takes most of the memory.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        let state = self.state()?;
        self.put_back(state);
        Ok(())
    }

    fn state(&self) -> Result<WhisperState, Error> {
        if let Some(state) = self.idle().pop() {
            return Ok(state);
        }
        let state = self.context.create_state();
        state.map_err(|reason| failed("make a state", reason))
    }

    fn put_back(&self, state: WhisperState) {
        let mut idle = self.idle();
        if idle.len() < IDLE_STATES {
            idle.push(state);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<WhisperState>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a state samples and the length of its context.
    fn prime(&self, state: &mut WhisperState, samples: &[f32], frames: usize) -> Result<(), Error> {
        let mut parameters = self.prime.clone();
        parameters.set_audio_ctx(c_int::try_from(frames).unwrap_or(c_int::MAX));
        let primed = match samples.len() < SHORTEST {
            true => {
                let mut longer = samples.to_vec();
                longer.resize(SHORTEST, 0.0);
                state.full(parameters, &longer)
            }
            false => state.full(parameters, samples),
        };
        primed.map_err(|reason| failed("compute the spectrogram", reason))
    }
}

impl Backend for Model {
    type Utterance<'a> = Utterance<'a>;

    fn card(&self) -> &Card {
        &self.card
    }

    fn dimensions(&self) -> &Dimensions {
        &self.dimensions
    }

    fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    fn context(&self) -> Context {
        self.listens
    }

    fn encode(
        &self,
        samples: &[f32],
        frames: usize,
        room: usize,
        cancel: &Cancel,
    ) -> Result<Utterance<'_>, hark_whisper::Error> {
        let mut utterance = Utterance {
            state: Some(self.state()?),
            model: self,
            past: 0,
            room: room.min(self.dimensions.n_text_ctx),
        };
        let state = utterance.state();
        self.prime(state, samples, frames)?;
        let check = || match cancel.is_cancelled() {
            true => Err(hark_whisper::Error::Cancelled),
            false => Ok(()),
        };
        check()?;
        let encoded = state.encode(0, threads(self.threads));
        encoded.map_err(|reason| failed("encode", reason))?;
        check()?;
        Ok(utterance)
    }

    fn believes(&self, heard: &Decoded) -> bool {
        heard.end == End::Text && !heard.is_doubtful()
    }
}

/// An utterance that was encoded. Its state goes back to the pool when it is dropped.
#[derive(Debug)]
pub(crate) struct Utterance<'a> {
    model: &'a Model,
    /// Only gone while it is dropped.
    state: Option<WhisperState>,
    /// Tokens that were taken in.
    past: usize,
    room: usize,
}

impl Utterance<'_> {
    fn state(&mut self) -> &mut WhisperState {
        let state = self.state.as_mut();
        state.expect("it is taken out only when the utterance is dropped")
    }
}

impl Inference for Utterance<'_> {
    /// One after the other: of several at once whisper-rs gives the first's logits, which
    /// whisper.cpp did not compute.
    fn step(&mut self, tokens: &[u32]) -> Result<Logits, hark_whisper::Error> {
        let (context, n_vocab) = (self.room, self.model.dimensions.n_vocab);
        if self.past + tokens.len() > context {
            return Err(hark_whisper::Error::ContextFull { context });
        }
        let threads = threads(self.model.threads);
        let mut rows = Vec::with_capacity(tokens.len() * n_vocab);
        for &token in tokens {
            let token = c_int::try_from(token).unwrap_or(c_int::MAX);
            let past = self.past;
            let state = self.state();
            let stepped = state.decode(&[token], past, threads);
            stepped.map_err(|reason| failed("decode", reason))?;
            let logits = state.get_logits();
            rows.extend_from_slice(logits.map_err(|reason| failed("decode", reason))?);
            self.past += 1;
        }
        Ok(Logits::new(n_vocab, rows))
    }
}

impl Drop for Utterance<'_> {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            self.model.put_back(state);
        }
    }
}

/// Parameters with which `full` takes samples and a context, and ends.
fn prime(threads: c_int) -> FullParams<'static, 'static> {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_n_threads(threads);
    parameters.set_duration_ms(PRIME_MS);
    parameters.set_no_context(true);
    parameters.set_no_timestamps(true);
    parameters.set_print_progress(false);
    parameters
}

/// What a model listens to: what is asked for, or what its card says; all of 30 s where
/// that is a silence tail, of which whisper.cpp knows nothing.
///
/// # Errors
/// [`Error::SilenceTail`] if that is asked for.
pub fn listens(card: &Card, wanted: Option<Context>) -> Result<Context, Error> {
    match (wanted, card.context()) {
        (Some(Context::SilenceTail(_)), _) => Err(Error::SilenceTail),
        (Some(context), _) => Ok(context),
        (None, Context::SilenceTail(_)) => Ok(Context::Full),
        (None, context) => Ok(context),
    }
}

/// Threads where nobody says how many. They spin while they wait for each other, so that
/// one that has to wait for a core keeps all of them busy with nothing: one core is left for
/// whatever else runs here.
fn unasked(cores: usize) -> usize {
    cores.saturating_sub(1).max(1)
}

fn threads(count: c_int) -> usize {
    usize::try_from(count).unwrap_or(1)
}

fn failed(doing: &'static str, reason: whisper_rs::WhisperError) -> Error {
    Error::Compute { doing, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_left_for_others() {
        for (cores, expect) in [(0, 1), (1, 1), (2, 1), (4, 3)] {
            assert_eq!(unasked(cores), expect);
        }
    }
}
