//! Recordings against a real `hark up` with the bundled model, and recordings that are
//! none.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use util::{Place, Up, clip, device, redacted};

const FLUR: &str = "de-hallway-on";

fn say(place: &Place, up: &Up, file: &str, more: &[&str]) -> util::Ended {
    let args = [
        "say",
        file,
        "--lang",
        "de",
        "--json",
        "--server",
        &up.address,
    ];
    place.run(&[&args, more].concat())
}

/// The samples of a clip, 16 kHz mono.
fn samples(name: &str) -> Vec<i16> {
    let reader = WavReader::open(clip(name)).unwrap();
    reader.into_samples::<i16>().map(Result::unwrap).collect()
}

/// Writes samples in another form: `bits` each, on `channels`, each one `repeat` times.
fn write(place: &Place, name: &str, spec: WavSpec, repeat: usize, samples: &[i16]) -> String {
    let path = place.path().join(name);
    let mut writer = WavWriter::create(&path, spec).unwrap();
    for sample in samples {
        for _ in 0..repeat * usize::from(spec.channels) {
            match (spec.sample_format, spec.bits_per_sample) {
                (SampleFormat::Float, _) => writer.write_sample(f32::from(*sample) / 32_768.0),
                (_, 8) => writer.write_sample(i32::from(*sample) >> 8),
                (_, 24) => writer.write_sample(i32::from(*sample) << 8),
                _ => writer.write_sample(i32::from(*sample)),
            }
            .unwrap();
        }
    }
    writer.finalize().unwrap();
    path.to_str().unwrap().to_owned()
}

fn spec(bits_per_sample: u16, sample_format: SampleFormat) -> WavSpec {
    WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample,
        sample_format,
    }
}

#[test]
fn a_spoken_sentence_switches_the_lamp_on() {
    let place = Place::new();
    let up = place.up(&[]);
    let file = clip(FLUR);
    let heard = say(&place, &up, file.to_str().unwrap(), &[])
        .done()
        .object();
    let varies = ["session", "trace_id", "file", "timings_ms.*"];
    insta::assert_json_snapshot!("say-on", redacted(heard, &varies));
    assert_eq!(device(&place, &up, "light.hallway")["state"]["state"], "on");
    up.stop();
}

#[test]
fn said_twice_with_the_same_number_it_acts_once() {
    let place = Place::new();
    let up = place.up(&[]);
    let file = clip(FLUR);
    let file = file.to_str().unwrap();
    let session = util::session();
    let same = ["--session", &session, "--ordinal", "7"];
    let first = say(&place, &up, file, &same).done().object();
    let again = say(&place, &up, file, &same).done().object();
    assert_eq!(
        (&first["replayed"], &again["replayed"]),
        (&false.into(), &true.into())
    );
    assert_eq!(
        (&first["ordinal"], &again["ordinal"]),
        (&7.into(), &7.into())
    );
    assert_eq!(first["devices"], again["devices"]);
}

#[test]
fn several_files_are_several_utterances_of_one_session() {
    let place = Place::new();
    let up = place.up(&[]);
    let (a, b) = (clip(FLUR), clip("de-cellar"));
    let server = ["--server", &up.address, "--lang", "de", "--json"];
    let files = ["say", a.to_str().unwrap(), b.to_str().unwrap()];
    let ended = place.run(&[&files[..], &server].concat());
    let heard = ended.json();
    assert_eq!(heard.len(), 2, "{ended:?}");
    assert_eq!(heard[0]["session"], heard[1]["session"]);
    assert_eq!(
        (&heard[0]["ordinal"], &heard[1]["ordinal"]),
        (&0.into(), &1.into())
    );
    assert_eq!(heard[1]["outcome"], "question", "{ended:?}");
    assert_eq!(ended.code, 2, "the worst of both");
}

#[test]
fn wav_of_every_customary_kind_is_heard() {
    let place = Place::new();
    let up = place.up(&[]);
    let clip = samples(FLUR);
    let stereo = WavSpec {
        channels: 2,
        ..spec(16, SampleFormat::Int)
    };
    let fast = WavSpec {
        sample_rate: 48_000,
        ..spec(16, SampleFormat::Int)
    };
    for (name, spec, repeat) in [
        ("8.wav", spec(8, SampleFormat::Int), 1),
        ("24.wav", spec(24, SampleFormat::Int), 1),
        ("float.wav", spec(32, SampleFormat::Float), 1),
        ("stereo.wav", stereo, 1),
        ("48k.wav", fast, 3),
    ] {
        let file = write(&place, name, spec, repeat, &clip);
        let heard = say(&place, &up, &file, &[]).done().object();
        assert_eq!(
            heard["transcript"], "Schalte das Licht im Flur ein",
            "{name}"
        );
    }
}

#[test]
fn what_is_no_recording_is_said_before_anything_is_spoken() {
    let place = Place::new();
    let whole = std::fs::read(clip(FLUR)).unwrap();
    let pcm = spec(16, SampleFormat::Int);
    let empty = write(&place, "empty.wav", pcm, 1, &[]);
    let long = write(&place, "long.wav", pcm, 1, &vec![100; 16_000 * 600]);
    place.file("poem.wav", "Über allen Gipfeln ist Ruh");
    place.file("cut.wav", &whole[..whole.len() / 2]);
    place.file("nothing.wav", "");
    // Nobody listens there: these never get that far.
    let server = ["--server", "127.0.0.1:1"];
    for (file, parts) in [
        ("poem.wav", &["poem.wav"][..]),
        ("cut.wav", &["cut.wav"]),
        ("nothing.wav", &["nothing.wav"]),
        (&*empty, &["empty.wav", "no samples"]),
        (&*long, &["long.wav", "30 s"]),
        ("/no/such.wav", &["/no/such.wav"]),
    ] {
        let args = [&["say", file][..], &server].concat();
        place.run(&args).failed(1, parts);
    }
}

#[test]
fn silence_is_not_understood() {
    let place = Place::new();
    let up = place.up(&[]);
    let pcm = spec(16, SampleFormat::Int);
    let file = write(&place, "silence.wav", pcm, 1, &[0; 32_000]);
    let heard = say(&place, &up, &file, &[]);
    assert_eq!(heard.code, 2, "{heard:?}");
    let heard = heard.object();
    assert_eq!(heard["reply"]["code"], "nothing_heard");
    assert_eq!(heard["transcript"], "");
}

#[test]
fn a_language_that_nobody_speaks_here_is_an_error() {
    let place = Place::new();
    let up = place.up(&[]);
    let file = clip(FLUR);
    let args = [
        "say",
        file.to_str().unwrap(),
        "--lang",
        "fr",
        "--server",
        &up.address,
    ];
    place.run(&args).failed(1, &["fr"]);
}
