//! What can be wrong with audio that somebody sent.

use std::fmt;

/// A kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// RIFF WAVE.
    Wav,
    /// FLAC, in its own container.
    Flac,
    /// Opus, in Ogg.
    Opus,
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wav => "WAV",
            Self::Flac => "FLAC",
            Self::Opus => "Ogg Opus",
        })
    }
}

/// Why audio could not be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// It is not a kind of file that can be read.
    #[error(
        "this is neither a WAV, a FLAC nor an Ogg Opus file: it begins with {begins_with:?}; \
         send one of those, or name the raw encoding"
    )]
    NotAudio {
        /// Its first bytes, as far as they can be shown.
        begins_with: String,
    },
    /// It is a file of a kind that can't be read.
    #[error("this {0} file can't be read: {1}")]
    Unsupported(Container, String),
    /// It is a file that breaks its format's rules.
    #[error("this {0} file is damaged: {1}")]
    Malformed(Container, String),
    /// The file ends before it should; of a WAV file [`Error::Truncated`] says by how much.
    #[error("the {0} file is truncated: {1}")]
    CutOff(Container, String),
    /// The file ends before its audio does.
    #[error(
        "the WAV file is truncated: its header promises {promised} bytes of audio, but {present} are there"
    )]
    Truncated {
        /// Bytes that the header promises.
        promised: u64,
        /// Bytes that are there.
        present: u64,
    },
    /// There are no samples.
    #[error("the audio has no samples")]
    Empty,
    /// It lasts longer than an utterance may.
    #[error("the audio lasts {seconds:.1} s; an utterance is at most {max_seconds} s")]
    TooLong {
        /// How long it lasts.
        seconds: f64,
        /// How long it may last.
        max_seconds: u64,
    },
    /// It has more bytes than are read at all.
    #[error("the audio has {bytes} bytes; at most {max} are read")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// The sample rate is out of range.
    #[error("a sample rate of {hz} Hz; it must be {min} to {max} Hz")]
    SampleRate {
        /// What it is.
        hz: u32,
        /// The lowest.
        min: u32,
        /// The highest.
        max: u32,
    },
    /// The number of channels is out of range.
    #[error("{channels} channels; there must be 1 to {max}")]
    Channels {
        /// How many there are.
        channels: u32,
        /// How many there may be.
        max: u32,
    },
    /// The bytes do not make up whole samples of all channels.
    #[error(
        "{bytes} bytes of audio are not a whole number of samples: each is {frame_bytes} bytes (all channels together)"
    )]
    PartialSample {
        /// How many bytes there are.
        bytes: usize,
        /// How many a sample of all channels takes.
        frame_bytes: usize,
    },
    /// A sample is not a number.
    #[error("sample {index} of the audio is not a finite number")]
    NotFinite {
        /// Which, counting all channels from 0.
        index: u64,
    },
}
