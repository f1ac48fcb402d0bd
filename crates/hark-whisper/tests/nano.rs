//! The bundled model on real audio, through the engine port.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::num::NonZeroUsize;

use common::{Clip, clips, data};
use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{Cancel, Engine, Error, Job, Transcription};
use hark_whisper::{CandleEngine, Context, Model, Settings, SilenceTail};

fn model() -> Model {
    Model::load(&common::nano()).unwrap()
}

fn engine() -> CandleEngine {
    CandleEngine::new(model(), Settings::default())
}

fn heard(engine: &mut CandleEngine, clip: &Clip) -> Transcription {
    let job = Job {
        audio: clip.audio.clone(),
        languages: vec![clip.language.clone()],
    };
    engine.transcribe(&job, &Cancel::default()).unwrap()
}

/// All but how long it took.
fn said(mut transcription: Transcription) -> Transcription {
    transcription.timings = Default::default();
    transcription
}

#[test]
fn commands_are_written_exactly() {
    let mut engine = engine();
    for clip in clips(&data().join("clips.tsv")) {
        let heard = heard(&mut engine, &clip);
        assert_eq!(heard.text, clip.text, "{}", clip.file);
        assert_eq!(heard.language, clip.language);
        assert!(heard.avg_logprob > -0.5, "{}", heard.avg_logprob);
        let bytes: Vec<u8> = heard.tokens.iter().flat_map(|t| t.bytes.clone()).collect();
        assert_eq!(String::from_utf8(bytes).unwrap().trim(), clip.text);
        println!("{}: {:?}", clip.file, heard.timings);
    }
}

#[test]
fn a_silence_tail_leaves_commands_as_they_are() {
    let tail = Context::SilenceTail(SilenceTail::default());
    let model = model().with_context(tail).unwrap();
    let mut engine = CandleEngine::new(model, Settings::default());
    for clip in clips(&data().join("clips.tsv")) {
        let first = said(heard(&mut engine, &clip));
        assert_eq!(first.text, clip.text, "{}", clip.file);
        assert_eq!(said(heard(&mut engine, &clip)), first, "{}", clip.file);
    }
}

#[test]
fn nothing_is_left_of_the_utterance_before() {
    let mut one = engine();
    let clips = clips(&data().join("clips.tsv"));
    let first = said(heard(&mut one, &clips[0]));
    for clip in &clips[1..] {
        heard(&mut one, clip);
        assert_eq!(said(heard(&mut one, &clips[0])), first, "{}", clip.file);
    }
    let settings = Settings {
        threads: NonZeroUsize::new(1),
    };
    let mut alone = CandleEngine::new(model(), settings);
    assert_eq!(said(heard(&mut alone, &clips[0])), first);
}

#[test]
fn a_whole_context_says_the_same_as_a_short_one() {
    let model = model();
    let clip = &clips(&data().join("clips.tsv"))[0];
    let samples = clip.audio.samples();
    assert!(model.context_for(samples.len()) < 150);
    let language = model.vocabulary().language_token(&clip.language).unwrap();
    for context in [model.context_for(samples.len()), model.full_context()] {
        let cancel = Cancel::default();
        let encoded = model.encode(&model.mel(samples, context), &cancel).unwrap();
        assert_eq!(encoded.frames(), context);
        let mut inference = hark_whisper::decoding::ModelInference {
            model: &model,
            cache: model.begin(&encoded, 40).unwrap(),
        };
        let options = hark_whisper::decoding::Options {
            languages: vec![language],
            max_tokens: 36,
        };
        let vocabulary = model.vocabulary();
        let decoded =
            hark_whisper::decoding::decode(&mut inference, vocabulary, &options, &cancel).unwrap();
        let text = vocabulary.text(decoded.tokens.iter().map(|c| c.token));
        assert_eq!(text.trim(), clip.text, "{context}");
    }
}

#[test]
fn tokens_one_by_one_are_as_good_as_all_at_once() {
    let model = model();
    let clip = &clips(&data().join("clips.tsv"))[0];
    let samples = clip.audio.samples();
    let mel = model.mel(samples, model.context_for(samples.len()));
    let encoded = model.encode(&mel, &Cancel::default()).unwrap();
    // Few tokens and many take different ways through the layers.
    let tokens = [
        50_258, 50_261, 50_359, 50_363, 2065, 1220, 430, 1482, 13_547,
    ];
    for length in [2, 4, 9] {
        let mut at_once = model.begin(&encoded, 16).unwrap();
        let mut expect = model.step(&mut at_once, &tokens[..length]).unwrap();
        let mut cache = model.begin(&encoded, 16).unwrap();
        let mut got = model.step(&mut cache, &tokens[..1]).unwrap();
        for token in &tokens[1..length] {
            got = model.step(&mut cache, &[*token]).unwrap();
        }
        assert_eq!(cache.len(), at_once.len());
        for (got, expect) in got.last_mut().iter().zip(expect.last_mut()) {
            assert!((got - *expect).abs() < 1e-3, "{length}: {got} {expect}");
        }
    }
}

#[test]
fn a_full_cache_is_an_error() {
    let model = model();
    let encoded = model
        .encode(&model.mel(&[0.1; 1600], 16), &Cancel::default())
        .unwrap();
    let mut cache = model.begin(&encoded, 4).unwrap();
    assert!(cache.is_empty());
    model.step(&mut cache, &[50_258, 50_261, 50_359]).unwrap();
    assert_eq!((cache.len(), cache.room()), (3, 4));
    let error = model.step(&mut cache, &[50_363, 440]).unwrap_err();
    assert!(matches!(
        error,
        hark_whisper::Error::ContextFull { context: 4 }
    ));
}

fn refusal(samples: Vec<f32>, languages: &[&str]) -> Result<Transcription, Error> {
    let job = Job {
        audio: Pcm::new(samples),
        languages: languages
            .iter()
            .map(|l| Language::parse(l).unwrap())
            .collect(),
    };
    engine().transcribe(&job, &Cancel::default())
}

#[test]
fn what_can_not_be_heard_is_refused() {
    assert_eq!(refusal(vec![], &["de"]), Err(Error::NoAudio));
    assert_eq!(
        refusal(vec![0.1, f32::NAN], &["de"]),
        Err(Error::NotFinite { index: 1 })
    );
    let too_long = refusal(vec![0.1; 16_000 * 30 + 1], &["de"]);
    assert!(matches!(too_long, Err(Error::TooLong { .. })));
    let error = refusal(vec![0.1; 1600], &["fr", "it"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the model hark-nano does not know the language fr, it; it knows en, de"
    );
}

#[test]
fn silence_is_nothing() {
    for samples in [vec![0.0; 16_000], vec![1e-4; 16_000 * 30]] {
        let heard = refusal(samples, &["de"]).unwrap();
        assert_eq!(
            (heard.text.as_str(), heard.no_speech_probability),
            ("", 1.0)
        );
        assert!(heard.tokens.is_empty());
    }
}

#[test]
fn anything_else_ends_and_stays_within_the_cap() {
    // One sample, a click, a tone, noise at full scale, the longest clip.
    let tone = (0..16_000).map(|i| (i as f32 * 0.2).sin());
    let noise =
        (0..16_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 16) as f32 / 32_768.0 - 1.0);
    for samples in [
        vec![0.5],
        vec![1.0; 80],
        tone.collect(),
        noise.collect(),
        vec![0.3; 16_000 * 30],
    ] {
        let heard = refusal(samples, &["de"]).unwrap();
        assert!(heard.tokens.len() <= 224, "{heard:?}");
    }
}

#[test]
fn a_region_is_the_language_that_it_belongs_to() {
    let clip = &clips(&data().join("clips.tsv"))[0];
    let heard = refusal(clip.audio.samples().to_vec(), &["de-AT", "fr"]).unwrap();
    assert_eq!(heard.text, clip.text);
    assert_eq!(heard.language.as_str(), "de-AT");
}

#[test]
fn cancelled_work_ends_at_once() {
    let clip = &clips(&data().join("clips.tsv"))[0];
    let job = Job {
        audio: clip.audio.clone(),
        languages: vec![],
    };
    let cancel = Cancel::default();
    cancel.cancel();
    let mut engine = engine();
    assert_eq!(engine.transcribe(&job, &cancel), Err(Error::Cancelled));
    // The next one is not touched by it.
    assert_eq!(heard(&mut engine, clip).text, clip.text);
}

#[test]
fn it_says_what_it_is() {
    let description = engine().describe();
    assert_eq!(description.model, "hark-nano");
    assert_eq!(description.engine, "candle");
    assert_eq!(
        description.languages,
        [Language::german(), Language::english()]
    );
}

/// candle adds large tensors on threads of its own, which no setting of ours bounds.
#[cfg(target_os = "linux")]
#[test]
fn no_threads_but_ours_compute() {
    let clip = &clips(&data().join("clips.tsv"))[0];
    let mut samples = clip.audio.samples().to_vec();
    samples.resize(16_000 * 30, 0.0);
    refusal(samples, &["de"]).unwrap();
    let threads: Vec<String> = std::fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
        .collect();
    assert!(
        threads.iter().any(|name| name.starts_with("hark-compute")),
        "{threads:?}"
    );
    assert!(
        !threads.iter().any(|name| name.starts_with("candle")),
        "{threads:?}"
    );
}
