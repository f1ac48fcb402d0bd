//! Clips and tables that several tests read.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(dead_code, reason = "not every test needs all of it")]

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
