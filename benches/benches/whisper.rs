//! Whisper's parts with the bundled model, on a command of three seconds: the
//! spectrogram, the encoder over as many frames as there is audio and over all of 30 s,
//! and one step of the decoder. Where OpenAI's base is at hand (`HARK_SHARED`, else
//! `../shared`), such a command over all of 30 s and with a silence tail.

use criterion::{BatchSize, Criterion};
use hark_core::engine::Cancel;
use hark_whisper::{Context, Model, SilenceTail};

fn main() {
    let mut criterion = hark_benches::criterion();
    let path = hark_benches::project("models/hark-nano");
    let model = Model::load(&path).expect("the bundled model loads");
    let samples = hark_benches::buzz(3.0);
    mel(&mut criterion, &model, &samples);
    encode(&mut criterion, &model, &samples);
    decode_step(&mut criterion, &model, &samples);
    base(&mut criterion);
    criterion.final_summary();
}

fn mel(criterion: &mut Criterion, model: &Model, samples: &[f32]) {
    let context = model.context_for(samples.len());
    criterion.bench_function("mel/3 s", |b| b.iter(|| model.mel(samples, context)));
}

fn encode(criterion: &mut Criterion, model: &Model, samples: &[f32]) {
    let cancel = Cancel::default();
    for (name, context) in [
        ("encode/3 s", model.context_for(samples.len())),
        ("encode/30 s", model.full_context()),
    ] {
        let mel = model.mel(samples, context);
        criterion.bench_function(name, |b| {
            b.iter(|| model.encode(&mel, &cancel).expect("nobody cancels"));
        });
    }
}

/// A whole command: the spectrogram, the encoder, and twelve tokens.
fn base(criterion: &mut Criterion) {
    let shared = std::env::var_os("HARK_SHARED").unwrap_or_else(|| "../shared".into());
    let path = hark_benches::project("")
        .join(shared)
        .join("models/whisper-base");
    if !path.is_dir() {
        eprintln!("not measured: base, which is not at {}", path.display());
        return;
    }
    let model = Model::load(&path).expect("base loads");
    let samples = hark_benches::buzz(3.0);
    let tail = Context::SilenceTail(SilenceTail::default());
    for (name, context) in [("base/30 s", Context::Full), ("base/silence tail", tail)] {
        let model = model.with_context(context).expect("it bears both");
        model.prepare(&Cancel::default()).expect("nobody cancels");
        criterion.bench_function(name, |b| b.iter(|| command(&model, &samples)));
    }
}

fn command(model: &Model, samples: &[f32]) {
    let mel = model.mel(samples, model.context_for(samples.len()));
    let encoded = model.encode(&mel, &Cancel::default());
    let encoded = encoded.expect("nobody cancels");
    let special = model.vocabulary().special();
    let mut cache = model.begin(&encoded, 16).expect("16 tokens fit");
    model.step(&mut cache, &[special.sot; 4]).expect("4 fit");
    for _ in 0..12 {
        model.step(&mut cache, &[300]).expect("12 more fit");
    }
}

/// The step that decides on the token after the prompt and eight words.
fn decode_step(criterion: &mut Criterion, model: &Model, samples: &[f32]) {
    let mel = model.mel(samples, model.context_for(samples.len()));
    let encoded = model
        .encode(&mel, &Cancel::default())
        .expect("nobody cancels");
    let special = model.vocabulary().special();
    let mut said = vec![special.sot; 4];
    said.extend([300; 8]);
    let begun = || {
        let mut cache = model.begin(&encoded, 32).expect("32 tokens fit");
        model.step(&mut cache, &said).expect("12 tokens fit");
        cache
    };
    criterion.bench_function("decode/step", |b| {
        b.iter_batched(
            begun,
            |mut cache| model.step(&mut cache, &[300]).expect("one more fits"),
            BatchSize::SmallInput,
        );
    });
}
