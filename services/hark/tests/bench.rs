//! `hark bench` with the model that comes with Hark.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use util::Place;

#[test]
fn figures_fit_together() {
    let place = Place::new();
    let measured = place
        .run(&["bench", "--seconds", "1", "--model", "nano", "--json"])
        .done();
    let result = measured.object();
    assert_eq!(result["model"], "hark-nano");
    let clips = result["clips"].as_array().unwrap();
    assert_eq!(clips.len(), 4);
    for clip in clips {
        let of = |name: &str, which: &str| clip[name][which].as_f64().unwrap();
        assert!(clip["runs"].as_u64().unwrap() >= 5, "{clip}");
        let whole = of("whole_ms", "median");
        assert!(of("encode_ms", "median") > 0.0 && of("decode_ms", "median") > 0.0);
        assert!(of("whole_ms", "low") <= whole && whole <= of("whole_ms", "high"));
        let factor = clip["real_time_factor"].as_f64().unwrap();
        let audio = clip["audio_ms"].as_f64().unwrap();
        assert!((factor - whole / audio).abs() < 1e-3, "{clip}");
    }
    assert_eq!(
        result["rooms"]["command_ms"],
        clips[2]["whole_ms"]["median"]
    );
    assert!(result["process_peak_bytes"].as_u64().unwrap() > 10 << 20);
}

#[test]
fn a_model_that_is_none_is_named() {
    let place = Place::new();
    let ended = place.run(&["bench", "--model", "/there/is/none"]);
    ended.failed(1, &["/there/is/none"]);
    place
        .run(&["bench", "--seconds", "0"])
        .failed(1, &["--seconds"]);
}
