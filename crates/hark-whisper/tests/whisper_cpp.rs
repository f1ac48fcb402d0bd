//! Files that we write, read by whisper.cpp: it writes the same text.
//!
//! whisper.cpp always listens to 30 s, so our engine does too here. Its way to add is
//! another one and its activations are rounded to half precision, so only the text is
//! compared.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::path::Path;

use common::{Clip, clips, data, nano, random, shared, wav};
use hark_core::Language;
use hark_core::engine::{Cancel, Engine, Job};
use hark_whisper::quant::Format;
use hark_whisper::{CandleEngine, Checkpoint, Model, Settings};
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters};

/// Opens a file, with flash attention off: it looks at keys that are not there.
fn whisper_cpp(path: &Path) -> WhisperContext {
    whisper_rs::install_logging_hooks();
    let mut parameters = WhisperContextParameters::default();
    parameters.use_gpu(false).flash_attn(false);
    WhisperContext::new_with_params(path, parameters).unwrap()
}

/// What whisper.cpp writes: greedily, once, without timestamps.
fn text_of(context: &WhisperContext, clip: &Clip) -> String {
    let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
    parameters.set_language(Some(clip.language.as_str()));
    parameters.set_no_timestamps(true);
    parameters.set_no_context(true);
    parameters.set_suppress_nst(true);
    parameters.set_temperature_inc(0.0);
    parameters.set_print_progress(false);
    // Its threads spin while they wait for each other.
    parameters.set_n_threads(1);
    let mut state = context.create_state().unwrap();
    state.full(parameters, clip.audio.samples()).unwrap();
    let segments: Vec<_> = state
        .as_iter()
        .map(|segment| segment.to_str().unwrap().to_owned())
        .collect();
    segments.concat().trim().to_owned()
}

/// Writes a model in a format and holds what whisper.cpp makes of clips against what our
/// engine makes of them, both from that file.
fn check(model: &Path, format: Format, clips: &[Clip]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ggml-written.bin");
    write(model, format, &path);
    let context = whisper_cpp(&path);
    let mut engine = CandleEngine::new(Model::load(&path).unwrap(), Settings::default());
    for clip in clips {
        let job = Job {
            audio: clip.audio.clone(),
            languages: vec![clip.language.clone()],
        };
        let ours = engine.transcribe(&job, &Cancel::default()).unwrap().text;
        let theirs = text_of(&context, clip);
        println!("{} {format:?}: {ours}", clip.file);
        assert!(!ours.is_empty(), "{}", clip.file);
        assert_eq!(ours, theirs, "{} {format:?}", clip.file);
    }
}

fn write(model: &Path, format: Format, path: &Path) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let checkpoint = Checkpoint::open(model).unwrap();
    checkpoint.write_ggml(&mut file, format).unwrap();
}

#[test]
fn the_bundled_model_as_we_write_it_writes_the_same_in_whisper_cpp() {
    let clips = clips(&data().join("clips.tsv"));
    // Not f32: whisper.cpp 1.8 loads such a file and ends at its first convolution.
    for format in [Format::F16, Format::Q8_0, Format::Q5_0, Format::Q5_1] {
        check(&nano(), format, &clips);
    }
}

#[test]
fn base_as_we_write_it_writes_the_same_in_whisper_cpp() {
    let Some(shared) = shared(1) else {
        return;
    };
    let clip = |(file, language)| Clip {
        file: String::from(file),
        language: Language::parse(language).unwrap(),
        text: String::new(),
        audio: wav(&shared.join("audio").join(file)),
    };
    let clips = [
        ("de-wie-spaet-ist-es.wav", "de"),
        ("en-what-time-is-it.wav", "en"),
    ]
    .map(clip);
    check(&shared.join("models/whisper-base"), Format::F16, &clips);
}

/// The layout of large-v3: sizes and special tokens as whisper.cpp derives them.
#[test]
fn whisper_cpp_finds_large_v3s_layout_in_a_file_of_ours() {
    let dir = tempfile::tempdir().unwrap();
    random::write(dir.path(), &random::RANDOM_128);
    let path = dir.path().join("ggml-random.bin");
    write(dir.path(), Format::F16, &path);
    let context = whisper_cpp(&path);
    let model = Model::load(&path).unwrap();
    let special = model.vocabulary().special();
    assert_eq!(context.model_n_mels(), 128);
    assert_eq!(context.n_vocab(), 51_866);
    let theirs = [
        context.token_eot(),
        context.token_sot(),
        context.token_translate(),
        context.token_transcribe(),
        context.token_nosp(),
        context.token_not(),
        context.token_beg(),
    ];
    let ours = [
        special.eot,
        special.sot,
        special.translate,
        special.transcribe,
        special.no_speech,
        special.no_timestamps,
        special.timestamp_begin,
    ];
    assert_eq!(theirs.map(|token| token as u32), ours);
    for token in [0, 440, 2065, 50_256] {
        let bytes = context.token_to_bytes(token).unwrap();
        assert_eq!(bytes, model.vocabulary().bytes(token as u32), "{token}");
    }
}
