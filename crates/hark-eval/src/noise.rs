//! Noise made by a rule, and mixing at a signal-to-noise ratio.

use std::str::FromStr;

use hark_core::audio::SAMPLE_RATE_HZ;

use crate::{Error, Random};

/// A noise that is made by a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// As much in every hertz.
    White,
    /// As much in every octave (Kellet's filter).
    Pink,
    /// Six decibels less in each octave.
    Brown,
    /// The mains: 50 Hz and its odd harmonics, in a little white noise.
    Hum,
}

impl Noise {
    /// Every noise.
    pub const ALL: [Self; 4] = [Self::White, Self::Pink, Self::Brown, Self::Hum];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Pink => "pink",
            Self::Brown => "brown",
            Self::Hum => "hum",
        }
    }

    /// So many samples at 16 kHz, with a mean square of 1.
    pub fn samples(self, count: usize, random: &mut Random) -> Vec<f32> {
        let mut samples: Vec<f32> = match self {
            Self::White => (0..count).map(|_| random.normal() as f32).collect(),
            Self::Pink => pink(count, random),
            Self::Brown => brown(count, random),
            Self::Hum => hum(count, random),
        };
        let scale = 1.0 / power(&samples).sqrt().max(f64::MIN_POSITIVE);
        for sample in &mut samples {
            *sample = (f64::from(*sample) * scale) as f32;
        }
        samples
    }
}

impl FromStr for Noise {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|n| n.as_str() == text);
        found.ok_or_else(|| Error::Noise(text.to_owned()))
    }
}

/// The mean square of samples; 0 of none.
pub fn power(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    sum / samples.len().max(1) as f64
}

/// Adds noise to a clip at a ratio of mean squares, over the whole clip, in decibels.
/// Noise that is too short is repeated, beginning at a place drawn by lot. The sum is
/// made quieter where it would clip.
pub fn mix(clip: &[f32], noise: &[f32], snr_db: f64, random: &mut Random) -> Vec<f32> {
    if clip.is_empty() || noise.is_empty() {
        return clip.to_vec();
    }
    let from = random.below(noise.len());
    let cut = noise.iter().cycle().skip(from).take(clip.len());
    let cut: Vec<f32> = cut.copied().collect();
    let wanted = power(clip) / 10_f64.powf(snr_db / 10.0);
    let scale = (wanted / power(&cut).max(f64::MIN_POSITIVE)).sqrt();
    let pairs = clip.iter().zip(&cut);
    let sum: Vec<f64> = pairs
        .map(|(c, n)| f64::from(*c) + scale * f64::from(*n))
        .collect();
    let peak = sum.iter().fold(1.0_f64, |peak, s| peak.max(s.abs()));
    sum.into_iter().map(|s| (s / peak) as f32).collect()
}

/// Samples at a level in decibels below full scale (mean square), kept within ±1.
pub fn at_level(samples: &[f32], dbfs: f64) -> Vec<f32> {
    let gain = 10_f64.powf(dbfs / 20.0);
    let scaled = samples.iter().map(|s| f64::from(*s) * gain);
    scaled.map(|s| s.clamp(-1.0, 1.0) as f32).collect()
}

fn pink(count: usize, random: &mut Random) -> Vec<f32> {
    // Paul Kellet's refined filter, within 0.05 dB from 9 Hz to half the rate.
    const POLES: [(f64, f64); 6] = [
        (0.998_86, 0.055_517_9),
        (0.993_32, 0.075_075_9),
        (0.969_00, 0.153_852_0),
        (0.866_50, 0.310_485_6),
        (0.550_00, 0.532_952_2),
        (-0.761_6, -0.016_898_0),
    ];
    let mut state = [0.0; POLES.len()];
    let mut last = 0.0;
    let mut next = || {
        let white = random.normal();
        for (value, (pole, gain)) in state.iter_mut().zip(POLES) {
            *value = pole * *value + gain * white;
        }
        let pink = state.iter().sum::<f64>() + last + white * 0.536_2;
        last = white * 0.115_926;
        pink as f32
    };
    (0..count).map(|_| next()).collect()
}

fn brown(count: usize, random: &mut Random) -> Vec<f32> {
    let mut level = 0.0;
    let mut next = || {
        level = level * 0.996 + random.normal();
        level as f32
    };
    (0..count).map(|_| next()).collect()
}

fn hum(count: usize, random: &mut Random) -> Vec<f32> {
    let phase = random.unit();
    let mut sample = |i: usize| {
        let turns = 50.0 * i as f64 / f64::from(SAMPLE_RATE_HZ) + phase;
        let tone = |n: f64| (std::f64::consts::TAU * turns * n).sin() / n;
        let tones = tone(1.0) + tone(3.0) + tone(5.0) + tone(7.0);
        (tones + 0.02 * random.normal()) as f32
    };
    (0..count).map(&mut sample).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The share of the power that is in differences of neighbours: 2 for white noise.
    fn roughness(samples: &[f32]) -> f64 {
        let steps: Vec<f32> = samples.windows(2).map(|w| w[1] - w[0]).collect();
        power(&steps) / power(samples)
    }

    #[test]
    fn each_noise_has_its_colour_and_the_same_power() {
        let rough = |noise: Noise| {
            let samples = noise.samples(64_000, &mut Random::new(5));
            assert!((power(&samples) - 1.0).abs() < 1e-3, "{noise:?}");
            assert_eq!(samples, noise.samples(64_000, &mut Random::new(5)));
            roughness(&samples)
        };
        let [white, pink, brown, hum] = Noise::ALL.map(rough);
        assert!((white - 2.0).abs() < 0.05, "{white}");
        assert!(
            pink < 1.0 && brown < 0.05 && hum < 0.05,
            "{pink} {brown} {hum}"
        );
        for noise in Noise::ALL {
            assert_eq!(noise.as_str().parse::<Noise>().unwrap(), noise);
        }
        let error = "rain".parse::<Noise>().unwrap_err().to_string();
        assert!(
            error.contains("`rain`") && error.contains("pink"),
            "{error}"
        );
    }

    proptest! {
        #[test]
        fn a_mix_has_the_ratio_that_was_asked_for(snr in -5.0_f64..30.0, seed in any::<u64>()) {
            let clip: Vec<f32> = (0..8_000).map(|i| (i as f32 * 0.1).sin() * 0.1).collect();
            let noise = Noise::White.samples(5_000, &mut Random::new(seed));
            let mixed = mix(&clip, &noise, snr, &mut Random::new(seed));
            let rest: Vec<f32> = mixed.iter().zip(&clip).map(|(m, c)| m - c).collect();
            let heard = 10.0 * (power(&clip) / power(&rest)).log10();
            prop_assert!((heard - snr).abs() < 0.1, "{heard} for {snr}");
        }

        #[test]
        fn nothing_clips(snr in -30.0_f64..0.0, level in -60.0_f64..20.0) {
            let clip = vec![0.9_f32; 1_000];
            let noise = Noise::Pink.samples(1_000, &mut Random::new(1));
            let mixed = mix(&clip, &noise, snr, &mut Random::new(1));
            prop_assert!(mixed.iter().all(|s| s.abs() <= 1.0));
            prop_assert!(at_level(&noise, level).iter().all(|s| s.abs() <= 1.0));
        }
    }

    #[test]
    fn nothing_is_mixed_into_nothing() {
        let mut random = Random::new(1);
        assert!(mix(&[], &[1.0], 10.0, &mut random).is_empty());
        assert_eq!(mix(&[0.5], &[], 10.0, &mut random), [0.5]);
    }
}
