//! The machine on a recorded voice: nothing is mocked.

use hark_audio::Encoding;
use proptest::prelude::*;

use super::*;

/// espeak-ng's German voice m3: "Schalte das Licht im Flur ein", 22.05 kHz, 16 bit, with
/// hardly any silence around it.
const VOICE: &[u8] = include_bytes!("../../../../crates/hark-audio/tests/data/espeak-de-m3.wav");
const RATE: u32 = 22_050;
const SILENCE_SAMPLES: usize = RATE as usize;

fn ear(resume: ResumePoint) -> Ear {
    let format = Format::new(Encoding::Linear16, RATE, 1).unwrap();
    Ear::new(format, &endpointing::Config::default(), resume)
}

/// The voice `times` times, each with a second of silence after it.
fn sentences(times: usize) -> Vec<u8> {
    let mut data = Vec::new();
    for _ in 0..times {
        data.extend_from_slice(&VOICE[44..]);
        data.resize(data.len() + 2 * SILENCE_SAMPLES, 0);
    }
    data
}

/// Sends `data` in messages of so many samples, then nothing more.
fn listen(ear: &mut Ear, data: &[u8], samples: usize, offset: u64) -> Vec<Heard> {
    let mut heard = Vec::new();
    let mut at = offset;
    for (i, message) in data.chunks(2 * samples).enumerate() {
        heard.extend(ear.hear(i as u64, at, message).unwrap());
        at += message.len() as u64 / 2;
    }
    heard.extend(ear.finish());
    heard
}

fn spoken(heard: &[Heard]) -> Vec<&Spoken> {
    let spoken = heard.iter().filter_map(|h| match h {
        Heard::Spoken(spoken) => Some(spoken),
        _ => None,
    });
    spoken.collect()
}

#[test]
fn one_sentence_is_one_utterance() {
    let mut ear = ear(ResumePoint::default());
    let heard = listen(&mut ear, &sentences(1), 2_205, 0);
    let [Heard::Begin(begin), Heard::Spoken(spoken)] = &heard[..] else {
        panic!("{} events", heard.len())
    };
    assert_eq!((begin.ordinal, begin.begin), (Ordinal(0), 0));
    assert_eq!(spoken.reason, EndReason::Silence);
    assert!(
        spoken.speech > Duration::from_millis(1_300),
        "{:?}",
        spoken.speech
    );
    assert!(spoken.silence >= Duration::from_millis(500));
    // What is announced is what is cut.
    let announced = (spoken.span.end - spoken.span.begin) * 16_000 / u64::from(RATE);
    let cut = spoken.audio.samples().len() as u64;
    assert!(announced.abs_diff(cut) <= 2, "{announced} {cut}");
}

#[test]
fn speech_that_the_stream_ends_in_is_an_utterance() {
    let mut ear = ear(ResumePoint::default());
    let heard = listen(&mut ear, &VOICE[44..], 441, 0);
    let spoken = spoken(&heard);
    assert_eq!(spoken.len(), 1);
    assert_eq!(spoken[0].reason, EndReason::StreamEnd);
    assert_eq!(spoken[0].span.end, (VOICE.len() as u64 - 44) / 2);
    assert_eq!(ear.finish(), [], "it is over only once");
}

#[test]
fn several_sentences_count_on_and_are_acknowledged_when_settled() {
    let resume = ResumePoint {
        ordinal: Ordinal(5),
        offset_samples: 10_000,
    };
    let mut ear = ear(resume);
    let heard = listen(&mut ear, &sentences(3), 4_410, 10_000);
    let spoken = spoken(&heard);
    let ordinals: Vec<u32> = spoken.iter().map(|s| s.span.ordinal.0).collect();
    assert_eq!(ordinals, [5, 6, 7]);
    assert_eq!(ear.next_ordinal(), Ordinal(8));
    assert_eq!(ear.acknowledged().ordinal, Ordinal(5));
    ear.settle(Ordinal(5));
    let point = ear.acknowledged();
    assert_eq!(point.ordinal, Ordinal(6));
    assert_eq!(point.offset_samples, spoken[1].span.begin);
}

#[test]
fn silence_is_nothing() {
    let mut ear = ear(ResumePoint::default());
    let heard = listen(&mut ear, &[0; 88_200], 2_205, 0);
    let nothing = Heard::Nothing {
        ordinal: Ordinal(0),
        offset: 44_100,
    };
    assert_eq!(heard, [nothing]);
}

#[test]
fn only_what_may_be_needed_is_kept() {
    let mut ear = ear(ResumePoint::default());
    for i in 0..600 {
        ear.hear(i, i * 2_205, &[0; 4_410]).unwrap();
    }
    // A minute of silence: the pre-roll and a message remain.
    assert!(ear.buffer.len() < 8_000, "{}", ear.buffer.len());
}

#[test]
fn messages_out_of_order_are_refused() {
    let mut ear = ear(ResumePoint::default());
    ear.hear(0, 0, &[0; 200]).unwrap();
    let error = ear.hear(0, 100, &[0; 200]).unwrap_err();
    assert!(matches!(
        error,
        Error::Sequence(utterance::Error::Sequence { .. })
    ));
    let error = ear.hear(1, 0, &[0; 200]).unwrap_err();
    assert!(matches!(
        error,
        Error::Sequence(utterance::Error::Offset { .. })
    ));
    let error = ear.hear(1, 100, &[0; 3]).unwrap_err();
    assert!(matches!(error, Error::Audio(_)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn how_messages_are_cut_makes_no_difference(samples in 20_usize..9_000) {
        let data = sentences(2);
        let expect = listen(&mut ear(ResumePoint::default()), &data, 2_205, 0);
        let got = listen(&mut ear(ResumePoint::default()), &data, samples, 0);
        prop_assert_eq!(got, expect);
    }
}
