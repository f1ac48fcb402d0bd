//! Clips that tests listen to: those of the candle engine's tests.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::{Path, PathBuf};

use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::Job;

/// A clip and what is said in it.
pub struct Clip {
    pub file: String,
    pub language: Language,
    pub text: String,
    pub audio: Pcm,
}

/// The bundled model.
pub fn nano() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano")
}

/// The clips.
pub fn clips() -> Vec<Clip> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hark-whisper/tests/data");
    let table = std::fs::read_to_string(folder.join("clips.tsv")).unwrap();
    let clip = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        let mut cell = || cells.next().unwrap();
        let (file, language, text) = (cell(), cell(), cell());
        Clip {
            audio: wav(&folder.join(&file)),
            language: Language::parse(&language).unwrap(),
            file,
            text,
        }
    };
    table.lines().skip(1).map(clip).collect()
}

/// What is asked of an engine about a clip.
pub fn job(clip: &Clip) -> Job {
    Job {
        audio: clip.audio.clone(),
        languages: vec![clip.language.clone()],
    }
}

/// A WAV file of 16 kHz mono 16-bit samples.
pub fn wav(path: &Path) -> Pcm {
    let mut reader = hound::WavReader::open(path).unwrap();
    Pcm::from_i16(reader.samples::<i16>().map(Result::unwrap))
}
