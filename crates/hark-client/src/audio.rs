//! Audio as it goes out: pieces of any size become messages of 20 to 100 ms, each with
//! its sequence number and its place in the session.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use hark_core::audio::Pcm;
use tokio::time::Instant;

use crate::Error;

/// The shortest message, but for the last of a stream.
const SHORTEST: Duration = Duration::from_millis(20);
/// The longest message; also what a clip is cut into.
const LONGEST: Duration = Duration::from_millis(100);

/// How samples are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    encoding: Encoding,
    sample_rate_hz: u32,
    channels: u32,
}

/// The encodings of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Signed 16-bit little-endian.
    Linear16,
    /// 32-bit little-endian IEEE 754, full scale ±1.0.
    Float32,
}

impl Format {
    /// What Hark itself works with: 16-bit, 16 kHz, mono.
    pub const NATIVE: Self = Self {
        encoding: Encoding::Linear16,
        sample_rate_hz: hark_core::audio::SAMPLE_RATE_HZ,
        channels: 1,
    };

    /// Samples of 1 to 8 interleaved channels at 8,000 to 48,000 Hz.
    ///
    /// # Errors
    /// [`Error::Audio`] if a number is out of its range.
    pub fn new(encoding: Encoding, sample_rate_hz: u32, channels: u32) -> Result<Self, Error> {
        if !(8_000..=48_000).contains(&sample_rate_hz) {
            let message = format!("{sample_rate_hz} Hz is not within 8,000 to 48,000");
            return Err(Error::Audio(message));
        }
        if !(1..=8).contains(&channels) {
            let message = format!("{channels} channels are not within 1 to 8");
            return Err(Error::Audio(message));
        }
        Ok(Self {
            encoding,
            sample_rate_hz,
            channels,
        })
    }

    /// How samples are encoded.
    pub fn encoding(self) -> Encoding {
        self.encoding
    }

    /// Samples a second and channel.
    pub fn sample_rate_hz(self) -> u32 {
        self.sample_rate_hz
    }

    /// Interleaved channels.
    pub fn channels(self) -> u32 {
        self.channels
    }

    /// Bytes of one sample of every channel.
    pub fn frame_bytes(self) -> usize {
        let sample = match self.encoding {
            Encoding::Linear16 => 2,
            Encoding::Float32 => 4,
        };
        sample * self.channels as usize
    }

    /// Bytes that last so long, in whole frames.
    pub fn bytes_of(self, duration: Duration) -> usize {
        let frames = duration.as_millis() as usize * self.sample_rate_hz as usize / 1_000;
        frames * self.frame_bytes()
    }

    /// How long so many bytes last.
    pub fn duration_of(self, bytes: usize) -> Duration {
        let frames = (bytes / self.frame_bytes()) as u64;
        Duration::from_nanos(frames * 1_000_000_000 / u64::from(self.sample_rate_hz))
    }
}

/// How fast a clip is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pacing {
    /// As fast as the server takes it.
    Eager,
    /// As fast as it was spoken.
    RealTime,
}

/// A clip's samples as [`Format::NATIVE`] bytes.
pub fn native_bytes(pcm: &Pcm) -> Bytes {
    pcm.to_i16().flat_map(i16::to_le_bytes).collect()
}

/// A clip as a source for [`Client::listen`](crate::Client::listen).
pub fn clip(bytes: Bytes, format: Format, pacing: Pacing) -> impl Stream<Item = Bytes> + Send {
    let step = format.bytes_of(LONGEST);
    futures_util::stream::unfold((bytes, None), move |(mut rest, due)| async move {
        if rest.is_empty() {
            return None;
        }
        if let Some(due) = due {
            tokio::time::sleep_until(due).await;
        }
        let piece = rest.split_to(step.min(rest.len()));
        let next = match pacing {
            Pacing::Eager => None,
            Pacing::RealTime => {
                Some(due.unwrap_or_else(Instant::now) + format.duration_of(piece.len()))
            }
        };
        Some((piece, (rest, next)))
    })
}

/// One message's audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Counts messages of a stream from 0.
    pub sequence: u64,
    /// Its first sample's place in the session, in samples of one channel.
    pub offset_samples: u64,
    /// The samples.
    pub data: Bytes,
}

/// Cuts a stream of bytes into messages.
#[derive(Debug)]
pub struct Chunker {
    format: Format,
    pending: BytesMut,
    sequence: u64,
    offset_samples: u64,
}

impl Chunker {
    /// Begins at a sample of the session.
    pub fn new(format: Format, offset_samples: u64) -> Self {
        Self {
            format,
            pending: BytesMut::new(),
            sequence: 0,
            offset_samples,
        }
    }

    /// Takes more bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next message of at least 20 ms, if there is enough for one.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        if self.pending.len() < self.format.bytes_of(SHORTEST) {
            return None;
        }
        self.cut()
    }

    /// What is left, as one last message of whole frames; half a frame is dropped.
    pub fn finish(&mut self) -> Option<Chunk> {
        self.cut()
    }

    fn cut(&mut self) -> Option<Chunk> {
        let frame = self.format.frame_bytes();
        let most = self.format.bytes_of(LONGEST).min(self.pending.len());
        let whole = most - most % frame;
        if whole == 0 {
            return None;
        }
        let chunk = Chunk {
            sequence: self.sequence,
            offset_samples: self.offset_samples,
            data: self.pending.split_to(whole).freeze(),
        };
        self.sequence += 1;
        self.offset_samples += (whole / frame) as u64;
        Some(chunk)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_format_has_limits() {
        for (rate, channels, ok) in [
            (8_000, 1, true),
            (48_000, 8, true),
            (7_999, 1, false),
            (16_000, 0, false),
            (16_000, 9, false),
        ] {
            let format = Format::new(Encoding::Float32, rate, channels);
            assert_eq!(format.is_ok(), ok, "{rate} Hz, {channels} channels");
        }
    }

    #[test]
    fn bytes_and_durations_agree() {
        assert_eq!(Format::NATIVE.bytes_of(LONGEST), 3_200);
        assert_eq!(Format::NATIVE.duration_of(3_200), LONGEST);
    }

    #[tokio::test(start_paused = true)]
    async fn real_time_takes_as_long_as_it_was_spoken() {
        let clip = clip(vec![0; 32_000].into(), Format::NATIVE, Pacing::RealTime);
        let began = Instant::now();
        assert_eq!(clip.count().await, 10);
        assert_eq!(began.elapsed(), Duration::from_millis(900));
    }

    #[tokio::test(start_paused = true)]
    async fn eager_takes_no_time() {
        let clip = clip(vec![0; 32_001].into(), Format::NATIVE, Pacing::Eager);
        let began = Instant::now();
        assert_eq!(clip.count().await, 11);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    fn cut(format: Format, offset: u64, pieces: &[Vec<u8>]) -> Vec<Chunk> {
        let mut chunker = Chunker::new(format, offset);
        let mut chunks = Vec::new();
        for piece in pieces {
            chunker.push(piece);
            while let Some(chunk) = chunker.next_chunk() {
                chunks.push(chunk);
            }
        }
        while let Some(chunk) = chunker.finish() {
            chunks.push(chunk);
        }
        chunks
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_out_of_order(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5_000), 0..20),
            offset in 0..1_000_000_u64,
            channels in 1..=3_u32,
        ) {
            let format = Format::new(Encoding::Linear16, 16_000, channels).unwrap();
            let chunks = cut(format, offset, &pieces);
            let all: Vec<u8> = pieces.concat();
            let whole = all.len() - all.len() % format.frame_bytes();
            let sent: Vec<u8> = chunks.iter().flat_map(|c| c.data.clone()).collect();
            prop_assert_eq!(&sent[..], &all[..whole]);

            let mut expect = offset;
            for (i, chunk) in chunks.iter().enumerate() {
                prop_assert_eq!(chunk.sequence, i as u64);
                prop_assert_eq!(chunk.offset_samples, expect);
                expect += (chunk.data.len() / format.frame_bytes()) as u64;
                prop_assert!(chunk.data.len() <= format.bytes_of(LONGEST));
                let last = i + 1 == chunks.len();
                prop_assert!(last || chunk.data.len() >= format.bytes_of(SHORTEST));
            }
        }
    }
}
