//! Whole clips: every kind of WAV that is read, and every kind of bad input.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails to set up should stop"
)]

use hark_audio::{Encoding, Error, Format, MAX_CLIP_BYTES, decode_clip, decode_raw};
use hound::{SampleFormat, WavSpec, WavWriter};
use proptest::prelude::*;

const TONE_HZ: f64 = 500.0;

fn tone(index: usize, rate: u32) -> f64 {
    0.5 * (index as f64 * std::f64::consts::TAU * TONE_HZ / f64::from(rate)).sin()
}

/// One second of a tone on all channels.
fn wav(rate: u32, channels: u16, bits: u16, format: SampleFormat) -> Vec<u8> {
    wav_of(rate, channels, bits, format, rate as usize)
}

fn wav_of(rate: u32, channels: u16, bits: u16, format: SampleFormat, frames: usize) -> Vec<u8> {
    let spec = WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format: format,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
    for i in 0..frames {
        for _ in 0..channels {
            let value = tone(i, rate);
            match format {
                SampleFormat::Float => writer.write_sample(value as f32).unwrap(),
                SampleFormat::Int => {
                    let scale = f64::from(1_u32 << (bits - 1)) - 1.0;
                    writer.write_sample((value * scale).round() as i32).unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// A WAV file by hand: what hound does not write.
fn by_hand(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    out.extend(tag.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate.to_le_bytes());
    out.extend((rate * u32::from(channels) * u32::from(bits / 8)).to_le_bytes());
    out.extend((channels.wrapping_mul(bits / 8)).to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

#[track_caller]
fn check_tone(bytes: &[u8], rate: u32) {
    let clip = decode_clip(bytes).unwrap();
    assert_eq!(clip.source_rate_hz, rate);
    assert_eq!(clip.source_samples, u64::from(rate));
    let samples = clip.pcm.samples();
    assert_eq!(samples.len(), 16_000);
    let worst = (800..15_200)
        .map(|i| (f64::from(samples[i]) - tone(i, 16_000)).abs())
        .fold(0.0, f64::max);
    assert!(worst < 0.03, "off by {worst}");
}

#[test]
fn every_width_is_read() {
    for bits in [8, 16, 24, 32] {
        check_tone(&wav(16_000, 1, bits, SampleFormat::Int), 16_000);
    }
    check_tone(&wav(16_000, 1, 32, SampleFormat::Float), 16_000);
    let doubles: Vec<u8> = (0..16_000)
        .flat_map(|i| tone(i, 16_000).to_le_bytes())
        .collect();
    check_tone(&by_hand(3, 1, 16_000, 64, &doubles), 16_000);
}

#[test]
fn every_rate_and_channel_count_is_read() {
    for rate in [8_000, 11_025, 22_050, 32_000, 44_100, 48_000, 96_000] {
        check_tone(&wav(rate, 2, 16, SampleFormat::Int), rate);
    }
    for channels in 1..=8 {
        check_tone(&wav(48_000, channels, 24, SampleFormat::Int), 48_000);
    }
}

#[test]
fn chunks_that_are_not_audio_are_passed_over() {
    let plain = wav(16_000, 1, 16, SampleFormat::Int);
    let mut with_list = plain[..12].to_vec();
    with_list.extend(b"LIST\x05\0\0\0INFOx\0");
    with_list.extend(&plain[12..]);
    with_list.extend(b"junk\xff\xff\0\0abc");
    assert_eq!(decode_clip(&with_list), decode_clip(&plain));
}

#[test]
fn a_length_that_a_pipe_could_not_know_means_the_rest() {
    let plain = by_hand(1, 1, 16_000, 16, &[1; 3_200]);
    for unknown in [0xFFFF_FFFF_u32, 0x7FFF_F000, 0x7FFF_FFFF] {
        let mut piped = plain.clone();
        piped[4..8].copy_from_slice(&unknown.to_le_bytes());
        piped[40..44].copy_from_slice(&unknown.to_le_bytes());
        assert_eq!(decode_clip(&piped), decode_clip(&plain), "{unknown:x}");
    }
}

#[test]
fn what_is_not_audio_is_said_to_be_so() {
    for (bytes, shown) in [
        (&b"\x89PNG\r\n\x1a\n...."[..], "PNG"),
        (b"hello, this is a text", "hello, t"),
        (b"RIFF\x04\0\0\0AVI ", "RIFF"),
        (b"x", "x"),
    ] {
        let error = decode_clip(bytes).unwrap_err();
        assert!(matches!(error, Error::NotAudio { .. }), "{error:?}");
        assert!(error.to_string().contains(shown), "{error}");
    }
    assert_eq!(decode_clip(b""), Err(Error::Empty));
}

#[test]
fn a_truncated_file_is_never_taken_for_a_short_one() {
    let whole = wav(16_000, 1, 16, SampleFormat::Int);
    let got = decode_clip(&whole[..whole.len() / 2]);
    let expect = Error::Truncated {
        promised: 32_000,
        present: whole.len() as u64 / 2 - 44,
    };
    assert_eq!(got, Err(expect));
    for len in 12..whole.len().min(400) {
        let error = decode_clip(&whole[..len]).unwrap_err();
        assert!(
            matches!(error, Error::Truncated { .. } | Error::Malformed(..)),
            "{len} bytes: {error:?}"
        );
    }
}

#[test]
fn no_samples_and_too_many_are_named() {
    let empty = wav_of(16_000, 1, 16, SampleFormat::Int, 0);
    assert_eq!(decode_clip(&empty), Err(Error::Empty));

    let ten_minutes = wav_of(8_000, 1, 8, SampleFormat::Int, 8_000 * 600);
    let error = decode_clip(&ten_minutes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the audio lasts 600.0 s; an utterance is at most 30 s"
    );

    let thirty = wav_of(8_000, 1, 8, SampleFormat::Int, 8_000 * 30);
    assert_eq!(decode_clip(&thirty).unwrap().pcm.samples().len(), 480_000);

    let huge = vec![0; MAX_CLIP_BYTES + 1];
    assert!(matches!(decode_clip(&huge), Err(Error::TooLarge { .. })));
}

#[test]
fn headers_that_lie_are_refused() {
    for (bytes, expect) in [
        (by_hand(1, 0, 16_000, 16, &[0; 8]), "0 channels"),
        (by_hand(1, 65_535, 16_000, 32, &[0; 8]), "65535 channels"),
        (by_hand(1, 1, 0, 16, &[0; 8]), "0 Hz"),
        (by_hand(1, 1, 400_000, 16, &[0; 8]), "400000 Hz"),
        (by_hand(1, 1, 16_000, 12, &[0; 8]), "12 bits"),
        (by_hand(85, 1, 16_000, 16, &[0; 8]), "can't be read"),
    ] {
        let error = decode_clip(&bytes).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    }
}

#[test]
fn floats_that_are_not_numbers_are_refused() {
    for bad in [f32::NAN, f32::INFINITY] {
        let data: Vec<u8> = [0.0, 0.1, bad]
            .iter()
            .flat_map(|s: &f32| s.to_le_bytes())
            .collect();
        let error = Error::NotFinite { index: 2 };
        assert_eq!(
            decode_clip(&by_hand(3, 1, 16_000, 32, &data)),
            Err(error.clone())
        );
        let format = Format::new(Encoding::Float32, 16_000, 1).unwrap();
        assert_eq!(decode_raw(&data, format), Err(error));
    }
}

#[test]
fn a_raw_clip_is_the_file_without_its_header() {
    let file = wav(44_100, 2, 16, SampleFormat::Int);
    let format = Format::new(Encoding::Linear16, 44_100, 2).unwrap();
    assert_eq!(decode_raw(&file[44..], format), decode_clip(&file));
    assert_eq!(decode_raw(&[], format), Err(Error::Empty));
    let error = decode_raw(&[0; 5], format).unwrap_err();
    assert!(matches!(error, Error::PartialSample { .. }));
    let mono = Format::new(Encoding::Linear16, 8_000, 1).unwrap();
    let error = decode_raw(&vec![0; 2 * 8_000 * 600], mono).unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn nothing_that_is_sent_makes_it_panic(
        changes in prop::collection::vec((0_usize..120, any::<u8>()), 0..12),
        cut in 0_usize..200,
        float in any::<bool>(),
        wide in any::<bool>(),
    ) {
        let (bits, format) = match (float, wide) {
            (true, _) => (32, SampleFormat::Float),
            (false, true) => (24, SampleFormat::Int),
            (false, false) => (16, SampleFormat::Int),
        };
        let mut bytes = wav_of(16_000, 2, bits, format, 20);
        for (at, value) in changes {
            let len = bytes.len();
            bytes[at % len] = value;
        }
        bytes.truncate(bytes.len().saturating_sub(cut % 60));
        if let Ok(clip) = decode_clip(&bytes) {
            prop_assert!(clip.pcm.samples().iter().all(|s| s.abs() <= 1.0));
        }
    }
}
