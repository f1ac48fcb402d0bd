//! How sure a rate is: the bootstrap over clips (Bisani and Ney, "Bootstrap estimates for
//! confidence intervals in ASR performance evaluation", 2004).

use serde::Serialize;

use crate::Random;

/// So often clips are drawn anew.
pub const DRAWS: usize = 1_000;
/// Fewer clips say nothing about how sure a rate is.
pub const FEWEST: usize = 5;

/// Where 95 of 100 such evaluations would lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The 95 % percentile interval of a pooled ratio: the sum of what was counted in each
/// clip over the sum of what could be. `None` of fewer clips than [`FEWEST`].
pub fn interval(clips: &[(usize, usize)], seed: u64) -> Option<Interval> {
    if clips.len() < FEWEST {
        return None;
    }
    let mut random = Random::new(seed);
    let mut rates: Vec<f64> = (0..DRAWS)
        .filter_map(|_| {
            let drawn = (0..clips.len()).map(|_| clips[random.below(clips.len())]);
            let (counted, of) = drawn.fold((0, 0), |sum, clip| (sum.0 + clip.0, sum.1 + clip.1));
            (of > 0).then(|| counted as f64 / of as f64)
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    let last = rates.len().checked_sub(1)?;
    let at = |share: f64| rates[(share * last as f64).round() as usize];
    Some(Interval {
        low: at(0.025),
        high: at(0.975),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_coin_is_the_binomial_one() {
        let clips: Vec<_> = (0..400).map(|i| (i % 2, 1)).collect();
        let Interval { low, high } = interval(&clips, 7).unwrap();
        // 0.5 ± 1.96 · sqrt(0.25 / 400)
        assert!((low - 0.451).abs() < 0.012, "{low}");
        assert!((high - 0.549).abs() < 0.012, "{high}");
        assert_eq!(interval(&clips, 7), interval(&clips, 7));
    }

    #[test]
    fn what_never_varies_is_sure_and_few_clips_say_nothing() {
        let sure = interval(&[(1, 4); 9], 1).unwrap();
        assert_eq!((sure.low, sure.high), (0.25, 0.25));
        assert_eq!(interval(&[(1, 4); 4], 1), None);
        assert_eq!(interval(&[(0, 0); 9], 1), None);
    }
}
