//! Log-mel spectrograms as Whisper was trained on (`log_mel_spectrogram` in
//! openai-whisper's `audio.py`): 400-point periodic Hann window, hop of 160, centred
//! with reflected edges, Slaney mel bins, log10 clamped to 8 below the loudest.

use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};

/// Samples in a window: 25 ms.
pub const WINDOW: usize = 400;
/// Samples from one frame to the next: 10 ms.
pub const HOP: usize = 160;
/// Frequency bins of a window.
pub const FREQUENCIES: usize = WINDOW / 2 + 1;

/// What silence gives, before scaling: log10 of the floor of 1e-10.
const FLOOR: f32 = -10.0;

/// A log-mel spectrogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Mel {
    /// Frames of 10 ms.
    pub frames: usize,
    /// Mel bins.
    pub bins: usize,
    /// `frames` × `bins` values, frame by frame; about −1 to 1.5.
    pub values: Vec<f32>,
}

/// Makes spectrograms with one set of mel filters.
pub struct LogMel {
    filters: Vec<Filter>,
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
}

/// One mel bin: its weights from its first frequency on.
struct Filter {
    first: usize,
    weights: Vec<f32>,
}

impl LogMel {
    /// With filters as model files hold them: `bins` × [`FREQUENCIES`] values.
    ///
    /// # Panics
    /// If there are not that many values.
    pub fn new(bins: usize, filters: &[f32]) -> Self {
        assert_eq!(filters.len(), bins * FREQUENCIES, "bins × frequencies");
        Self {
            filters: filters.chunks_exact(FREQUENCIES).map(Filter::new).collect(),
            window: hann(),
            fft: RealFftPlanner::new().plan_fft_forward(WINDOW),
        }
    }

    /// The spectrogram of 16 kHz mono samples, cut or filled up with silence to so
    /// many frames of 10 ms.
    pub fn compute(&self, samples: &[f32], frames: usize) -> Mel {
        let bins = self.filters.len();
        let samples = &samples[..samples.len().min(frames * HOP)];
        // Windows beyond the samples' end hear nothing but zeros.
        let heard = frames.min(samples.len().div_ceil(HOP) + WINDOW.div_ceil(HOP));
        let mut values = vec![FLOOR; frames * bins];
        let mut input = self.fft.make_input_vec();
        let mut spectrum = self.fft.make_output_vec();
        let mut scratch = self.fft.make_scratch_vec();
        let mut power = [0.0; FREQUENCIES];
        for (frame, row) in values.chunks_exact_mut(bins).take(heard).enumerate() {
            self.fill(samples, frames * HOP, frame, &mut input);
            self.fft
                .process_with_scratch(&mut input, &mut spectrum, &mut scratch)
                .expect("the buffers were made by this transform");
            for (power, value) in power.iter_mut().zip(&spectrum) {
                *power = value.norm_sqr();
            }
            for (value, filter) in row.iter_mut().zip(&self.filters) {
                *value = filter.apply(&power).max(1e-10).log10();
            }
        }
        normalise(&mut values);
        Mel {
            frames,
            bins,
            values,
        }
    }

    /// Writes the windowed samples around a frame; the edges are reflected.
    fn fill(&self, samples: &[f32], length: usize, frame: usize, input: &mut [f32]) {
        let start = (frame * HOP) as isize - (WINDOW / 2) as isize;
        for (i, (value, weight)) in input.iter_mut().zip(&self.window).enumerate() {
            let at = reflect(start + i as isize, length);
            *value = samples.get(at).map_or(0.0, |sample| sample * weight);
        }
    }
}

impl std::fmt::Debug for LogMel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogMel")
            .field("bins", &self.filters.len())
            .finish_non_exhaustive()
    }
}

impl Filter {
    fn new(weights: &[f32]) -> Self {
        let first = weights.iter().position(|&w| w != 0.0).unwrap_or(0);
        let last = weights.iter().rposition(|&w| w != 0.0).unwrap_or(0);
        Self {
            first,
            weights: weights[first..=last].to_vec(),
        }
    }

    fn apply(&self, power: &[f32; FREQUENCIES]) -> f32 {
        let power = &power[self.first..];
        self.weights.iter().zip(power).map(|(w, p)| w * p).sum()
    }
}

/// Slaney's mel filters for 16 kHz, area-normalised, `bins` × [`FREQUENCIES`] values
/// (`librosa.filters.mel(sr=16000, n_fft=400, n_mels=bins)`).
pub fn slaney_filters(bins: usize) -> Vec<f32> {
    let top = hz_to_mel(8_000.0);
    let edges: Vec<f64> = (0..bins + 2)
        .map(|i| mel_to_hz(top * i as f64 / (bins + 1) as f64))
        .collect();
    let mut filters = Vec::with_capacity(bins * FREQUENCIES);
    for edge in edges.windows(3) {
        let (low, centre, high) = (edge[0], edge[1], edge[2]);
        for bin in 0..FREQUENCIES {
            let hz = bin as f64 * 40.0;
            let rise = (hz - low) / (centre - low);
            let fall = (high - hz) / (high - centre);
            let weight = rise.min(fall).max(0.0) * 2.0 / (high - low);
            filters.push(weight as f32);
        }
    }
    filters
}

fn hann() -> Vec<f32> {
    let step = 2.0 * std::f64::consts::PI / WINDOW as f64;
    (0..WINDOW)
        .map(|i| (0.5 - 0.5 * (step * i as f64).cos()) as f32)
        .collect()
}

/// Mirrors an index at both ends, without repeating the end itself. Where there is
/// less than half a window to mirror, it stops at the end.
fn reflect(at: isize, length: usize) -> usize {
    let last = length as isize - 1;
    let at = if at > last { 2 * last - at } else { at };
    at.unsigned_abs().min(length.saturating_sub(1))
}

/// Clamps to 8 below the loudest and scales to about −1 to 1.
fn normalise(values: &mut [f32]) {
    let loudest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in values {
        *value = (value.max(loudest - 8.0) + 4.0) / 4.0;
    }
}

/// Slaney's scale: linear below 1 kHz, logarithmic above.
fn hz_to_mel(hz: f64) -> f64 {
    if hz < 1000.0 {
        hz * 3.0 / 200.0
    } else {
        15.0 + (hz / 1000.0).ln() / (6.4_f64.ln() / 27.0)
    }
}

fn mel_to_hz(mel: f64) -> f64 {
    if mel < 15.0 {
        mel * 200.0 / 3.0
    } else {
        1000.0 * ((mel - 15.0) * 6.4_f64.ln() / 27.0).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log_mel() -> LogMel {
        LogMel::new(80, &slaney_filters(80))
    }

    /// A second of something with energy everywhere, the same in any language.
    fn signal() -> Vec<f32> {
        (0..16_000_u32)
            .map(|i| {
                let saw = f64::from((i * 7919) % 2000) / 1000.0 - 1.0;
                (saw * 0.5 * (f64::from(i) * 0.05).sin()) as f32
            })
            .collect()
    }

    #[test]
    fn values_are_those_of_openai_whisper() {
        let mel = log_mel().compute(&signal(), 3000);
        // `whisper.log_mel_spectrogram(whisper.pad_or_trim(signal))`, 20250625.
        for (frame, bin, expect) in [
            (0, 0, 0.397_60),
            (0, 79, 0.579_09),
            (1, 10, 0.133_06),
            (50, 40, 0.533_38),
            (99, 79, 0.611_93),
            (100, 0, 0.749_35),
            (100, 10, 0.870_57),
            (2999, 40, -0.790_03),
        ] {
            let got: f32 = mel.values[frame * mel.bins + bin];
            assert!((got - expect).abs() < 2e-4, "{frame}, {bin}: {got}");
        }
    }

    #[test]
    fn reflection_mirrors_without_repeating_the_edge() {
        for (at, expect) in [(-2, 2), (-1, 1), (0, 0), (9, 9), (10, 8), (11, 7)] {
            assert_eq!(reflect(at, 10), expect, "{at}");
        }
    }

    #[test]
    fn slaney_filters_have_equal_areas_and_cover_the_band() {
        for bins in [80, 128] {
            let filters = slaney_filters(bins);
            assert_eq!(filters.len(), bins * FREQUENCIES);
            assert!(filters.iter().all(|w| (0.0..0.1).contains(w)));
            for filter in filters.chunks_exact(FREQUENCIES) {
                assert!(filter.iter().any(|&w| w > 0.0));
            }
        }
        // The first two values of openai-whisper's mel_filters.npz that are not zero.
        let filters = slaney_filters(80);
        assert!((filters[1] - 0.024_862_6).abs() < 1e-6);
        assert!((filters[FREQUENCIES + 1] - 0.001_990_8).abs() < 1e-6);
    }

    #[test]
    fn silence_is_flat() {
        let mel = log_mel().compute(&[0.0; 1600], 100);
        assert!(mel.values.iter().all(|&v| v == -1.5));
    }

    proptest! {
        #[test]
        fn any_length_gives_the_frames_asked_for(
            samples in prop::collection::vec(-1.0_f32..1.0, 0..4000),
            frames in 1_usize..40,
        ) {
            let mel = log_mel().compute(&samples, frames);
            prop_assert_eq!(mel.values.len(), frames * 80);
            prop_assert!(mel.values.iter().all(|v| v.is_finite()));
        }
    }
}
