//! How bare samples are laid out, and their way to mono.

use crate::Error;

/// The lowest rate that is read.
pub(crate) const MIN_RATE_HZ: u32 = 8_000;
/// The highest rate of bare samples.
pub(crate) const MAX_RATE_HZ: u32 = 48_000;
/// The most channels that are read.
pub(crate) const MAX_CHANNELS: u32 = 8;

/// How a bare sample is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Signed 16-bit little-endian.
    Linear16,
    /// 32-bit little-endian IEEE 754, full scale ±1.0.
    Float32,
}

impl Encoding {
    /// Bytes of one sample of one channel.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Linear16 => 2,
            Self::Float32 => 4,
        }
    }
}

/// A checked layout of bare samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    encoding: Encoding,
    rate_hz: u32,
    channels: u32,
}

impl Format {
    /// Checks a layout.
    ///
    /// # Errors
    /// [`Error::SampleRate`] outside 8 to 48 kHz, [`Error::Channels`] outside 1 to 8.
    pub fn new(encoding: Encoding, rate_hz: u32, channels: u32) -> Result<Self, Error> {
        check_rate(rate_hz, MAX_RATE_HZ)?;
        check_channels(channels)?;
        Ok(Self {
            encoding,
            rate_hz,
            channels,
        })
    }

    /// How a sample is encoded.
    pub fn encoding(self) -> Encoding {
        self.encoding
    }

    /// Samples a second of one channel.
    pub fn rate_hz(self) -> u32 {
        self.rate_hz
    }

    /// Bytes of one sample of all channels.
    pub fn frame_bytes(self) -> usize {
        self.encoding.bytes() * self.channels as usize
    }

    /// How many samples of one channel are in so many bytes.
    ///
    /// # Errors
    /// [`Error::PartialSample`] if it is no whole number.
    pub fn frames_in(self, bytes: usize) -> Result<usize, Error> {
        let frame_bytes = self.frame_bytes();
        if !bytes.is_multiple_of(frame_bytes) {
            return Err(Error::PartialSample { bytes, frame_bytes });
        }
        Ok(bytes / frame_bytes)
    }

    /// Decodes `data` and mixes it to mono, onto the end of `out`. `first` is the index
    /// of its first sample in the whole, for the error alone.
    pub(crate) fn decode(self, data: &[u8], first: u64, out: &mut Vec<f32>) -> Result<(), Error> {
        let frames = self.frames_in(data.len())?;
        let samples: Vec<f32> = match self.encoding {
            Encoding::Linear16 => {
                let (pairs, _) = data.as_chunks::<2>();
                pairs.iter().map(|b| from_i16(*b)).collect()
            }
            Encoding::Float32 => {
                let (quads, _) = data.as_chunks::<4>();
                quads.iter().map(|b| f32::from_le_bytes(*b)).collect()
            }
        };
        check_finite(&samples, first)?;
        out.reserve(frames);
        mix(&samples, self.channels as usize, out);
        Ok(())
    }
}

pub(crate) fn check_rate(hz: u32, max: u32) -> Result<(), Error> {
    if (MIN_RATE_HZ..=max).contains(&hz) {
        return Ok(());
    }
    let min = MIN_RATE_HZ;
    Err(Error::SampleRate { hz, min, max })
}

pub(crate) fn check_channels(channels: u32) -> Result<(), Error> {
    let max = MAX_CHANNELS;
    match channels {
        1..=MAX_CHANNELS => Ok(()),
        _ => Err(Error::Channels { channels, max }),
    }
}

pub(crate) fn check_finite(samples: &[f32], first: u64) -> Result<(), Error> {
    match samples.iter().position(|s| !s.is_finite()) {
        Some(at) => Err(Error::NotFinite {
            index: first + at as u64,
        }),
        None => Ok(()),
    }
}

/// The mean of the channels, clipped to full scale, onto the end of `out`.
pub(crate) fn mix(interleaved: &[f32], channels: usize, out: &mut Vec<f32>) {
    #[expect(clippy::cast_precision_loss, reason = "at most 8")]
    let scale = 1.0 / channels as f32;
    let mono = interleaved
        .chunks_exact(channels)
        .map(|frame| (frame.iter().sum::<f32>() * scale).clamp(-1.0, 1.0));
    out.extend(mono);
}

fn from_i16(bytes: [u8; 2]) -> f32 {
    f32::from(i16::from_le_bytes(bytes)) / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_checked() {
        for (rate, channels, ok) in [
            (16_000, 1, true),
            (8_000, 8, true),
            (48_000, 2, true),
            (44_100, 1, true),
            (7_999, 1, false),
            (48_001, 1, false),
            (16_000, 0, false),
            (16_000, 9, false),
        ] {
            let format = Format::new(Encoding::Linear16, rate, channels);
            assert_eq!(format.is_ok(), ok, "{rate} Hz, {channels} channels");
        }
    }

    #[test]
    fn channels_are_averaged_and_clipped() {
        let mut out = Vec::new();
        mix(&[0.5, -0.5, 1.0, 0.5, 3.0, 3.0], 2, &mut out);
        assert_eq!(out, [0.0, 0.75, 1.0]);
    }

    #[test]
    fn bytes_are_whole_samples_of_all_channels() {
        let stereo = Format::new(Encoding::Float32, 16_000, 2).unwrap();
        assert_eq!(stereo.frames_in(16), Ok(2));
        let error = Error::PartialSample {
            bytes: 15,
            frame_bytes: 8,
        };
        assert_eq!(stereo.frames_in(15), Err(error));
    }

    #[test]
    fn what_is_not_a_number_is_named() {
        let format = Format::new(Encoding::Float32, 16_000, 1).unwrap();
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let data: Vec<u8> = [0.0, bad].iter().flat_map(|s| s.to_le_bytes()).collect();
            let got = format.decode(&data, 100, &mut Vec::new());
            assert_eq!(got, Err(Error::NotFinite { index: 101 }));
        }
    }
}
