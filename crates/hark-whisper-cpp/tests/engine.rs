//! The engine on real audio: it writes what the candle engine writes, and what is wrong
//! with audio or files is an error or nothing heard.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{clips, job, nano};
use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{Cancel, Engine, Error, Job, Transcription};
use hark_whisper::quant::Format;
use hark_whisper::{CandleEngine, Checkpoint, Context, Model, SilenceTail};
use hark_whisper_cpp::{Settings, WhisperCppEngine};

fn engine_of(path: &Path, context: Option<Context>) -> WhisperCppEngine {
    let settings = Settings {
        // Its threads spin while they wait for each other.
        threads: NonZeroUsize::new(1),
        context,
    };
    WhisperCppEngine::load(path, settings).unwrap()
}

fn engine() -> WhisperCppEngine {
    engine_of(&nano(), None)
}

fn heard(engine: &mut dyn Engine, job: &Job) -> Transcription {
    engine.transcribe(job, &Cancel::default()).unwrap()
}

/// All but how long it took.
fn said(mut transcription: Transcription) -> Transcription {
    transcription.timings = Default::default();
    transcription
}

#[test]
fn the_bundled_model_writes_what_it_writes_on_candle() {
    let candle = Model::load(&nano()).unwrap();
    for context in [None, Some(Context::Full)] {
        let mut cpp = engine_of(&nano(), context);
        let candle = match context {
            Some(context) => candle.with_context(context).unwrap(),
            None => candle.clone(),
        };
        let mut candle = CandleEngine::new(candle, hark_whisper::Settings::default());
        assert_eq!(cpp.describe().engine, "whisper-cpp");
        assert_eq!(cpp.describe().model, candle.describe().model);
        assert_eq!(cpp.describe().languages, candle.describe().languages);
        for clip in clips() {
            let job = job(&clip);
            let ours = heard(&mut candle, &job);
            let theirs = heard(&mut cpp, &job);
            assert_eq!(theirs.text, clip.text, "{} {context:?}", clip.file);
            assert_eq!(theirs.text, ours.text);
            assert_eq!(theirs.language, clip.language);
            let ids = |t: &Transcription| t.tokens.iter().map(|t| t.id).collect::<Vec<_>>();
            assert_eq!(ids(&theirs), ids(&ours));
            let apart = (theirs.avg_logprob - ours.avg_logprob).abs();
            assert!(apart < 0.05, "{theirs:?} {ours:?}");
        }
    }
}

#[test]
fn the_language_is_heard_among_those_that_may_be_spoken() {
    let mut engine = engine();
    for clip in clips() {
        let any = Job {
            languages: vec![Language::english(), Language::german()],
            ..job(&clip)
        };
        let heard = heard(&mut engine, &any);
        assert_eq!((heard.text, heard.language), (clip.text, clip.language));
    }
}

/// Whatever a file holds its weights in.
#[test]
fn every_format_is_run() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::open(&nano()).unwrap();
    let clip = &clips()[0];
    for format in [Format::F32, Format::F16, Format::Q8_0, Format::Q5_0] {
        let path = dir.path().join(format!("ggml-{format:?}.bin"));
        let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
        checkpoint.write_ggml(&mut file, format).unwrap();
        drop(file);
        let mut engine = engine_of(&path, Some(Context::AsLong));
        assert_eq!(heard(&mut engine, &job(clip)).text, clip.text, "{format:?}");
    }
}

#[test]
fn nothing_is_left_of_the_utterance_before() {
    let mut one = engine();
    let clips = clips();
    let first = said(heard(&mut one, &job(&clips[0])));
    for clip in &clips[1..] {
        heard(&mut one, &job(clip));
        assert_eq!(
            said(heard(&mut one, &job(&clips[0]))),
            first,
            "{}",
            clip.file
        );
    }
    // Nor of one that was longer, or of one that was given up.
    let long = Job {
        audio: Pcm::new(vec![0.3; 16_000 * 30]),
        languages: vec![Language::german()],
    };
    heard(&mut one, &long);
    let cancel = Cancel::default();
    cancel.cancel();
    assert_eq!(one.transcribe(&long, &cancel), Err(Error::Cancelled));
    assert_eq!(said(heard(&mut one, &job(&clips[0]))), first);
}

#[test]
fn clones_share_the_model_and_run_at_once() {
    let engine = engine();
    let clips = clips();
    std::thread::scope(|scope| {
        for clip in &clips[..2] {
            let mut engine = engine.clone();
            scope.spawn(move || assert_eq!(heard(&mut engine, &job(clip)).text, clip.text));
        }
    });
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
    for (samples, index) in [
        (vec![f32::NAN], 0),
        (vec![0.1, f32::INFINITY], 1),
        (vec![0.1, 0.1, f32::NEG_INFINITY], 2),
    ] {
        assert_eq!(refusal(samples, &["de"]), Err(Error::NotFinite { index }));
    }
    let too_long = refusal(vec![0.1; 16_000 * 301 / 10], &["de"]);
    assert!(matches!(too_long, Err(Error::TooLong { .. })));
    let unknown = refusal(vec![0.1; 1600], &["fr", "xx"]);
    assert!(matches!(unknown, Err(Error::UnknownLanguage { .. })));
}

#[test]
fn silence_is_nothing_and_anything_else_ends() {
    for samples in [vec![0.0; 1], vec![0.0; 16_000], vec![1e-4; 16_000 * 30]] {
        assert_eq!(refusal(samples, &["de"]).unwrap().text, "");
    }
    let tone = (0..16_000).map(|i| (i as f32 * 0.2).sin()).collect();
    for samples in [
        vec![0.5],
        vec![1.0; 200],
        vec![1.0; 201],
        vec![f32::MAX; 1600],
        tone,
    ] {
        let heard = refusal(samples, &["de"]).unwrap();
        assert!(heard.tokens.len() <= 224, "{heard:?}");
    }
}

#[test]
fn a_cancel_is_seen_within_a_step() {
    let mut engine = engine_of(&nano(), Some(Context::Full));
    let clip = &clips()[0];
    heard(&mut engine, &job(clip));
    let whole = Instant::now();
    heard(&mut engine, &job(clip));
    let whole = whole.elapsed();
    let cancel = Cancel::default();
    let (late, job) = (cancel.clone(), job(clip));
    let asked = std::thread::scope(|scope| {
        let running = scope.spawn(|| engine.transcribe(&job, &cancel));
        std::thread::sleep(whole / 20);
        late.cancel();
        let asked = Instant::now();
        assert_eq!(running.join().unwrap(), Err(Error::Cancelled));
        asked.elapsed()
    });
    // It is not seen while it encodes.
    assert!(
        asked < whole + Duration::from_secs(1),
        "{asked:?} {whole:?}"
    );
}

fn damaged(damage: impl Fn(&mut Vec<u8>)) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let mut content = std::fs::read(nano().join("ggml-hark-nano-q8_0.bin")).unwrap();
    damage(&mut content);
    let path = dir.path().join("ggml-damaged.bin");
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

#[test]
fn files_that_are_no_models_are_refused_with_the_reason() {
    let length = 10_226_689;
    for (cut, expect) in [
        (0, "truncated"),
        (40, "truncated"),
        (length / 2, "truncated"),
        (length - 1, "truncated"),
    ] {
        let (_dir, path) = damaged(|content| content.truncate(cut));
        let error = WhisperCppEngine::load(&path, Settings::default()).unwrap_err();
        assert!(error.to_string().contains(expect), "{cut}: {error}");
    }
    let (_dir, path) = damaged(|content| content[4] ^= 0x80);
    let error = WhisperCppEngine::load(&path, Settings::default()).unwrap_err();
    assert!(error.to_string().contains("n_vocab"), "{error}");
    for path in ["/no/such/model", "/dev/zero", "/"] {
        WhisperCppEngine::load(Path::new(path), Settings::default()).unwrap_err();
    }
    let tail = Settings {
        context: Some(Context::SilenceTail(SilenceTail::default())),
        ..Settings::default()
    };
    let error = WhisperCppEngine::load(&nano(), tail).unwrap_err();
    assert!(error.to_string().contains("silence tail"), "{error}");
}

/// A bit that flips somewhere is an error, or the model hears something else.
#[test]
fn a_flipped_bit_neither_panics_nor_hangs() {
    let clip = &clips()[0];
    for at in [20_000, 70_000, 900_000, 5_000_000, 10_226_600] {
        let (_dir, path) = damaged(|content| content[at] ^= 0x40);
        let settings = Settings {
            threads: NonZeroUsize::new(1),
            context: Some(Context::AsLong),
        };
        match WhisperCppEngine::load(&path, settings) {
            Err(error) => println!("{at}: {error}"),
            Ok(mut engine) => {
                let heard = engine.transcribe(&job(clip), &Cancel::default());
                println!("{at}: {:?}", heard.map(|h| h.text));
            }
        }
    }
}

/// tinyBLAS doubles what it computes; a build without it would not be noticed otherwise.
#[test]
fn tiny_blas_is_built_in() {
    let system = whisper_rs::print_system_info();
    assert!(system.contains("LLAMAFILE = 1"), "{system}");
}

#[test]
fn errors_of_the_model_are_the_engines() {
    let broken = Error::from(hark_whisper::Error::from(
        hark_whisper_cpp::Error::SilenceTail,
    ));
    assert!(matches!(broken, Error::Broken(why) if why.contains("silence tail")));
}
