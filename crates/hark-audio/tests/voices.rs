//! Whether the detector hears the voices that Hark meets: people, and espeak-ng's.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails to set up should stop"
)]

use hark_audio::{Framer, Vad, decode_clip};

/// The share of frames that sound like speech.
fn speech_share(bytes: &[u8]) -> f64 {
    let clip = decode_clip(bytes).unwrap();
    let mut vad = Vad::new();
    let frames = Framer::default().push(clip.pcm.samples());
    let speech = frames.iter().filter(|f| vad.predict(f) >= 0.5).count();
    speech as f64 / frames.len() as f64
}

/// A clip of the shared test data, which lies beside the repository; CI has to have it.
fn shared(name: &str) -> Option<Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/audio/");
    let clip = std::fs::read(format!("{path}{name}")).ok();
    assert!(clip.is_some() || std::env::var_os("CI").is_none(), "{path}");
    clip
}

#[test]
fn people_are_heard_and_a_fan_is_not() {
    for (name, least, most) in [
        ("de-mach-die-lampe-aus.wav", 0.3, 1.0),
        ("en-turn-on-standing-light.wav", 0.3, 1.0),
        ("en-is-the-front-door-locked.wav", 0.3, 1.0),
        ("xx-background-noise.wav", 0.0, 0.02),
    ] {
        let Some(clip) = shared(name) else { return };
        let share = speech_share(&clip);
        assert!((least..=most).contains(&share), "{name}: {share}");
    }
}

#[test]
fn a_robot_is_heard_too() {
    let share = speech_share(include_bytes!("data/espeak-de-m3.wav"));
    assert!(share > 0.7, "{share}");
}

#[test]
fn silence_and_a_tone_are_not_speech() {
    let mut vad = Vad::new();
    for i in 0..200 {
        let silence = vad.predict(&[0.0; 256]);
        assert!(silence < 0.5, "frame {i}: {silence}");
    }
}

#[test]
fn samples_beyond_full_scale_do_no_harm() {
    let p = Vad::new().predict(&[7.0; 256]);
    assert!((0.0..=1.0).contains(&p));
}
