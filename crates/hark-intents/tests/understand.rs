//! Several commands in a sentence, words misheard, alternatives of a recogniser, and input
//! that is none: what [`Matcher::understand`] makes of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{matcher, show};
use hark_core::Language;
use hark_intents::Matcher;
use proptest::prelude::*;

fn understood(matcher: &Matcher, texts: &[&str], fuzzy: bool) -> String {
    let commands = matcher.understand(texts, fuzzy).commands;
    let best: Vec<String> = commands
        .iter()
        .filter_map(|c| c.first())
        .map(show)
        .collect();
    best.join(" + ")
}

#[test]
fn several_commands_share_what_they_leave_out() {
    let german = matcher(&Language::german());
    let english = matcher(&Language::english());
    for (matcher, text, expect) in [
        (
            &german,
            "Mach das Licht im Flur aus und die Heizung im Bad auf 18 Grad",
            "HassTurnOff area=Flur domain=light + HassClimateSetTemperature area=Bad temperature=18",
        ),
        (
            &german,
            "Mach das Licht im Flur und in der Küche an",
            "HassTurnOn area=Flur domain=light + HassTurnOn area=Küche domain=light",
        ),
        (
            &german,
            "Schalte die Stehlampe ein und dann die Kaffeemaschine aus",
            "HassTurnOn name=Stehlampe + HassTurnOff name=Kaffeemaschine",
        ),
        (
            &english,
            "Turn on the lights in the kitchen and the hallway",
            "HassTurnOn area=kitchen domain=light + HassTurnOn area=hallway domain=light",
        ),
        (
            &english,
            "Turn the floor lamp and the coffee machine off",
            "HassTurnOff name=\"floor lamp\" + HassTurnOff name=\"coffee machine\"",
        ),
        // One item with "und" in it is one command.
        (
            &german,
            "Setz Salz und Pfeffer auf die Einkaufsliste",
            "HassListAddItem item=\"Salz und Pfeffer\" name=Einkaufsliste",
        ),
    ] {
        assert_eq!(understood(matcher, &[text], false), expect, "{text}");
    }
}

#[test]
fn words_misheard_are_taken_for_what_they_sound_like() {
    let german = matcher(&Language::german());
    for (text, expect) in [
        (
            "Schalte das Licht im Fluhr ein",
            "HassTurnOn area=Flur domain=light",
        ),
        (
            "Schalde das Licht im Flur ein",
            "HassTurnOn area=Flur domain=light",
        ),
        ("Mach die Stelampe aus", "HassTurnOff name=Stehlampe"),
        (
            "Stelle einen Teimer auf fünf Minuten",
            "HassStartTimer minutes=5",
        ),
        // What was meant by these nobody knows.
        ("Mach das nicht an", ""),
        ("Gestern war schönes Wetter", ""),
    ] {
        assert_eq!(understood(&german, &[text], true), expect, "{text}");
        // Asked to be exact, it is exact.
        let exact = understood(&german, &[text], false);
        assert!(expect.is_empty() || exact != expect, "{text}");
    }
}

#[test]
fn a_room_that_is_not_there_stays_a_question() {
    let german = matcher(&Language::german());
    for text in [
        "Mach das Licht im Weinkeller an",
        "Mach das Licht im Wintergarten an",
    ] {
        let commands = german.understand(&[text], true).commands;
        let intent = &commands[0][0].intent;
        let area = intent.text("area").unwrap();
        assert!(text.contains(area), "{text}: {area}");
    }
}

#[test]
fn the_first_alternative_that_is_a_sentence_counts() {
    let german = matcher(&Language::german());
    let texts = [
        "Schall das Gedicht im Chor ein",
        "Schalte das Licht im Flur ein",
    ];
    let found = german.understand(&texts, true);
    assert_eq!((found.text, found.fuzzy), (1, false));
    assert_eq!(
        show(&found.commands[0][0]),
        "HassTurnOn area=Flur domain=light"
    );
    assert_eq!(german.understand(&[], true).commands, Vec::<Vec<_>>::new());
}

#[test]
fn what_is_no_sentence_is_nothing_in_bounded_time() {
    let german = matcher(&Language::german());
    let and = "Licht und ".repeat(99);
    let misheard = "Lischt Fluhr Stelampe Kafemaschine ".repeat(28);
    for text in [
        &*and,
        &*misheard,
        &"x".repeat(1 << 20),
        &"wort ".repeat(10_000),
        "🙂🙂 und 🙂",
        "\u{0}\u{7}\u{1b}[31m und \u{202e}tхgil",
        "und und und und und",
        ", , , und ,",
    ] {
        let start = Instant::now();
        let found = german.understand(&[text], true);
        assert!(start.elapsed() < Duration::from_secs(20), "{}", text.len());
        assert!(found.commands.is_empty(), "{text:.40}: {found:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_understood_or_not_without_a_panic(text in any::<String>()) {
        let german = matcher_once();
        german.understand(&[&text], true);
    }

    #[test]
    fn a_sentence_with_noise_in_a_word_never_switches_another_room(
        at in 0_usize..29, letter in "[a-z]",
    ) {
        let mut text: Vec<char> = "Schalte das Licht im Flur ein".chars().collect();
        text[at] = letter.chars().next().unwrap();
        let text: String = text.into_iter().collect();
        let commands = matcher_once().understand(&[&text], true).commands;
        for reading in commands.iter().filter_map(|c| c.first()) {
            if let Some(area) = reading.intent.text("area") {
                // The hallway, or the words as they were said: a question.
                prop_assert!(area == "Flur" || text.contains(area), "{}: {}", text, area);
            }
        }
    }
}

fn matcher_once() -> &'static Matcher {
    static MATCHER: std::sync::OnceLock<Matcher> = std::sync::OnceLock::new();
    MATCHER.get_or_init(|| matcher(&Language::german()))
}
