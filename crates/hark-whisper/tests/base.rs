//! OpenAI's base on natural speech, held against what openai-whisper makes of it.
//!
//! The clips and weights are shared test data outside the tree, found by `HARK_SHARED`
//! (else `../shared` beside the project). Without them the test says that it did not
//! run; with `HARK_REQUIRE_SHARED=1` that is a failure.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use common::{data, reference, rows, shared, wav};
use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{Cancel, Engine, Job, Transcription};
use hark_whisper::{CandleEngine, Context, Model, Settings, SilenceTail, decoding};

/// What openai-whisper made of a clip: `tests/reference/texts.py`.
struct Reference {
    file: String,
    language: Language,
    no_speech_probability: f32,
    avg_logprob: f32,
    tokens: Vec<u32>,
    /// The best logit less the second best, for each token and for the end of text.
    gaps: Vec<f32>,
    text: String,
}

fn references() -> Vec<Reference> {
    let numbers = |text: &str| -> Vec<f32> {
        text.split_whitespace()
            .map(|n| n.parse().unwrap())
            .collect()
    };
    rows(&data().join("reference-base.tsv"))
        .into_iter()
        .map(|row| Reference {
            file: row[0].clone(),
            language: Language::parse(&row[1]).unwrap(),
            no_speech_probability: row[2].parse().unwrap(),
            avg_logprob: row[3].parse().unwrap(),
            tokens: numbers(&row[4]).iter().map(|&n| n as u32).collect(),
            gaps: numbers(&row[5]),
            text: row[6].clone(),
        })
        .collect()
}

/// OpenAI's base, loaded once, for so many tests that need it; none if it is not there.
fn base(tests: usize) -> Option<(PathBuf, Model)> {
    static BASE: OnceLock<Model> = OnceLock::new();
    let shared = shared(tests)?;
    let load = || Model::load(&shared.join("models/whisper-base")).unwrap();
    let model = BASE.get_or_init(load).clone();
    Some((shared, model))
}

/// Compares what was heard with the reference; says where they part if they may.
fn compare(heard: &Transcription, reference: &Reference) -> Option<String> {
    let file = &reference.file;
    let tokens: Vec<u32> = heard.tokens.iter().map(|t| t.id).collect();
    let no_speech = heard.no_speech_probability - reference.no_speech_probability;
    assert!(no_speech.abs() < 2e-3, "{file}: no speech {no_speech:+}");
    if tokens == reference.tokens {
        // We also rule out languages and timestamps, so that what is left is likelier.
        let avg_logprob = heard.avg_logprob - reference.avg_logprob;
        assert!(
            (-5e-3..5e-2).contains(&avg_logprob),
            "{file}: avg_logprob {avg_logprob:+}"
        );
        assert_eq!(heard.text, reference.text, "{file}");
        return None;
    }
    let same = tokens.iter().zip(&reference.tokens);
    let at = same.take_while(|(a, b)| a == b).count();
    let gap = reference.gaps[at];
    assert!(
        gap < reference::UNDECIDED,
        "{file}: token {at} differs where openai-whisper was sure by {gap}:\n  {}\n  {}",
        heard.text,
        reference.text
    );
    Some(format!("{file}: token {at} differs, gap {gap}"))
}

#[test]
fn base_writes_what_openai_whisper_writes() {
    let references = references();
    let Some((shared, model)) = base(references.len()) else {
        return;
    };
    let mut engine = CandleEngine::new(model, Settings::default());
    let mut differences = Vec::new();
    for reference in &references {
        let job = Job {
            audio: wav(&shared.join("audio").join(&reference.file)),
            languages: vec![reference.language.clone()],
        };
        let heard = engine.transcribe(&job, &Cancel::default()).unwrap();
        differences.extend(compare(&heard, reference));
        let timings = heard.timings;
        println!(
            "{} {:?} {:?}",
            reference.file, timings.encode, timings.decode
        );
    }
    println!(
        "{} clips, {} of them differ where openai-whisper was undecided",
        references.len(),
        differences.len()
    );
    for difference in differences {
        println!("{difference}");
    }
}

/// What is said in each clip; nothing where nobody wrote it down.
fn said(shared: &Path) -> HashMap<String, String> {
    let rows = rows(&shared.join("audio/manifest.tsv")).into_iter();
    rows.map(|row| (row[0].clone(), row[2].clone())).collect()
}

/// A sentence as `audio/README.md` compares it: lower-case letters and digits, numbers as
/// figures, percent as a word.
fn squeezed(text: &str) -> String {
    let text = text.to_lowercase().replace('%', " percent ");
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .map(|word| match word {
            "prozent" => "percent",
            "eins" | "one" => "1",
            "zwei" | "two" => "2",
            "drei" | "three" => "3",
            "vier" | "four" => "4",
            "fünf" | "five" => "5",
            "zehn" | "ten" => "10",
            "dreißig" | "thirty" => "30",
            "fünfzig" | "fifty" => "50",
            other => other,
        });
    words.collect()
}

/// What a model writes without trying again over 30 s. It has to end of itself: neither by
/// repeating itself nor by running into the cap.
fn first_attempt(model: &Model, samples: &[f32], language: &Language, file: &str) -> String {
    let began = Instant::now();
    let context = model.context_for(samples.len());
    let encoded = model.encode(&model.mel(samples, context), &Cancel::default());
    let (encoded, encoding) = (encoded.unwrap(), began.elapsed());
    let vocabulary = model.vocabulary();
    let options = decoding::Options {
        languages: vec![vocabulary.language_token(language).unwrap()],
        max_tokens: decoding::max_tokens(samples.len() as f64 / 16_000.0),
    };
    let mut inference = decoding::ModelInference {
        model,
        cache: model
            .begin(&encoded, decoding::room(options.max_tokens))
            .unwrap(),
    };
    let decoded = decoding::decode(&mut inference, vocabulary, &options, &Cancel::default());
    let decoded = decoded.unwrap();
    let text = vocabulary.text(decoded.tokens.iter().map(|c| c.token));
    println!(
        "{file} {context} {encoding:?} {:?}{text}",
        began.elapsed() - encoding
    );
    assert_eq!(decoded.end, decoding::End::Text, "{file}: {text}");
    text
}

#[test]
fn a_silence_tail_costs_no_sentence() {
    let references = references();
    let Some((shared, model)) = base(references.len()) else {
        return;
    };
    let said = said(&shared);
    let tail = Context::SilenceTail(SilenceTail::default());
    let model = model.with_context(tail).unwrap();
    model.prepare(&Cancel::default()).unwrap();
    let mut exact: BTreeMap<String, [usize; 2]> = BTreeMap::new();
    for reference in &references {
        let file = &reference.file;
        let audio = wav(&shared.join("audio").join(file));
        let text = first_attempt(&model, audio.samples(), &reference.language, file);
        let expect = &said[file];
        if expect.is_empty() {
            continue;
        }
        let counts = exact.entry(reference.language.to_string()).or_default();
        for (count, text) in counts.iter_mut().zip([&reference.text, &text]) {
            *count += usize::from(squeezed(text) == squeezed(expect));
        }
    }
    for (language, [full, tail]) in exact {
        println!("{language}: {full} exact with 1500 frames, {tail} with a silence tail");
        assert!(tail + 1 >= full, "{language}: {tail} of {full}");
    }
}

#[test]
fn base_computes_what_openai_whisper_computes() {
    let Some((shared, model)) = base(1) else {
        return;
    };
    assert_eq!(reference::check("base", &model, &shared.join("audio")), 0);
}

#[test]
fn base_tells_german_from_english() {
    let Some((shared, model)) = base(1) else {
        return;
    };
    assert_eq!(model.card().name, "whisper-base");
    let mut engine = CandleEngine::new(model, Settings::default());
    for (file, expect) in [
        ("de-wie-spaet-ist-es.wav", "de"),
        ("en-what-time-is-it.wav", "en"),
    ] {
        let job = Job {
            audio: wav(&shared.join("audio").join(file)),
            languages: vec![],
        };
        let heard = engine.transcribe(&job, &Cancel::default()).unwrap();
        assert_eq!(heard.language.as_str(), expect, "{file}: {}", heard.text);
    }
}

#[test]
fn faint_noise_is_no_speech_to_base() {
    let Some((_, model)) = base(1) else {
        return;
    };
    let vocabulary = model.vocabulary();
    // openai-whisper's list, of which these are the ends.
    let non_speech = vocabulary.non_speech();
    assert_eq!(non_speech.len(), 82);
    assert_eq!(non_speech[..4], [1, 2, 7, 8]);
    assert_eq!(non_speech[80..], [49_870, 50_254]);
    let mut engine = CandleEngine::new(model, Settings::default());
    let noise = (0..32_000_u32).map(|i| {
        let number = i
            .wrapping_mul(2_654_435_761)
            .rotate_left(13)
            .wrapping_mul(2_246_822_519);
        (number >> 16) as f32 / 65_536.0 * 2e-3 - 1e-3
    });
    let job = Job {
        audio: Pcm::new(noise.collect::<Vec<_>>()),
        languages: vec![Language::german()],
    };
    let heard = engine.transcribe(&job, &Cancel::default()).unwrap();
    assert!(heard.no_speech_probability > 0.3, "{heard:?}");
}
