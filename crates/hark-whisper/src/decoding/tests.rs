//! Decoding against scripted logits.

use super::*;

const EOT: u32 = 50_257;
const SOT: u32 = 50_258;
const EN: u32 = 50_259;
const DE: u32 = 50_261;
const TRANSCRIBE: u32 = 50_359;
const NO_SPEECH: u32 = 50_362;
const NO_TIMESTAMPS: u32 = 50_363;

/// Gives one scripted row of logits for each step, and keeps what it was given.
struct Scripted {
    script: Vec<Vec<(u32, f32)>>,
    asked: Vec<Vec<u32>>,
}

impl Scripted {
    fn new(script: &[&[(u32, f32)]]) -> Self {
        Self {
            script: script.iter().map(|row| row.to_vec()).collect(),
            asked: Vec::new(),
        }
    }
}

impl Inference for Scripted {
    fn step(&mut self, tokens: &[u32]) -> Result<Logits, Error> {
        let at = self.asked.len().min(self.script.len() - 1);
        self.asked.push(tokens.to_vec());
        let mut row = vec![-20.0; 51_865];
        for (token, logit) in &self.script[at] {
            row[*token as usize] = *logit;
        }
        Ok(Logits::new(51_865, row.repeat(tokens.len())))
    }
}

fn vocabulary() -> Vocabulary {
    let tokens = (0..EOT).map(|id| match u8::try_from(id) {
        Ok(byte) => Box::from([byte]),
        Err(_) => format!("token {id}").into_bytes().into(),
    });
    Vocabulary::new(51_865, tokens.collect()).unwrap()
}

fn run(scripted: &mut Scripted, languages: &[u32], max_tokens: usize) -> Decoded {
    let options = Options {
        languages: languages.to_vec(),
        max_tokens,
    };
    decode(scripted, &vocabulary(), &options, &Cancel::default()).unwrap()
}

fn tokens(decoded: &Decoded) -> Vec<u32> {
    decoded.tokens.iter().map(|c| c.token).collect()
}

#[test]
fn a_given_language_is_prompted_at_once() {
    let mut scripted = Scripted::new(&[&[(1000, 5.0)], &[(1001, 5.0)], &[(EOT, 5.0)]]);
    let decoded = run(&mut scripted, &[DE], 10);
    assert_eq!(tokens(&decoded), [1000, 1001]);
    assert_eq!((decoded.language, decoded.end), (Some(DE), End::Text));
    assert_eq!(
        scripted.asked,
        [
            vec![SOT, DE, TRANSCRIBE, NO_TIMESTAMPS],
            vec![1000],
            vec![1001]
        ]
    );
}

#[test]
fn the_language_is_heard_among_those_that_may_be_spoken() {
    let start: &[(u32, f32)] = &[(EN, 1.0), (DE, 2.0), (DE + 1, 9.0)];
    let mut scripted = Scripted::new(&[start, &[(1000, 5.0)], &[(EOT, 5.0)]]);
    let decoded = run(&mut scripted, &[EN, DE], 10);
    assert_eq!(decoded.language, Some(DE));
    assert_eq!(scripted.asked[1], [DE, TRANSCRIBE, NO_TIMESTAMPS]);
}

#[test]
fn an_english_only_prompt_has_no_language_and_no_task() {
    let mut scripted = Scripted::new(&[&[(1000, 5.0)], &[(EOT, 5.0)]]);
    let decoded = run(&mut scripted, &[], 10);
    assert_eq!(decoded.language, None);
    assert_eq!(scripted.asked[0], [SOT, NO_TIMESTAMPS]);
}

#[test]
fn no_speech_is_its_share_at_the_start() {
    let start: &[(u32, f32)] = &[(NO_SPEECH, 2.0), (1000, 2.0)];
    let mut scripted = Scripted::new(&[start, &[(EOT, 5.0)]]);
    let decoded = run(&mut scripted, &[DE], 10);
    assert!((decoded.no_speech_probability - 0.5).abs() < 1e-4);
}

#[test]
fn nothing_is_written_where_no_speech_is_heard_and_the_end_comes_first() {
    let cases: [(f32, f32, &[u32]); 3] = [
        // (no speech, end) above the others at 5.0
        (9.0, 9.0, &[]),
        (9.0, 4.0, &[1000]),
        (4.0, 9.0, &[1000]),
    ];
    for (no_speech, end, expect) in cases {
        let start: &[(u32, f32)] = &[(NO_SPEECH, no_speech), (DE, 5.0), (EN, 4.9)];
        let first: &[(u32, f32)] = &[(EOT, end), (1000, 5.0)];
        let mut scripted = Scripted::new(&[start, first, &[(EOT, 5.0)]]);
        let decoded = run(&mut scripted, &[EN, DE], 10);
        assert_eq!(tokens(&decoded), expect, "{no_speech} {end}");
        assert_eq!(decoded.end, End::Text);
    }
}

#[test]
fn what_may_not_be_written_is_not() {
    // The end, a blank, a bracket, a language and a timestamp are all likelier.
    let banned: &[(u32, f32)] = &[
        (EOT, 9.0),
        (u32::from(b' '), 9.0),
        (u32::from(b'['), 9.0),
        (EN, 9.0),
        (NO_TIMESTAMPS + 1, 9.0),
        (1000, 1.0),
    ];
    let later: &[(u32, f32)] = &[(u32::from(b' '), 9.0), (u32::from(b'['), 10.0)];
    let mut scripted = Scripted::new(&[banned, later, &[(EOT, 9.0)]]);
    let decoded = run(&mut scripted, &[DE], 10);
    assert_eq!(tokens(&decoded), [1000, u32::from(b' ')]);
}

#[test]
fn tokens_are_capped() {
    let script: Vec<Vec<(u32, f32)>> = (0..50).map(|i| vec![(1000 + i, 5.0)]).collect();
    let mut scripted = Scripted {
        script,
        asked: Vec::new(),
    };
    let decoded = run(&mut scripted, &[DE], 7);
    assert_eq!((decoded.tokens.len(), decoded.end), (7, End::Cap));
}

#[test]
fn endless_repetition_ends_with_one_round() {
    let mut scripted = Scripted::new(&[&[(1000, 5.0)]]);
    let decoded = run(&mut scripted, &[DE], 100);
    assert_eq!(tokens(&decoded), [1000]);
    assert_eq!(decoded.end, End::Repetition);
}

#[test]
fn cancelling_ends_it_before_the_next_token() {
    let cancel = Cancel::default();
    cancel.cancel();
    let mut scripted = Scripted::new(&[&[(1000, 5.0)]]);
    let options = Options {
        languages: vec![DE],
        max_tokens: 10,
    };
    let result = decode(&mut scripted, &vocabulary(), &options, &cancel);
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(scripted.asked.len(), 1);
}

#[test]
fn the_cap_follows_the_length_of_the_audio() {
    for (seconds, expect) in [(0.0, 8), (1.0, 16), (3.0, 32), (30.0, 224)] {
        assert_eq!(max_tokens(seconds), expect);
    }
}
