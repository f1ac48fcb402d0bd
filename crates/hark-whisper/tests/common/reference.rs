//! What openai-whisper computed of a clip (`tests/reference/parity.py`), and how ours is
//! held against it.

use std::path::Path;

use hark_core::engine::Cancel;
use hark_whisper::decoding::{self, End, ModelInference, Options};
use hark_whisper::{Alignment, Encoded, Logits, Model};
use safetensors::SafeTensors;
use serde::Deserialize;

use super::random::{hashes, key_of};
use super::{data, wav};

/// ‖ours − theirs‖ / ‖theirs‖, and the largest difference over their largest value. Seen:
/// up to 5e-5. GELU by tanh makes 5e-4, weights in half precision 1e-3.
const TOLERANCE: f32 = 2e-4;
/// Where openai-whisper's two best logits are closer than this, another order of
/// additions may choose the other token.
pub const UNDECIDED: f32 = 1e-3;
/// Tokens before the first that is written.
const PROMPT: usize = 4;
/// Tokens that are written at most.
const STEPS: usize = 20;

#[derive(Deserialize)]
struct About {
    clips: Vec<Clip>,
}

/// What was written of a clip.
#[derive(Deserialize)]
struct Clip {
    file: String,
    language: String,
    /// The likeliest of all languages.
    detected: String,
    /// The prompt, what was written, and what is likeliest after that.
    forced: Vec<u32>,
    tokens: Vec<u32>,
    /// The best logit that may be written less the second best, after the prompt and
    /// each further token.
    gaps: Vec<f32>,
    avg_logprob: f32,
    no_speech_prob: f32,
}

/// Holds a model against what was written down under a name; the clips lie in `audio`.
/// Gives the number of tokens that differ where openai-whisper was undecided.
pub fn check(name: &str, model: &Model, audio: &Path) -> usize {
    let folder = data().join("parity");
    let about = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
    let about: About = serde_json::from_slice(&about).unwrap();
    let file = std::fs::read(folder.join(format!("{name}.safetensors"))).unwrap();
    let tensors = SafeTensors::deserialize(&file).unwrap();
    assert!(!about.clips.is_empty());
    let differing = about.clips.iter().enumerate().map(|(at, clip)| {
        let checked = Checked {
            name: format!("{name} {}", clip.file),
            model,
            clip,
            stored: Stored {
                tensors: &tensors,
                prefix: at,
            },
        };
        checked.all(&audio.join(&clip.file))
    });
    differing.sum()
}

/// The stored tensors of one clip.
struct Stored<'a> {
    tensors: &'a SafeTensors<'a>,
    prefix: usize,
}

impl Stored<'_> {
    fn words<T>(&self, name: &str, word: impl Fn([u8; 4]) -> T) -> Vec<T> {
        let name = format!("{}.{name}", self.prefix);
        let bytes = self.tensors.tensor(&name).unwrap();
        let words = bytes.data().chunks_exact(4);
        words.map(|b| word(b.try_into().unwrap())).collect()
    }

    fn values(&self, name: &str) -> Vec<f32> {
        self.words(name, f32::from_le_bytes)
    }
}

/// One clip, as a model hears it.
struct Checked<'a> {
    name: String,
    model: &'a Model,
    clip: &'a Clip,
    stored: Stored<'a>,
}

impl Checked<'_> {
    fn all(&self, audio: &Path) -> usize {
        let context = self.model.full_context();
        let mel = self.model.mel(wav(audio).samples(), context);
        self.tensor("mel", &mel.values);
        let encoded = self.model.encode(&mel, &Cancel::default()).unwrap();
        self.tensor("encoder", &encoded.values().unwrap());
        self.language(&encoded);
        let logits = self.step_by_step(&encoded);
        self.tensor("logits", &logits);
        self.best(&logits);
        self.aligned(&encoded, &logits);
        self.decoded(&encoded)
    }

    /// Holds a tensor's fingerprint against the stored one.
    fn tensor(&self, name: &str, values: &[f32]) {
        let signed = hashes(key_of("signs")).zip(values);
        let signed: Vec<f64> = signed
            .map(|(hash, &v)| if hash >> 63 == 0 { 1.0 } else { -1.0 } * f64::from(v))
            .collect();
        let sketch: Vec<f32> = signed
            .chunks(64)
            .map(|block| block.iter().sum::<f64>() as f32)
            .collect();
        self.close(&format!("{name}.sketch"), &sketch);
        let samples: Vec<f32> = hashes(key_of("places"))
            .map(|hash| values[(hash % values.len() as u64) as usize])
            .take(4096)
            .collect();
        self.close(&format!("{name}.samples"), &samples);
    }

    fn close(&self, name: &str, ours: &[f32]) {
        let theirs = self.stored.values(name);
        let (norm, largest) = distance(ours, &theirs);
        println!("{} {name}: {norm:.1e}, {largest:.1e}", self.name);
        assert!(
            norm <= TOLERANCE && largest <= TOLERANCE,
            "{} {name}: relative error {norm:.1e}, largest {largest:.1e}",
            self.name
        );
    }

    /// The likeliest of all languages, and how likely each is.
    fn language(&self, encoded: &Encoded) {
        let vocabulary = self.model.vocabulary();
        let mut cache = self.model.begin(encoded, 1).unwrap();
        let start = [vocabulary.special().sot];
        let logits = self.model.step(&mut cache, &start).unwrap();
        let languages: Vec<u32> = vocabulary.language_tokens().collect();
        let of = |token: &u32| f64::from(logits.first()[*token as usize]);
        let sum: f64 = languages.iter().map(|token| of(token).exp()).sum();
        let shares: Vec<f32> = languages
            .iter()
            .map(|token| (of(token).exp() / sum) as f32)
            .collect();
        self.close("languages", &shares);
        let heard = self.decode(encoded, languages).language.unwrap();
        let heard = vocabulary.language_of(heard).unwrap();
        assert_eq!(heard.as_str(), self.clip.detected, "{}", self.name);
    }

    /// Logits of the prompt at once and of each token by itself, row by row.
    fn step_by_step(&self, encoded: &Encoded) -> Vec<f32> {
        let mut cache = self.model.begin(encoded, self.clip.forced.len()).unwrap();
        let (prompt, written) = self.clip.forced.split_at(PROMPT);
        let mut step = |tokens: &[u32]| self.model.step(&mut cache, tokens).unwrap();
        let mut all = rows(&step(prompt));
        for token in written {
            all.extend(rows(&step(&[*token])));
        }
        all
    }

    /// The likeliest tokens after each, whatever they are, and how likely.
    fn best(&self, logits: &[f32]) {
        let ids = self.stored.words("best_ids", u32::from_le_bytes);
        let count = ids.len() / self.clip.forced.len();
        let n_vocab = self.model.dimensions().n_vocab;
        let ours: Vec<f32> = logits
            .chunks_exact(n_vocab)
            .zip(ids.chunks_exact(count))
            .flat_map(|(row, ids)| ids.iter().map(|&id| row[id as usize]))
            .collect();
        self.close("best", &ours);
        let best = self.stored.values("best");
        for (at, row) in logits.chunks_exact(n_vocab).enumerate() {
            let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let theirs = &best[at * count..];
            let decided = theirs[0] - theirs[1] >= UNDECIDED;
            let same = row[ids[at * count] as usize] == highest;
            assert!(same || !decided, "{} row {at}", self.name);
        }
    }

    /// All tokens at once: the same logits by another way, and what each listened to.
    fn aligned(&self, encoded: &Encoded, logits: &[f32]) {
        let mut cache = self.model.begin(encoded, self.clip.forced.len()).unwrap();
        let (at_once, layers) = self.model.align(&mut cache, &self.clip.forced).unwrap();
        let (norm, largest) = distance(&rows(&at_once), logits);
        assert!(norm.max(largest) <= TOLERANCE, "{}: {norm}", self.name);
        let shape = |a: &Alignment| (a.heads, a.tokens, a.frames);
        let dimensions = self.model.dimensions();
        let expect = (
            dimensions.n_text_head,
            self.clip.forced.len(),
            dimensions.n_audio_ctx,
        );
        assert!(layers.iter().all(|layer| shape(layer) == expect));
        let values: Vec<f32> = layers.into_iter().flat_map(|layer| layer.values).collect();
        self.tensor("attention", &values);
    }

    fn decode(&self, encoded: &Encoded, languages: Vec<u32>) -> decoding::Decoded {
        let mut inference = ModelInference {
            model: self.model,
            cache: self.model.begin(encoded, decoding::room(STEPS)).unwrap(),
        };
        let options = Options {
            languages,
            max_tokens: STEPS,
        };
        let cancel = Cancel::default();
        decoding::decode(&mut inference, self.model.vocabulary(), &options, &cancel).unwrap()
    }

    /// What is written in the end, and how sure that is.
    fn decoded(&self, encoded: &Encoded) -> usize {
        let vocabulary = self.model.vocabulary();
        let language = hark_core::Language::parse(&self.clip.language).unwrap();
        let language = vocabulary.language_token(&language).unwrap();
        let heard = self.decode(encoded, vec![language]);
        assert_ne!(heard.end, End::Repetition, "{}", self.name);
        let ours: Vec<u32> = heard.tokens.iter().map(|choice| choice.token).collect();
        if ours != self.clip.tokens {
            let same = ours.iter().zip(&self.clip.tokens);
            let at = same.take_while(|(a, b)| a == b).count();
            let gap = self.clip.gaps[at];
            println!("{}: token {at} differs, gap {gap}", self.name);
            assert!(gap < UNDECIDED, "{}: {ours:?}", self.name);
            return 1;
        }
        let sure = heard.avg_logprob - self.clip.avg_logprob;
        let no_speech = heard.no_speech_probability - self.clip.no_speech_prob;
        assert!(sure.abs() < 1e-3, "{}: avg_logprob {sure:+}", self.name);
        assert!(no_speech.abs() < 1e-3, "{}: {no_speech:+}", self.name);
        0
    }
}

fn rows(logits: &Logits) -> Vec<f32> {
    logits.rows().flatten().copied().collect()
}

/// ‖a − b‖ / ‖b‖, and max |a − b| / max |b|.
pub fn distance(a: &[f32], b: &[f32]) -> (f32, f32) {
    assert_eq!(a.len(), b.len());
    let difference = || a.iter().zip(b).map(|(a, b)| f64::from(a - b));
    let values = || b.iter().map(|&b| f64::from(b));
    let norm = |of: &mut dyn Iterator<Item = f64>| of.map(|v| v * v).sum::<f64>().sqrt();
    let largest = |of: &mut dyn Iterator<Item = f64>| of.map(f64::abs).fold(0.0, f64::max);
    (
        (norm(&mut difference()) / norm(&mut values())) as f32,
        (largest(&mut difference()) / largest(&mut values())) as f32,
    )
}
