//! Endpointing driven by rows of frames.

use proptest::prelude::*;

use super::*;

const SPEECH: f32 = 0.9;
const SILENCE: f32 = 0.05;

fn frames(parts: &[(f32, u64)]) -> Vec<f32> {
    let part = |(p, ms): &(f32, u64)| std::iter::repeat_n(*p, (ms / 16) as usize);
    parts.iter().flat_map(part).collect()
}

fn run(config: &Config, frames: &[f32]) -> Vec<Event> {
    let mut endpointer = Endpointer::new(config);
    let mut events: Vec<Event> = frames.iter().filter_map(|p| endpointer.push(*p)).collect();
    events.extend(endpointer.finish(frames.len() as u64 * FRAME_SAMPLES));
    events
}

fn at_ms(ms: u64) -> u64 {
    ms * 16
}

#[test]
fn one_sentence_has_its_margins() {
    let parts = [(SILENCE, 800), (SPEECH, 1_600), (SILENCE, 1_600)];
    let events = run(&Config::default(), &frames(&parts));
    let end = End {
        at: at_ms(2_400 + 240),
        reason: EndReason::Silence,
        speech: ms(1_600),
        silence: ms(512),
    };
    assert_eq!(
        events,
        [Event::Begin { at: at_ms(500) }, Event::End(end)],
        "500 ms of silence are decided at the end of a 16 ms frame"
    );
}

#[test]
fn a_pause_inside_a_sentence_does_not_end_it() {
    let parts = [(SPEECH, 800), (SILENCE, 480), (SPEECH, 800), (SILENCE, 640)];
    let events = run(&Config::default(), &frames(&parts));
    assert_eq!(events.len(), 2, "{events:?}");
}

#[test]
fn quiet_sounds_go_on_with_speech_but_do_not_begin_it() {
    let murmur = 0.4;
    let events = run(&Config::default(), &frames(&[(murmur, 3_200)]));
    assert_eq!(events, [Event::NothingSaid { at: at_ms(3_200) }]);
    let parts = [(SPEECH, 160), (murmur, 1_600), (SILENCE, 640)];
    let events = run(&Config::default(), &frames(&parts));
    let Event::End(end) = events[1] else {
        panic!("{events:?}")
    };
    assert_eq!(end.speech, ms(1_760));
}

#[test]
fn a_click_is_no_utterance() {
    let parts = [(SILENCE, 320), (SPEECH, 32), (SILENCE, 1_600)];
    let events = run(&Config::default(), &frames(&parts));
    assert!(matches!(events[..], [Event::NothingSaid { .. }]));
}

#[test]
fn the_end_of_the_stream_ends_an_utterance() {
    let mut endpointer = Endpointer::new(&Config::default());
    for p in frames(&[(SPEECH, 960)]) {
        endpointer.push(p);
    }
    // The last frame was filled up: the stream is shorter than the frames.
    let Some(Event::End(end)) = endpointer.finish(at_ms(960) - 100) else {
        panic!("still open")
    };
    assert_eq!(end.at, at_ms(960) - 100);
    assert_eq!(end.reason, EndReason::StreamEnd);
    assert_eq!(endpointer.finish(at_ms(960)), None);
}

#[test]
fn speech_without_end_is_cut_and_goes_on_as_the_next_utterance() {
    let config = Config {
        max_utterance: ms(2_000),
        ..Config::default()
    };
    let events = run(&config, &frames(&[(SPEECH, 3_200)]));
    let Event::End(end) = events[1] else {
        panic!("{events:?}")
    };
    assert_eq!((end.at, end.reason), (at_ms(2_000), EndReason::TooLong));
    assert_eq!(events[2], Event::Begin { at: at_ms(2_000) });
}

#[test]
fn nothing_said_is_said_once() {
    let config = Config {
        start_timeout: Some(ms(1_000)),
        ..Config::default()
    };
    let events = run(&config, &frames(&[(SILENCE, 8_000)]));
    assert_eq!(events, [Event::NothingSaid { at: at_ms(1_008) }]);
}

#[test]
fn what_a_speaker_asks_for_is_checked() {
    let asked = |end: Option<u64>, start: Option<u64>, longest: Option<u64>| Asked {
        end_silence: end.map(ms),
        start_timeout: start.map(ms),
        max_utterance: longest.map(ms),
    };
    for (asked, wrong) in [
        (asked(None, None, None), None),
        (asked(Some(200), Some(60_000), Some(30_000)), None),
        (asked(Some(199), None, None), Some("end_silence")),
        (asked(Some(3_001), None, None), Some("end_silence")),
        (asked(None, Some(999), None), Some("start_timeout")),
        (asked(None, None, Some(30_001)), Some("max_utterance")),
    ] {
        let got = Config::default().with(asked).err().map(|e| e.field);
        assert_eq!(got, wrong, "{asked:?}");
    }
    let short = Config::default().with(asked(Some(200), None, None));
    assert_eq!(short.unwrap().post_roll, ms(200));
}

proptest! {
    #[test]
    fn utterances_are_in_order_and_bounded(
        parts in prop::collection::vec((0.0_f32..1.0, 1_usize..80), 0..40),
        end_ms in 200_u64..1_500,
        longest_ms in 1_000_u64..5_000,
        pre_ms in 0_u64..600,
    ) {
        let config = Config {
            end_silence: ms(end_ms),
            max_utterance: ms(longest_ms),
            pre_roll: ms(pre_ms),
            ..Config::default()
        };
        let mut endpointer = Endpointer::new(&config);
        let mut open = None;
        let (mut last_end, mut needed, mut count) = (0, 0, 0);
        for (p, n) in parts {
            for _ in 0..n {
                let event = endpointer.push(p);
                count += 1;
                match event {
                    Some(Event::Begin { at }) => {
                        prop_assert!(open.is_none());
                        prop_assert!(at >= last_end && at >= needed);
                        prop_assert!(at < count * FRAME_SAMPLES);
                        open = Some(at);
                    }
                    Some(Event::End(end)) => {
                        let begin = open.take().expect("one is open");
                        prop_assert!(end.at > begin);
                        prop_assert!(end.at <= count * FRAME_SAMPLES);
                        prop_assert!(end.at - begin <= at_ms(longest_ms));
                        last_end = end.at;
                    }
                    Some(Event::NothingSaid { .. }) => prop_assert!(false),
                    None => {}
                }
                prop_assert!(endpointer.needed_from() >= needed, "it never goes back");
                needed = endpointer.needed_from();
                prop_assert_eq!(endpointer.is_speaking(), open.is_some());
            }
        }
        let event = endpointer.finish(count * FRAME_SAMPLES);
        prop_assert_eq!(matches!(event, Some(Event::End(_))), open.is_some());
    }

    #[test]
    fn clear_speech_is_always_found(
        before in 0_u64..200, speech in 3_u64..500, p in 0.5_f32..1.0,
    ) {
        let config = Config::default();
        let parts = [(SILENCE, before * 16), (p, speech * 16), (SILENCE, 640)];
        let events = run(&config, &frames(&parts));
        prop_assert_eq!(events.len(), 2);
        let Event::Begin { at } = events[0] else { panic!("{events:?}") };
        prop_assert_eq!(at, (before * 256).saturating_sub(at_ms(300)));
    }
}
