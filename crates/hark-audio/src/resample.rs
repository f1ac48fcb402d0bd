//! Any rate to 16 kHz, without a seam where one piece of input meets the next.

use hark_core::audio::SAMPLE_RATE_HZ;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Async, FixedAsync, Indexing, SincInterpolationParameters, WindowFunction};

/// Taps of the low-pass at the lower of both rates: 8 ms at 16 kHz, so a transition band
/// of about 500 Hz whatever the input's rate (Blackman-Harris, squared).
const TAPS: usize = 128;
const RATE: usize = SAMPLE_RATE_HZ as usize;

/// Resamples mono audio to 16 kHz.
///
/// The output depends on the input alone, not on how it was cut into pieces: the filter
/// always runs over blocks that begin at whole multiples of 10 ms of the input. It is
/// aligned in time with the input and has `⌈n · 16000 / rate⌉` samples for `n`.
pub struct Resampler {
    rate_hz: u32,
    filter: Option<Filter>,
    consumed: u64,
    produced: u64,
}

struct Filter {
    inner: Async<f32>,
    pending: Vec<f32>,
    block: usize,
    output: Vec<f32>,
    /// Samples of the filter's own delay that are still to be dropped.
    delay: usize,
}

impl Resampler {
    /// Resamples from `rate_hz`, which is 1 to 192,000.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz,
            filter: (rate_hz != SAMPLE_RATE_HZ).then(|| Filter::new(rate_hz)),
            consumed: 0,
            produced: 0,
        }
    }

    /// Takes more input and appends what can be said of the output to `out`.
    pub fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        let before = out.len();
        self.consumed += input.len() as u64;
        match &mut self.filter {
            None => out.extend_from_slice(input),
            Some(filter) => filter.push(input, out),
        }
        self.produced += (out.len() - before) as u64;
    }

    /// The input is over: appends the rest of the output to `out`.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let expected =
            (self.consumed * u64::from(SAMPLE_RATE_HZ)).div_ceil(u64::from(self.rate_hz));
        let Some(filter) = &mut self.filter else {
            return;
        };
        let missing = usize::try_from(expected.saturating_sub(self.produced)).unwrap_or(usize::MAX);
        filter.drain(missing, out);
        // The last block may have given a few samples of its silent tail.
        let excess = usize::try_from(self.produced.saturating_sub(expected)).unwrap_or(0);
        out.truncate(out.len().saturating_sub(excess));
    }
}

impl Filter {
    fn new(rate_hz: u32) -> Self {
        let ratio = f64::from(SAMPLE_RATE_HZ) / f64::from(rate_hz);
        let block = (rate_hz as usize / 100).max(1);
        // rubato works with multiples of eight.
        let taps = (TAPS * (rate_hz as usize).max(RATE) / RATE).next_multiple_of(8);
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::BlackmanHarris2);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, block, 1, FixedAsync::Input)
            .expect("ratio, block and channel count are positive");
        let output = vec![0.0; rubato::Resampler::output_frames_max(&inner)];
        Self {
            delay: delay(taps, ratio),
            inner,
            pending: Vec::with_capacity(2 * block),
            block,
            output,
        }
    }

    fn push(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.pending.extend_from_slice(input);
        let whole = self.pending.len() / self.block * self.block;
        for start in (0..whole).step_by(self.block) {
            self.run(start, None, out);
        }
        self.pending.drain(..whole);
    }

    /// Appends exactly `missing` more samples: what is pending, then silence.
    fn drain(&mut self, missing: usize, out: &mut Vec<f32>) {
        let end = out.len() + missing;
        let mut partial = self.pending.len();
        self.pending.resize(self.block, 0.0);
        while out.len() < end {
            self.run(0, Some(partial), out);
            partial = 0;
        }
        out.truncate(end);
    }

    fn run(&mut self, start: usize, partial: Option<usize>, out: &mut Vec<f32>) {
        let input = &self.pending[start..start + self.block];
        let input = InterleavedSlice::new(input, 1, self.block).expect("one block of one channel");
        let frames = self.output.len();
        let mut output =
            InterleavedSlice::new_mut(&mut self.output, 1, frames).expect("one channel");
        let mut indexing = Indexing::new();
        indexing.partial_len = partial;
        let (_, written) = rubato::Resampler::process_into_buffer(
            &mut self.inner,
            &input,
            &mut output,
            Some(&indexing),
        )
        .expect("the buffers have the sizes that the filter asked for");
        let skip = self.delay.min(written);
        self.delay -= skip;
        let samples = &self.output[skip..written];
        out.extend(samples.iter().map(|s| s.clamp(-1.0, 1.0)));
    }
}

/// How many samples the filter's output comes late. rubato's own figure is rounded down
/// and one sample too high: its first output already is a step into the input.
fn delay(taps: usize, ratio: f64) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive number"
    )]
    let delay = (taps as f64 / 2.0 * ratio - 1.0).round() as usize;
    delay
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(rate: u32, input: &[f32]) -> Vec<f32> {
        pieces(rate, input, &[])
    }

    fn pieces(rate: u32, input: &[f32], cuts: &[usize]) -> Vec<f32> {
        let mut resampler = Resampler::new(rate);
        let mut out = Vec::new();
        let mut rest = input;
        for cut in cuts {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            resampler.push(piece, &mut out);
            rest = after;
        }
        resampler.push(rest, &mut out);
        resampler.finish(&mut out);
        out
    }

    fn tone(rate: u32, hz: f32, seconds: f32) -> Vec<f32> {
        let step = std::f64::consts::TAU * f64::from(hz) / f64::from(rate);
        (0..(rate as f32 * seconds) as usize)
            .map(|i| 0.5 * (i as f64 * step).sin() as f32)
            .collect()
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn the_length_is_right_at_every_rate() {
        for rate in [
            8_000, 11_025, 16_000, 22_050, 44_100, 44_101, 48_000, 96_000,
        ] {
            for len in [1, 7, 159, 160, 161, 4_410, 50_000] {
                let expect = (len as u64 * 16_000).div_ceil(u64::from(rate));
                let out = whole(rate, &vec![0.1; len]);
                assert_eq!(out.len() as u64, expect, "{len} samples at {rate} Hz");
            }
        }
    }

    #[test]
    fn a_tone_keeps_its_place_and_loudness() {
        for rate in [8_000, 22_050, 44_100, 48_000, 96_000] {
            let out = whole(rate, &tone(rate, 440.0, 1.0));
            let expect = tone(16_000, 440.0, 1.0);
            let off: Vec<f32> = out[800..15_000]
                .iter()
                .zip(&expect[800..15_000])
                .map(|(a, b)| a - b)
                .collect();
            let error_db = 20.0 * (rms(&off) / rms(&expect)).log10();
            assert!(error_db < -30.0, "{rate} Hz: {error_db} dB");
        }
    }

    #[test]
    fn what_16_khz_can_not_hold_is_gone() {
        for (rate, hz) in [(48_000, 10_000.0), (44_100, 12_000.0), (96_000, 20_000.0)] {
            let out = whole(rate, &tone(rate, hz, 1.0));
            let level_db = 20.0 * (rms(&out[800..15_000]) / 0.353).log10();
            assert!(level_db < -100.0, "{hz} Hz at {rate} Hz: {level_db} dB");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn where_the_input_is_cut_makes_no_difference(
            rate in prop::sample::select(vec![8_000_u32, 11_025, 16_000, 24_000, 44_100, 48_000]),
            cuts in prop::collection::vec(0_usize..3_000, 0..12),
            len in 0_usize..12_000,
        ) {
            let input = &tone(rate, 700.0, 2.0)[..len];
            prop_assert_eq!(pieces(rate, input, &cuts), whole(rate, input));
        }
    }
}
