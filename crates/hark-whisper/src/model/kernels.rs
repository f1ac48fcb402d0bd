//! Arithmetic on rows of single-precision values that candle-core has no op for, or
//! only a slow one. Written so that compilers vectorise it.

/// e^x, within 2e-7 of it relatively; 0 below −87, as for e^88 above 88.
///
/// Range reduction to ±ln 2 / 2 and a polynomial, as in Cephes' `expf`.
#[inline]
pub(crate) fn exp(x: f32) -> f32 {
    // Adding this leaves the nearest whole number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let clamped = x.clamp(-87.0, 88.0);
    let shifted = clamped * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = clamped - whole * 0.693_359_4 + whole * 2.121_944_4e-4;
    let mut p = 1.987_569_1e-4;
    for c in [
        1.398_2e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.500_000_06,
    ] {
        p = p * r + c;
    }
    let scale = f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23));
    let value = (p * r * r + r + 1.0) * scale;
    if x < -87.0 { 0.0 } else { value }
}

/// The Gaussian error linear unit with the true error function: x · Φ(x), within 3e-7
/// (Abramowitz and Stegun, 7.1.26).
#[inline]
pub(crate) fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut p = 1.061_405_4;
    for c in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
        p = p * t + c;
    }
    let tail = p * t * exp(-z * z);
    // Φ(x) is 1 − tail / 2 above 0, tail / 2 below.
    let half = 0.5 * tail;
    x * if x >= 0.0 { 1.0 - half } else { half }
}

/// Softmax of a row's first `valid` values; the others become 0.
pub(crate) fn softmax(row: &mut [f32], valid: usize) {
    let (row, beyond) = row.split_at_mut(valid);
    beyond.fill(0.0);
    let highest = lanes(row, f32::NEG_INFINITY, f32::max);
    for value in row.iter_mut() {
        *value = exp(*value - highest);
    }
    let scale = 1.0 / lanes(row, 0.0, |a, b| a + b);
    for value in row {
        *value *= scale;
    }
}

/// The sum of two rows' products, in sixteen lanes, always in the same order.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 16];
    let (a_chunks, b_chunks) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest = a_chunks.remainder().iter().zip(b_chunks.remainder());
    let rest: f32 = rest.map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    lanes(&sums, 0.0, |a, b| a + b) + rest
}

/// Adds a row times a factor to another.
pub(crate) fn add_scaled(sum: &mut [f32], row: &[f32], factor: f32) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value * factor;
    }
}

/// A row less its mean, over its standard deviation, times a weight, plus a bias.
pub(crate) fn layer_norm(row: &[f32], weight: &[f32], bias: &[f32], out: &mut [f32]) {
    const EPSILON: f32 = 1e-5;
    let scale = 1.0 / row.len() as f32;
    let mean = lanes(row, 0.0, |a, b| a + b) * scale;
    for (out, value) in out.iter_mut().zip(row) {
        *out = value - mean;
    }
    let squares = lanes_of(out, 0.0, |sum, v| sum + v * v, |a, b| a + b);
    let factor = 1.0 / (squares * scale + EPSILON).sqrt();
    for ((out, weight), bias) in out.iter_mut().zip(weight).zip(bias) {
        *out = *out * factor * weight + bias;
    }
}

fn lanes(row: &[f32], start: f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    lanes_of(row, start, &join, &join)
}

/// Folds a row in eight lanes, always in the same order.
fn lanes_of(
    row: &[f32],
    start: f32,
    fold: impl Fn(f32, f32) -> f32,
    join: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut sums = [start; 8];
    let chunks = row.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum = fold(*sum, *value);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum = fold(*sum, *value);
    }
    sums.into_iter().fold(start, join)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exp_is_exp() {
        for i in -8700..8800 {
            let x = i as f32 * 0.01;
            let expect = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expect).abs() / expect;
            assert!(error < 2e-7, "{x}: {error}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(1000.0).is_finite());
    }

    #[test]
    fn gelu_is_the_one_with_the_error_function() {
        // x · Φ(x) by scipy.stats.norm.cdf.
        for (x, expect) in [
            (0.0, 0.0),
            (1.0, 0.841_344_8),
            (-1.0, -0.158_655_25),
            (0.5, 0.345_731_23),
            (-3.0, -0.004_049_69),
            (3.0, 2.995_950_3),
            (10.0, 10.0),
            (-10.0, 0.0),
        ] {
            let got: f32 = gelu(x);
            assert!((got - expect).abs() < 1e-6, "{x}: {got}");
        }
    }

    #[test]
    fn layer_norm_centres_and_scales() {
        let row: Vec<f32> = (0..19).map(|i| i as f32).collect();
        let mut out = vec![0.0; 19];
        layer_norm(&row, &[2.0; 19], &[1.0; 19], &mut out);
        let mean = out.iter().sum::<f32>() / 19.0;
        let variance = out.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 19.0;
        assert!((mean - 1.0).abs() < 1e-5);
        assert!((variance - 4.0).abs() < 1e-3);
    }

    #[test]
    fn dot_multiplies_and_adds() {
        for n in [0, 1, 15, 16, 17, 64, 100] {
            let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let expect: f32 = a.iter().map(|v| v * 2.0).sum();
            assert_eq!(dot(&a, &vec![2.0; n]), expect, "{n}");
        }
        let mut sum = [1.0, 2.0];
        add_scaled(&mut sum, &[10.0, 20.0], 0.5);
        assert_eq!(sum, [6.0, 12.0]);
    }

    #[test]
    fn softmax_leaves_the_future_alone() {
        let mut row = [1.0, 1.0, 99.0];
        softmax(&mut row, 2);
        assert_eq!(row, [0.5, 0.5, 0.0]);
    }

    proptest! {
        #[test]
        fn softmax_is_a_distribution(mut row in prop::collection::vec(-50.0_f32..50.0, 1..100)) {
            let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let at = row.iter().position(|&v| v == highest).unwrap();
            let valid = row.len();
            softmax(&mut row, valid);
            prop_assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert!(row.iter().all(|&p| (0.0..=1.0).contains(&p) && p <= row[at]));
        }
    }
}
