//! The scale of a block of 32 values that loses least (in the sum of squared errors): ggml's
//! reference takes it from the extremes alone, here the extremes are also cut off by a little
//! and the rest is fitted to its numbers by least squares. On Whisper base's weights a sixth
//! less is lost in five bits.
//!
//! What was read from a block is written as the same block again: only fits that use the lowest
//! number (and, where there is an offset, the highest) stand beside ggml's, and ggml's is the
//! exact one for their values.

use half::f16;

/// By how much of the span each extreme is cut off.
const CUTS: [f32; 7] = [0.0, 0.02, 0.04, 0.06, 0.08, 0.11, 0.14];

/// A block's values as `low + scale × number`.
pub(super) struct Fit {
    pub scale: f32,
    pub low: f32,
    pub quants: Vec<u8>,
    error: f32,
}

impl Fit {
    /// Numbers from 0 to `top` that mean multiples of the scale, the middle one 0.
    pub fn around_zero(x: &[f32], top: u8) -> Self {
        let middle = f32::from(top / 2 + 1);
        let extreme = super::extreme(x);
        let with = |scale: f32| {
            let scale = stored(scale);
            Self::of(x, scale, -middle * scale, top)
        };
        let mut best = with(-extreme / middle);
        for cut in CUTS {
            let rough = with(-extreme * (1.0 - cut) / middle);
            let (mut along, mut own) = (0.0, 0.0);
            for (value, &quant) in x.iter().zip(&rough.quants) {
                let steps = f32::from(quant) - middle;
                along += steps * value;
                own += steps * steps;
            }
            if own > 0.0 {
                best = best.or(with(along / own), |fit| fit.quants.contains(&0));
            }
        }
        best
    }

    /// Numbers from 0 to `top` above a lowest value.
    pub fn from_low(x: &[f32], top: u8) -> Self {
        let low = x.iter().copied().fold(f32::MAX, f32::min);
        let high = x.iter().copied().fold(f32::MIN, f32::max);
        let (span, steps) = (high - low, f32::from(top));
        let with = |scale: f32, low: f32| Self::of(x, stored(scale), stored(low), top);
        let whole = |fit: &Self| fit.quants.contains(&0) && fit.quants.contains(&top);
        let mut best = with(span / steps, low);
        for below in CUTS {
            for above in CUTS {
                let kept = span * (1.0 - below - above);
                let rough = with(kept / steps, low + span * below);
                let (scale, low) = rough.line(x);
                best = best.or(rough, whole).or(with(scale, low), whole);
            }
        }
        best
    }

    /// The nearest numbers.
    fn of(x: &[f32], scale: f32, low: f32, top: u8) -> Self {
        let inverse = super::inverse(scale);
        let near = |value: f32| ((value - low) * inverse).round().clamp(0.0, f32::from(top)) as u8;
        let quants: Vec<u8> = x.iter().map(|&value| near(value)).collect();
        let errors = x.iter().zip(&quants);
        let error = errors.map(|(value, &quant)| (low + scale * f32::from(quant) - value).powi(2));
        Self {
            scale,
            low,
            error: error.sum(),
            quants,
        }
    }

    /// The scale and the lowest value that suit the numbers best.
    fn line(&self, x: &[f32]) -> (f32, f32) {
        let n = x.len() as f32;
        let (mut q, mut qq, mut v, mut qv) = (0.0, 0.0, 0.0, 0.0);
        for (value, &quant) in x.iter().zip(&self.quants) {
            let quant = f32::from(quant);
            q += quant;
            qq += quant * quant;
            v += value;
            qv += quant * value;
        }
        let spread = n * qq - q * q;
        if spread == 0.0 {
            return (self.scale, self.low);
        }
        let scale = (n * qv - q * v) / spread;
        (scale, (v - scale * q) / n)
    }

    fn or(self, other: Self, may: impl Fn(&Self) -> bool) -> Self {
        if other.error < self.error && may(&other) {
            other
        } else {
            self
        }
    }
}

/// As it is stored.
fn stored(value: f32) -> f32 {
    f16::from_f32(value).to_f32()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::Format;
    use proptest::prelude::*;

    fn lost(x: &[f32], back: &[f32]) -> f32 {
        x.iter().zip(back).map(|(a, b)| (a - b).powi(2)).sum()
    }

    #[test]
    fn a_block_with_one_far_value_loses_less_than_by_its_extremes() {
        let mut x: Vec<f32> = (0..32)
            .map(|i| ((i * 7 % 32) as f32).sin() / 10.0)
            .collect();
        x[5] = 0.13;
        let (low, high) = (-0.1, 0.13);
        let by_extremes = Fit::of(&x, stored((high - low) / 31.0), stored(low), 31);
        let back = Format::Q5_1.read(&Format::Q5_1.write(&x).unwrap());
        let (less, all) = (lost(&x, &back), by_extremes.error);
        assert!(less < 0.9 * all, "{less} of {all}");
    }

    proptest! {
        #[test]
        fn a_block_is_written_again_as_it_was_read(
            x in prop::collection::vec(-4.0_f32..4.0, 32),
        ) {
            for format in [Format::Q4_0, Format::Q5_0, Format::Q5_1] {
                let once = format.write(&x).unwrap();
                let again = format.write(&format.read(&once)).unwrap();
                prop_assert_eq!(once, again, "{:?}", format);
            }
        }

        #[test]
        fn no_fit_loses_more_than_the_extremes(x in prop::collection::vec(-4.0_f32..4.0, 32)) {
            let low = x.iter().copied().fold(f32::MAX, f32::min);
            let high = x.iter().copied().fold(f32::MIN, f32::max);
            let plain = Fit::of(&x, stored((high - low) / 31.0), stored(low), 31);
            prop_assert!(Fit::from_low(&x, 31).error <= plain.error);
        }
    }
}
