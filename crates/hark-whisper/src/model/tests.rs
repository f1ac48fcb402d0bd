//! The bundled model with a silence tail, held against what it stands for.

use std::path::Path;

use super::*;
use crate::context::SilenceTail;

/// What is fed to the decoder: a prompt at once, then tokens one by one.
const TOKENS: [u32; 9] = [
    50_258, 50_261, 50_359, 50_363, 2065, 1220, 430, 1482, 13_547,
];

fn nano() -> Model {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Model::load(&root.join("models/hark-nano")).unwrap()
}

fn with_tail(every: usize, slack: usize) -> Model {
    let tail = SilenceTail { every, slack };
    nano().with_context(Context::SilenceTail(tail)).unwrap()
}

fn clip() -> Vec<f32> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/flur-ein.wav");
    let mut reader = hound::WavReader::open(path).unwrap();
    let samples = reader.samples::<i16>();
    samples.map(|s| f32::from(s.unwrap()) / 32_768.0).collect()
}

fn encode(model: &Model, samples: &[f32]) -> Encoded {
    let mel = model.mel(samples, model.context_for(samples.len()));
    model.encode(&mel, &Cancel::default()).unwrap()
}

/// The utterance's frames, then those of the silence at the positions that are left.
fn concatenated(model: &Model, own: &Encoded) -> Encoded {
    let full = model.full_context();
    let mel = model.mel(&tail::silence(full * SAMPLES_PER_FRAME), full);
    let silence = model.encode(&mel, &Cancel::default()).unwrap().tensor;
    let left = silence
        .narrow(0, own.frames(), full - own.frames())
        .unwrap();
    Encoded {
        tensor: Tensor::cat(&[&own.tensor, &left], 0).unwrap(),
    }
}

/// Logits of the prompt and of each token after it, and how the audio was listened to.
fn decoded(model: &Model, encoded: &Encoded) -> (Vec<f32>, Vec<Alignment>) {
    let mut cache = model.begin(encoded, TOKENS.len()).unwrap();
    let prompt = model.step(&mut cache, &TOKENS[..4]).unwrap();
    let mut logits: Vec<f32> = prompt.rows().flatten().copied().collect();
    let (rest, layers) = model.align(&mut cache, &TOKENS[4..]).unwrap();
    logits.extend(rest.rows().flatten());
    (logits, layers)
}

/// ‖a − b‖ / ‖b‖
fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let square = |values: &mut dyn Iterator<Item = f32>| values.map(|v| v * v).sum::<f32>();
    let difference = square(&mut a.iter().zip(b).map(|(a, b)| a - b));
    (difference / square(&mut b.iter().copied())).sqrt()
}

#[test]
fn a_whole_tail_is_the_silence_itself() {
    let samples = clip();
    // A length that no group divides: the first group is cut.
    for (every, frames) in [(1, 208), (1, 203), (4, 203)] {
        let model = with_tail(every, 48);
        let mel = model.mel(&samples, frames);
        let own = model.encode(&mel, &Cancel::default()).unwrap();
        let (expect, whole) = decoded(&nano(), &concatenated(&nano(), &own));
        let (got, layers) = decoded(&model, &own);
        let far = distance(&got, &expect);
        // Of neighbours that are alike one is as good as all.
        let allowed = if every == 1 { 1e-5 } else { 2e-2 };
        assert!(far < allowed, "{every} {frames}: {far}");
        assert!(every == 1 || far > 1e-6, "it makes no difference at all");
        for (got, whole) in layers.iter().zip(&whole) {
            assert_eq!((got.frames, got.tokens, got.heads), (1500, 5, whole.heads));
            for row in got.values.chunks_exact(1500) {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4);
            }
            let far = distance(&got.values, &whole.values);
            assert!(every != 1 || far < 1e-4, "{far}");
        }
    }
}

#[test]
fn what_fills_the_context_has_no_tail() {
    let model = with_tail(16, 48);
    let samples = vec![0.1; 16_000 * 30];
    let encoded = encode(&model, &samples);
    assert_eq!(encoded.frames(), 1500);
    assert!(model.tail.get().is_none(), "nothing asked for it");
    let (got, layers) = decoded(&model, &encoded);
    assert_eq!(got, decoded(&nano(), &encoded).0);
    assert_eq!(layers[0].frames, 1500);
}

#[test]
fn the_tail_is_computed_once_and_not_for_nobody() {
    let model = with_tail(16, 48);
    let cancel = Cancel::default();
    cancel.cancel();
    assert!(matches!(model.prepare(&cancel), Err(Error::Cancelled)));
    assert!(model.tail.get().is_none());
    model.prepare(&Cancel::default()).unwrap();
    let first: *const Tail = model.tail.get().unwrap();
    let other = model.clone();
    encode(&other, &clip());
    assert!(std::ptr::eq(first, other.tail.get().unwrap()));
    assert!(std::ptr::eq(first, model.tail.get().unwrap()));
    nano().prepare(&cancel).unwrap();
}

#[test]
fn a_tail_that_has_no_room_is_refused() {
    for (every, slack, part) in [(0, 48, "every"), (16, 1500, "fill its context of 1500")] {
        let context = Context::SilenceTail(SilenceTail { every, slack });
        let error = nano().with_context(context).unwrap_err().to_string();
        assert!(
            error.contains("hark-nano") && error.contains(part),
            "{error}"
        );
    }
    assert_eq!(nano().context(), Context::AsLong);
}
