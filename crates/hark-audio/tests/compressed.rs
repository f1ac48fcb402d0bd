//! FLAC and Ogg Opus: what `flac`, `opusenc` and ffmpeg made, and what nobody should send.

#![expect(
    clippy::unwrap_used,
    reason = "a test that fails to set up should stop"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use hark_audio::{Clip, Container, Error, decode_clip};
use proptest::prelude::*;

const FLAC_MONO: &[u8] = include_bytes!("data/tone-44100-mono.flac");
const FLAC_STEREO: &[u8] = include_bytes!("data/tone-48000-stereo.flac");
const OPUS_MONO: &[u8] = include_bytes!("data/tone-mono.opus");
const OPUS_STEREO: &[u8] = include_bytes!("data/tone-stereo.opus");
const TINY_FLAC: &[u8] = include_bytes!("data/tiny.flac");
const TINY_OPUS: &[u8] = include_bytes!("data/tiny.opus");

/// How loud 440 Hz is in a clip, and how much else is beside it, without its ends.
fn tone(clip: &Clip) -> (f64, f64) {
    let samples = clip.pcm.samples();
    // Whole periods: 11 of them are 400 samples.
    let middle = &samples[1_600..samples.len() - 1_600];
    let middle = &middle[..middle.len() / 400 * 400];
    let angle = |i: usize| i as f64 * std::f64::consts::TAU * 440.0 / 16_000.0;
    let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
    for (i, &sample) in middle.iter().enumerate() {
        let sample = f64::from(sample);
        sine += sample * angle(i).sin();
        cosine += sample * angle(i).cos();
        power += sample * sample;
    }
    let amplitude = 2.0 * sine.hypot(cosine) / middle.len() as f64;
    let tone_power = amplitude * amplitude / 2.0 * middle.len() as f64;
    (amplitude, ((power - tone_power).max(0.0) / power).sqrt())
}

#[test]
fn tones_come_out_as_they_went_in() {
    for (file, rate, beside) in [
        (FLAC_MONO, 44_100, 0.01),
        (FLAC_STEREO, 48_000, 0.01),
        (OPUS_MONO, 48_000, 0.1),
        (OPUS_STEREO, 48_000, 0.1),
    ] {
        let clip = decode_clip(file).unwrap();
        let found = (clip.source_rate_hz, clip.source_samples);
        assert_eq!(found, (rate, u64::from(rate)), "one second, to the sample");
        assert_eq!(clip.pcm.samples().len(), 16_000);
        let (amplitude, rest) = tone(&clip);
        assert!((amplitude - 0.5).abs() < 0.03, "{rate}: {amplitude}");
        assert!(rest < beside, "{rate}: {rest}");
    }
}

/// A file that ends early is never taken for a short one, and one of whose bits fell over
/// never for another.
#[test]
fn every_cut_is_noticed() {
    for (file, container) in [(TINY_FLAC, Container::Flac), (TINY_OPUS, Container::Opus)] {
        assert!(decode_clip(file).is_ok());
        for length in 4..file.len() {
            let error = decode_clip(&file[..length]).unwrap_err();
            let names = error.to_string().contains(&container.to_string());
            let is_typed = matches!(error, Error::CutOff(..) | Error::Malformed(..));
            assert!(is_typed && names, "{container} {length}: {error:?}");
        }
    }
}

#[test]
fn every_flipped_bit_of_opus_is_noticed() {
    for at in 4..TINY_OPUS.len() {
        let mut file = TINY_OPUS.to_vec();
        file[at] ^= 1 << (at % 8);
        assert!(decode_clip(&file).is_err(), "byte {at}");
    }
}

#[test]
fn a_flipped_bit_of_flac_changes_no_sample() {
    let expect = decode_clip(TINY_FLAC).unwrap();
    for at in 4..TINY_FLAC.len() {
        let mut file = TINY_FLAC.to_vec();
        file[at] ^= 1 << (at % 8);
        // In a comment it does no harm.
        if let Ok(clip) = decode_clip(&file) {
            let samples = (clip.source_rate_hz, clip.pcm);
            let expect = (expect.source_rate_hz, expect.pcm.clone());
            // Without its digest or its rate a file is another one.
            assert!(samples == expect || (4..42).contains(&at), "byte {at}");
        }
    }
}

#[test]
fn what_is_not_one_stream_of_opus_is_refused() {
    let chained = [OPUS_MONO, OPUS_STEREO].concat();
    let vorbis = ogg(&[b"\x01vorbis\0\0\0\0\x01\x44\xac\0\0".to_vec()], &[0]);
    let untagged = ogg(&[head(0), vec![0x08; 20]], &[0, 960]);
    let positions = ogg(
        &[head(0), tags(), vec![0x08; 20], vec![0x08; 20]],
        &[0, 0, 9_000, 1],
    );
    for (file, says) in [
        (chained, "several streams"),
        (vorbis, "something else than Opus"),
        (untagged, "OpusTags"),
        (positions, "position"),
        (
            ogg(&[head(0), tags(), vec![0x0b]], &[0, 0, 960]),
            "packet 0",
        ),
        (ogg(&[head(0), tags(), vec![]], &[0, 0, 960]), "packet 0"),
    ] {
        let error = decode_clip(&file).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let silent = ogg(&[head(0), tags()], &[0, 0]);
    assert_eq!(decode_clip(&silent), Err(Error::Empty));
    // A minute: 3,000 packets of 20 ms.
    let minute = [vec![head(0), tags()], vec![vec![0xf8; 3]; 3_000]].concat();
    let positions: Vec<u64> = (0..minute.len() as u64)
        .map(|n| n.saturating_sub(1) * 960)
        .collect();
    let error = decode_clip(&ogg(&minute, &positions)).unwrap_err();
    assert!(matches!(error, Error::TooLong { .. }), "{error:?}");
}

#[test]
fn the_gain_of_a_file_is_applied() {
    let loud = tone(&decode_clip(OPUS_MONO).unwrap()).0;
    let mut file = OPUS_MONO.to_vec();
    let at = file.windows(8).position(|w| w == b"OpusHead").unwrap() + 16;
    // −6.02 dB in 256ths.
    file[at..at + 2].copy_from_slice(&(-1541_i16).to_le_bytes());
    let end = 28 + 19;
    let sum = checksum(&file[..end]);
    file[22..26].copy_from_slice(&sum.to_le_bytes());
    let half = tone(&decode_clip(&file).unwrap()).0;
    assert!((half - loud / 2.0).abs() < 0.003, "{half} {loud}");
}

#[test]
fn headers_of_flac_that_lie_are_refused() {
    let with = |at: usize, bytes: &[u8]| {
        let mut file = TINY_FLAC.to_vec();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        decode_clip(&file).unwrap_err().to_string()
    };
    for (error, says) in [
        (with(18, &[0, 0, 0]), "0 Hz"),
        (with(18, &[0xff, 0xff, 0xf0]), "1048575 Hz"),
        // Of samples that are more than 30 s, or more than there are.
        (
            with(22, &[0xff, 0xff, 0xff, 0xff]),
            "an utterance is at most 30 s",
        ),
        (with(22, &[0, 0, 0x7f, 0xff]), "truncated"),
        (with(4, &[4]), "first block"),
        (with(26, &[1; 16]), "digest"),
    ] {
        assert!(error.contains(says), "{says}: {error}");
    }
}

/// One page for each packet, with these positions.
fn ogg(packets: &[Vec<u8>], positions: &[u64]) -> Vec<u8> {
    let mut file = Vec::new();
    for (at, (packet, position)) in packets.iter().zip(positions).enumerate() {
        let is_last = at + 1 == packets.len();
        let flags = u8::from(at == 0) * 2 + u8::from(is_last) * 4;
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.extend(position.to_le_bytes());
        page.extend(7_u32.to_le_bytes());
        page.extend((at as u32).to_le_bytes());
        page.extend([0; 4]);
        page.push(u8::try_from(packet.len() / 255 + 1).unwrap());
        page.extend(vec![255; packet.len() / 255]);
        page.push((packet.len() % 255) as u8);
        page.extend(packet);
        let sum = checksum(&page);
        page[22..26].copy_from_slice(&sum.to_le_bytes());
        file.extend(page);
    }
    file
}

fn head(gain: i16) -> Vec<u8> {
    let [low, high] = gain.to_le_bytes();
    let mut head = b"OpusHead\x01\x01\0\0\x80\x3e\0\0".to_vec();
    head.extend([low, high, 0]);
    head
}

fn tags() -> Vec<u8> {
    b"OpusTags\0\0\0\0\0\0\0\0".to_vec()
}

/// Bit by bit, as RFC 3533 defines it; the checksum's own bytes count as 0.
fn checksum(page: &[u8]) -> u32 {
    let mut crc = 0_u32;
    for (at, &byte) in page.iter().enumerate() {
        let byte = if (22..26).contains(&at) { 0 } else { byte };
        crc ^= u32::from(byte) << 24;
        for _ in 0..8 {
            crc = (crc << 1) ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 };
        }
    }
    crc
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn hostile_packets_end_in_an_error_or_in_sound(
        packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 1..4),
        positions in prop::collection::vec(0_u64..20_000, 3),
        gain in any::<i16>(),
    ) {
        let count = packets.len();
        let all = [vec![head(gain), tags()], packets].concat();
        let mut places = vec![0, 0];
        places.extend(&positions[..count]);
        if let Ok(clip) = decode_clip(&ogg(&all, &places)) {
            prop_assert!(clip.pcm.samples().iter().all(|s| s.abs() <= 1.0));
        }
    }

    #[test]
    fn changed_flac_never_makes_it_panic(
        changes in prop::collection::vec((4_usize..TINY_FLAC.len(), any::<u8>()), 1..8),
    ) {
        let mut file = TINY_FLAC.to_vec();
        for (at, value) in changes {
            file[at] = value;
        }
        if let Ok(clip) = decode_clip(&file) {
            prop_assert!(clip.pcm.samples().iter().all(|s| s.abs() <= 1.0));
        }
    }
}

/// The shared test data, which lie beside the project or where `HARK_SHARED` says.
fn read_speech() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = std::env::var_os("HARK_SHARED").unwrap_or_else(|| "../shared".into());
    let folder = root.join(shared).join("audio/kerstin");
    let required = std::env::var_os("HARK_REQUIRE_SHARED").is_some_and(|v| v == "1");
    assert!(
        folder.is_dir() || !required,
        "there is no {}",
        folder.display()
    );
    folder.is_dir().then_some(folder)
}

#[test]
fn read_speech_sounds_as_opusdec_has_it() {
    let Some(folder) = read_speech() else {
        println!("not run: no shared test data (set HARK_SHARED)");
        return;
    };
    if Command::new("opusdec").arg("--version").output().is_err() {
        println!("not run: there is no opusdec here (Debian: opus-tools)");
        return;
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "opus"))
        .collect();
    files.sort();
    for path in files.iter().step_by(50) {
        let ours = decode_clip(&std::fs::read(path).unwrap()).unwrap();
        let decoded = Command::new("opusdec")
            .args(["--quiet", "--rate", "48000", "--no-dither", "--force-wav"])
            .arg(path)
            .arg("-")
            .output()
            .unwrap();
        let theirs = decode_clip(&decoded.stdout).unwrap();
        let name = path.display();
        assert_eq!(ours.source_samples, theirs.source_samples, "{name}");
        let pairs = ours.pcm.samples().iter().zip(theirs.pcm.samples());
        let (mut difference, mut power) = (0.0, 0.0);
        for (a, b) in pairs {
            difference += f64::from(a - b).powi(2);
            power += f64::from(*b).powi(2);
        }
        let error = (difference / power).sqrt();
        assert!(error < 0.01, "{name}: {error}");
    }
}
