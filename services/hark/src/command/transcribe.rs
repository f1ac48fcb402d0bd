//! `hark transcribe`: recordings to words, in this process.

use std::path::Path;

use hark_core::audio::Pcm;
use hark_core::engine::{Cancel, Engine, Job, Transcription};
use serde::Serialize;

use super::say::read;
use crate::cli;
use crate::exit::Verdict;
use crate::show::json::ms;
use crate::show::progress::Progress;
use crate::show::{self, style, time};

/// Transcribes each file; 2 where one has no words.
///
/// # Errors
/// If the model can't be loaded, or a file is no recording.
pub fn run(args: &cli::Transcribe) -> anyhow::Result<Verdict> {
    let clips: Vec<_> = args.files.iter().map(read).collect::<Result<_, _>>()?;
    let progress = Progress::start("loading the model");
    let mut engine = engine(args)?;
    engine.prepare()?;
    let mut verdict = Verdict::Done;
    for (file, audio) in args.files.iter().zip(clips) {
        progress.say(format!("listening to {}", file.display()));
        let heard = engine.transcribe(
            &Job {
                audio: audio.clone(),
                languages: args.lang.iter().cloned().collect(),
            },
            &Cancel::default(),
        )?;
        if heard.text.is_empty() {
            verdict = verdict.max(Verdict::NotUnderstood);
        }
        print(args.json, file, &audio, &heard, engine.as_ref())?;
    }
    Ok(verdict)
}

fn engine(args: &cli::Transcribe) -> anyhow::Result<Box<dyn Engine>> {
    let mut config = hark_inference::Config {
        engine: args.engine.into(),
        ..hark_inference::Config::default()
    };
    if let Some(model) = &args.model {
        config.model.clone_from(model);
    }
    config.context = args.context.unwrap_or_default().into();
    Ok(hark_inference::engine(&config)?)
}

fn print(
    as_json: bool,
    file: &Path,
    audio: &Pcm,
    heard: &Transcription,
    engine: &dyn Engine,
) -> anyhow::Result<()> {
    if as_json {
        return show::json_line(&Transcript::new(file, audio, heard, engine));
    }
    let text = match heard.text.is_empty() {
        true => "(no words)",
        false => &heard.text,
    };
    let (encode, decode) = (heard.timings.encode, heard.timings.decode);
    let dim = style::DIM;
    show::lines(&format!(
        "{text}\n  {dim}{}, {}, encode {}, decode {}{dim:#}",
        file.display(),
        heard.language,
        time::ms(encode),
        time::ms(decode),
    ))
}

#[derive(Debug, Serialize)]
struct Transcript {
    file: String,
    duration_ms: f64,
    transcript: String,
    language: String,
    avg_logprob: f32,
    no_speech_probability: f32,
    model: String,
    engine: &'static str,
    timings_ms: TimingsJson,
}

#[derive(Debug, Serialize)]
struct TimingsJson {
    encode: f64,
    decode: f64,
}

impl Transcript {
    fn new(file: &Path, audio: &Pcm, heard: &Transcription, engine: &dyn Engine) -> Self {
        let description = engine.describe();
        Self {
            file: file.display().to_string(),
            duration_ms: ms(audio.duration()),
            transcript: heard.text.clone(),
            language: heard.language.to_string(),
            avg_logprob: heard.avg_logprob,
            no_speech_probability: heard.no_speech_probability,
            model: description.model,
            engine: description.engine,
            timings_ms: TimingsJson {
                encode: ms(heard.timings.encode),
                decode: ms(heard.timings.decode),
            },
        }
    }
}
