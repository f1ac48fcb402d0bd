//! The one form in which audio moves through Hark: 16 kHz mono samples.

use std::sync::Arc;
use std::time::Duration;

/// Samples a second of [`Pcm`].
pub const SAMPLE_RATE_HZ: u32 = 16_000;

/// The longest utterance: what Whisper takes in one window.
pub const MAX_UTTERANCE: Duration = Duration::from_secs(30);

/// 16 kHz mono samples, full scale ±1.0. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Pcm(Arc<[f32]>);

impl Pcm {
    /// Takes samples that already are 16 kHz mono.
    pub fn new(samples: impl Into<Arc<[f32]>>) -> Self {
        Self(samples.into())
    }

    /// From 16-bit samples.
    pub fn from_i16(samples: impl IntoIterator<Item = i16>) -> Self {
        Self(
            samples
                .into_iter()
                .map(|s| f32::from(s) / 32_768.0)
                .collect(),
        )
    }

    /// As 16-bit samples, rounded and clipped.
    pub fn to_i16(&self) -> impl Iterator<Item = i16> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "`as` clips, which is what is wanted"
        )]
        self.0.iter().map(|s| (s * 32_768.0).round() as i16)
    }

    /// The samples.
    pub fn samples(&self) -> &[f32] {
        &self.0
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        samples_to_duration(self.0.len() as u64)
    }
}

/// How long so many samples at [`SAMPLE_RATE_HZ`] last.
pub fn samples_to_duration(samples: u64) -> Duration {
    Duration::from_nanos(samples.saturating_mul(1_000_000_000 / u64::from(SAMPLE_RATE_HZ)))
}

/// How many samples at [`SAMPLE_RATE_HZ`] make up a duration, rounded down.
pub fn duration_to_samples(duration: Duration) -> u64 {
    let samples = duration.as_nanos() * u128::from(SAMPLE_RATE_HZ) / 1_000_000_000;
    u64::try_from(samples).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bit_samples_survive_the_round_trip() {
        let samples = [0_i16, 1, -1, i16::MAX, i16::MIN, 12_345];
        let pcm = Pcm::from_i16(samples);
        assert_eq!(pcm.to_i16().collect::<Vec<_>>(), samples);
    }

    #[test]
    fn samples_and_durations_agree() {
        assert_eq!(samples_to_duration(16_000), Duration::from_secs(1));
        assert_eq!(duration_to_samples(Duration::from_millis(20)), 320);
    }
}
