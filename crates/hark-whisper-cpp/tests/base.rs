//! OpenAI's base: all of 30 s, whatever its card says of a silence tail, and the text that
//! candle writes. `--nocapture` shows how long each took, one after the other.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use common::{Clip, job, wav};
use hark_core::Language;
use hark_core::engine::{Cancel, Engine};
use hark_whisper::{CandleEngine, Context, Model};
use hark_whisper_cpp::WhisperCppEngine;

/// The shared test data; none if it is not there and need not be, which is said.
fn shared() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = match std::env::var_os("HARK_SHARED") {
        Some(path) => root.join(path),
        None => root.join("../shared"),
    };
    if shared.join("models/whisper-base").is_dir() {
        return Some(shared);
    }
    let required = std::env::var_os("HARK_REQUIRE_SHARED").is_some_and(|v| v == "1");
    let place = shared.display();
    assert!(!required, "{place} has no models/whisper-base");
    println!("not run: 1 (no shared test data in {place}; set HARK_SHARED)");
    None
}

#[test]
fn base_writes_what_it_writes_on_candle() {
    let Some(shared) = shared() else { return };
    let path = shared.join("models/whisper-base");
    let clips = [
        ("de-wie-spaet-ist-es.wav", "de"),
        ("en-what-time-is-it.wav", "en"),
    ]
    .map(|(file, language)| Clip {
        file: file.to_owned(),
        language: Language::parse(language).unwrap(),
        text: String::new(),
        audio: wav(&shared.join("audio").join(file)),
    });
    let model = Model::load(&path).unwrap();
    let model = model.with_context(Context::Full).unwrap();
    let threads = NonZeroUsize::new(1);
    let mut candle = CandleEngine::new(model, hark_whisper::Settings { threads });
    let settings = hark_whisper_cpp::Settings {
        threads,
        context: None,
    };
    let mut cpp = WhisperCppEngine::load(&path, settings).unwrap();
    for clip in &clips {
        let job = job(clip);
        let [ours, theirs]: [_; 2] = [&mut candle as &mut dyn Engine, &mut cpp].map(|engine| {
            let heard = engine.transcribe(&job, &Cancel::default()).unwrap();
            println!(
                "{} {}: {:?}",
                clip.file,
                engine.describe().engine,
                heard.timings
            );
            heard
        });
        assert!(!ours.text.is_empty(), "{}", clip.file);
        assert_eq!(theirs.text, ours.text, "{}", clip.file);
    }
}
