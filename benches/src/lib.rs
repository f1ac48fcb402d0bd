//! What the benches share: how long they measure, and audio that is the same each time.
//!
//! Each bench measures for about three seconds, so that all of them take two to three
//! minutes on a small machine.

use std::path::PathBuf;
use std::time::Duration;

use criterion::Criterion;

/// Short measurements, without plots.
pub fn criterion() -> Criterion {
    Criterion::default()
        .without_plots()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3))
        .sample_size(20)
        .configure_from_args()
}

/// So many seconds of 16 kHz mono that sounds like a buzzing voice: a 120 Hz saw tooth
/// that comes and goes four times a second.
pub fn buzz(seconds: f32) -> Vec<f32> {
    let rate = hark_core::audio::SAMPLE_RATE_HZ as f32;
    let sample = |n: usize| {
        let time = n as f32 / rate;
        let loudness = (std::f32::consts::PI * 4.0 * time).sin().abs();
        0.3 * loudness * (2.0 * (120.0 * time).fract() - 1.0)
    };
    (0..(seconds * rate) as usize).map(sample).collect()
}

/// A path of the project, whatever the current folder is.
pub fn project(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(path)
}
