//! Clips and tables that several tests read.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod ctranslate2;
pub mod hugging_face;
pub mod random;
pub mod reference;

use std::path::{Path, PathBuf};

use hark_core::Language;
use hark_core::audio::Pcm;

/// A clip and what is said in it.
pub struct Clip {
    pub file: String,
    pub language: Language,
    pub text: String,
    pub audio: Pcm,
}

/// The crate's own test data.
pub fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// The bundled model.
pub fn nano() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/hark-nano")
}

/// The shared test data; none if it is not there and need not be, which is said of so
/// many tests.
pub fn shared(tests: usize) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = match std::env::var_os("HARK_SHARED") {
        // Tests run in the crate's directory, people name paths from the workspace's.
        Some(path) => root.join(path),
        None => root.join("../shared"),
    };
    if shared.join("models/whisper-base").is_dir() {
        return Some(shared);
    }
    let required = std::env::var_os("HARK_REQUIRE_SHARED").is_some_and(|v| v == "1");
    let place = shared.display();
    assert!(
        !required,
        "HARK_REQUIRE_SHARED is set and {place} has no models/whisper-base"
    );
    println!("not run: {tests} (no shared test data in {place}; set HARK_SHARED)");
    None
}

/// The clips of a table that begins with file, language and text; they lie beside it.
pub fn clips(table: &Path) -> Vec<Clip> {
    rows(table)
        .into_iter()
        .map(|row| Clip {
            audio: wav(&table.with_file_name(&row[0])),
            file: row[0].clone(),
            language: Language::parse(&row[1]).unwrap(),
            text: row[2].clone(),
        })
        .collect()
}

/// The rows of a table of tab-separated values, less its header.
pub fn rows(table: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(table).unwrap();
    text.lines()
        .skip(1)
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect()
}

/// A WAV file of 16 kHz mono 16-bit samples.
pub fn wav(path: &Path) -> Pcm {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    assert_eq!(
        (spec.sample_rate, spec.channels, spec.bits_per_sample),
        (16_000, 1, 16)
    );
    Pcm::from_i16(reader.samples::<i16>().map(Result::unwrap))
}
