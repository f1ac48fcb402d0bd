//! Bare samples as they arrive, to 16 kHz mono.

use crate::resample::Resampler;
use crate::{Error, Format};

/// Decodes a stream of bare samples. Where the messages are cut makes no difference to
/// what comes out.
pub struct Stream {
    format: Format,
    resampler: Resampler,
    frames: u64,
    mono: Vec<f32>,
}

impl Stream {
    /// A stream of samples laid out like `format`.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            resampler: Resampler::new(format.rate_hz()),
            frames: 0,
            mono: Vec::new(),
        }
    }

    /// The layout of what is pushed.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Takes a message and appends what it makes known of the 16 kHz mono signal to
    /// `out`; that lags behind by at most 20 ms.
    ///
    /// # Errors
    /// [`Error::PartialSample`] or [`Error::NotFinite`]; nothing of the message is taken
    /// then.
    pub fn push(&mut self, data: &[u8], out: &mut Vec<f32>) -> Result<(), Error> {
        self.mono.clear();
        let per_frame = (self.format.frame_bytes() / self.format.encoding().bytes()) as u64;
        self.format
            .decode(data, self.frames * per_frame, &mut self.mono)?;
        self.frames += self.mono.len() as u64;
        self.resampler.push(&self.mono, out);
        Ok(())
    }

    /// The stream is over: appends the rest to `out`.
    pub fn finish(self, out: &mut Vec<f32>) {
        self.resampler.finish(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;
    use proptest::prelude::*;

    fn bytes(samples: &[i16]) -> Vec<u8> {
        samples.iter().flat_map(|s| s.to_le_bytes()).collect()
    }

    #[test]
    fn sixteen_khz_mono_passes_through() {
        let format = Format::new(Encoding::Linear16, 16_000, 1).unwrap();
        let mut stream = Stream::new(format);
        let mut out = Vec::new();
        stream
            .push(&bytes(&[0, 16_384, -32_768]), &mut out)
            .unwrap();
        stream.finish(&mut out);
        assert_eq!(out, [0.0, 0.5, -1.0]);
    }

    #[test]
    fn a_bad_message_is_refused_whole() {
        let format = Format::new(Encoding::Linear16, 16_000, 2).unwrap();
        let mut stream = Stream::new(format);
        let mut out = Vec::new();
        let error = stream.push(&[0; 6], &mut out).unwrap_err();
        assert!(matches!(error, Error::PartialSample { bytes: 6, .. }));
        assert!(out.is_empty());
    }

    #[test]
    fn the_sample_that_is_no_number_is_counted_through_the_stream() {
        let format = Format::new(Encoding::Float32, 48_000, 2).unwrap();
        let mut stream = Stream::new(format);
        let mut out = Vec::new();
        stream.push(&[0; 80], &mut out).unwrap();
        let mut bad = vec![0_u8; 16];
        bad[4..8].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(
            stream.push(&bad, &mut out),
            Err(Error::NotFinite { index: 21 })
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn how_messages_are_cut_makes_no_difference(
            samples in prop::collection::vec(any::<i16>(), 0..6_000),
            cuts in prop::collection::vec(0_usize..900, 0..10),
            rate in prop::sample::select(vec![8_000_u32, 16_000, 44_100, 48_000]),
            channels in 1_u32..=3,
        ) {
            let format = Format::new(Encoding::Linear16, rate, channels).unwrap();
            let frame = format.frame_bytes();
            let data = bytes(&samples);
            let data = &data[..data.len() / frame * frame];

            let mut expect = Vec::new();
            let mut stream = Stream::new(format);
            stream.push(data, &mut expect).unwrap();
            stream.finish(&mut expect);

            let mut got = Vec::new();
            let mut stream = Stream::new(format);
            let mut rest = data;
            for cut in cuts {
                let (head, tail) = rest.split_at((cut * frame).min(rest.len()));
                stream.push(head, &mut got).unwrap();
                rest = tail;
            }
            stream.push(rest, &mut got).unwrap();
            stream.finish(&mut got);
            prop_assert_eq!(got, expect);
        }
    }
}
