//! What each part of the template language matches, by which score, and how much work any
//! text and any template can cause.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{lexicon, matcher, sentences, show};
use hark_core::Language;
use hark_intents::{Entry, Lexicon, MAX_READINGS, MAX_TEXT_CHARS, Matcher, Sentences};
use proptest::prelude::*;

/// A matcher for one block in English, given as its lines.
fn block(lines: &str) -> Matcher {
    let lines = lines.replace('\n', "\n        ");
    let yaml = format!(
        "language: en
skip_words: [please, could you]
intents:
  Test:
    data:
      - response: done
        {lines}
lists:
  color:
    values:
      - {{in: 'r(ed|ot)', out: red}}
      - blue
  level:
    values:
      - {{in: high, out: 90, context: {{kind: a}}}}
      - {{in: low, out: 10, context: {{kind: b}}}}
  percent:
    range: {{from: 0, to: 100, step: 5}}
  down:
    range: {{from: 1, to: 10, fractions: halves, multiplier: -1}}
  words: {{wildcard: true, max_words: 2, without: [not]}}
  part: {{wildcard: true, part_of_word: true, without: [egg]}}
  room: {{wildcard: true, max_words: 3, not_in: [area]}}
expansion_rules:
  turn: '(turn|switch)'
  twice: '<turn> <turn>'
"
    );
    let lexicon = lexicon(&Language::english());
    Matcher::compile(&sentences(&yaml).unwrap(), &lexicon).unwrap()
}

/// For one template, the readings of each text, best first.
fn check(template: &str, cases: &[(&str, &[&str])]) {
    let matcher = block(&format!("sentences: [\"{template}\"]"));
    for (text, expect) in cases {
        let readings = matcher.readings(text);
        let got: Vec<_> = readings.iter().map(|r| show(r)[4..].to_owned()).collect();
        assert_eq!(got, *expect, "`{template}` on `{text}`");
    }
}

const NONE: &[&str] = &[];
const PLAIN: &[&str] = &[""];

#[test]
fn words_alternatives_and_options() {
    check(
        "turn on",
        &[
            ("Turn on!", PLAIN),
            ("turn  ON", PLAIN),
            ("turnon", NONE),
            ("turn on it", NONE),
        ],
    );
    check(
        "(turn|switch) it",
        &[("turn it", PLAIN), ("switch it", PLAIN), ("it", NONE)],
    );
    check("turn[ it] on", &[("turn on", PLAIN), ("turn it on", PLAIN)]);
    check(
        "[the ]light[s]",
        &[("light", PLAIN), ("the lights", PLAIN), ("thelight", NONE)],
    );
    check(
        "a [b ][c ]d",
        &[("a d", PLAIN), ("a c d", PLAIN), ("a c b d", NONE)],
    );
    check(
        "e-mail",
        &[("e mail", PLAIN), ("E-Mail", PLAIN), ("email", NONE)],
    );
    check("<twice>", &[("turn switch", PLAIN), ("turn", NONE)]);
    check(
        "(a;b c;d)",
        &[("a b c d", PLAIN), ("d a b c", PLAIN), ("a b d c", NONE)],
    );
}

#[test]
fn lists_give_their_values() {
    check(
        "{color}",
        &[
            ("red", &[" color=red"]),
            ("rot", &[" color=red"]),
            ("blue", &[" color=blue"]),
            ("r", NONE),
        ],
    );
    check("{color:x}es", &[("redes", &[" x=red"]), ("red es", NONE)]);
    check("{level}", &[("high", &[" level=90"])]);
    check(
        "{area}['s] light",
        &[("kids room light", &[" area=\"children's room\""])],
    );
    check("{color} {color}", &[("red blue", &[" color=blue"])]);
}

#[test]
fn ranges_give_numbers() {
    check(
        "{percent} percent",
        &[
            ("50 percent", &[" percent=50"]),
            ("fifty percent", &[" percent=50"]),
            ("52 percent", NONE),
            ("105 percent", NONE),
            ("5 0 percent", NONE),
        ],
    );
    check(
        "{down}",
        &[
            ("two and a half", &[" down=-2.5"]),
            ("2.5", &[" down=-2.5"]),
            ("2.4", NONE),
            ("0", NONE),
        ],
    );
}

#[test]
fn wildcards_take_words() {
    check(
        "add {words}",
        &[
            ("add Milk", &[" words=Milk"]),
            ("add Oat-Milk", &[" words=Oat-Milk"]),
            ("add a b c", NONE),
            ("add not", NONE),
            ("add", NONE),
        ],
    );
    check(
        "{words} {words:more}",
        &[("a b c", &[" more=\"b c\" words=a", " more=c words=\"a b\""])],
    );
}

#[test]
fn wildcards_may_be_parts_of_words_and_keep_off_known_values() {
    check(
        "{part}timer",
        &[
            ("Pizzatimer", &[" part=Pizza"]),
            ("Eggtimer", NONE),
            ("aatimer", NONE),
            ("timer", NONE),
            ("pizza timer", NONE),
        ],
    );
    check(
        "in {room}",
        &[
            ("in Wine Cellar", &[" room=\"Wine Cellar\""]),
            ("in living room", NONE),
            ("in living-room", NONE),
            ("in living room two", &[" room=\"living room two\""]),
        ],
    );
}

#[test]
fn words_may_be_skipped_between_words() {
    check(
        "turn on",
        &[
            ("please turn on", PLAIN),
            ("turn please on please", PLAIN),
            ("could you please turn on", PLAIN),
            ("please", NONE),
            ("pleaseturn on", NONE),
            ("turn on pleases", NONE),
        ],
    );
}

#[test]
fn a_block_says_which_values_it_is_about() {
    let reads = |lines: &str, text: &str| {
        let readings = block(lines).readings(text);
        readings.first().map_or("-".to_owned(), show)
    };
    let name = "sentences: ['open {name}']\n";
    for (lines, text, expect) in [
        ("", "open garage door", "Test name=\"garage door\""),
        (
            "requires_context: {domain: cover}",
            "open garage door",
            "Test name=\"garage door\"",
        ),
        (
            "requires_context: {domain: [lock, cover]}",
            "open garage door",
            "Test name=\"garage door\"",
        ),
        (
            "requires_context: {domain: {value: cover}, area: {slot: true}}",
            "open garage door",
            "Test name=\"garage door\"",
        ),
        ("requires_context: {domain: cover}", "open floor lamp", "-"),
        (
            "requires_context: {domain: cover, device_class: blind}",
            "open garage door",
            "-",
        ),
        (
            "excludes_context: {domain: [light, cover]}",
            "open garage door",
            "-",
        ),
        (
            "slots: {domain: cover, level: 3}",
            "open garage door",
            "Test domain=cover level=3 name=\"garage door\"",
        ),
    ] {
        assert_eq!(reads(&format!("{name}{lines}"), text), expect, "{lines}");
    }
    let local = "sentences: ['<turn> {color}']\nexpansion_rules: {turn: 'rotate'}\nlists: {color: {values: [teal]}}";
    assert_eq!(reads(local, "rotate teal"), "Test color=teal");
    assert_eq!(reads(local, "turn teal"), "-");
    assert_eq!(reads(local, "rotate red"), "-");
    let level = "sentences: ['{level}']\nrequires_context: {kind: b}";
    assert_eq!(reads(level, "low"), "Test level=10");
    assert_eq!(reads(level, "high"), "-");
}

#[test]
fn what_is_known_and_literal_scores_higher() {
    let score = |template: &str, text: &str| {
        let matcher = block(&format!("sentences: ['{template}']"));
        matcher.readings(text)[0].score
    };
    let text = "turn on the hallway light";
    let name = score("turn on the {name}", text);
    let literal = score("turn on the hallway light", text);
    let skipped = score("on the hallway light", "please on the hallway light");
    let part = score("turn on the {words} light", text);
    let wildcard = score("turn on the {words}", text);
    assert!(name > literal && literal > skipped && skipped > part && part > wildcard);
    assert!((literal - 1.0).abs() < 1e-6 && name <= 1.05 && wildcard > 0.1);
    let loose = score("turn on the {name}", "turn on the hall way light");
    assert!(loose < name && loose > part);
}

#[test]
fn the_words_as_spoken_come_with_the_slot() {
    let matcher = matcher(&Language::german());
    let readings = matcher.readings("Schalte das Licht im „Großen Wein-Keller“ ein!");
    let area = &readings[0].intent.slots["area"];
    assert_eq!(area.value.to_string(), "Großen Wein-Keller");
    assert_eq!(area.spoken, "Großen Wein-Keller");
    assert!(readings[0].score < 0.8, "an unknown room scores low");
    let readings = matcher.readings("Mach die FLURLAMPE auf fünfzig Prozent");
    let slots = &readings[0].intent.slots;
    assert_eq!(slots["name"].spoken, "FLURLAMPE");
    assert_eq!(slots["brightness"].spoken, "fünfzig");
    assert_eq!(slots["domain"].spoken, "");
    assert_eq!(readings[0].response, "brightness");
}

#[test]
fn a_known_room_beats_an_unknown_one_and_a_known_name_is_never_unknown() {
    for (text, language) in [
        ("Schalte das Licht im Flur ein", Language::german()),
        ("Turn on the light in the hallway", Language::english()),
    ] {
        let readings = matcher(&language).readings(text);
        assert!(readings[0].score > 0.99, "{text}");
        let areas = readings
            .iter()
            .filter(|r| r.intent.slots.contains_key("area"));
        assert_eq!(areas.count(), 1, "{text}");
    }
}

#[test]
fn a_home_without_names_still_understands_rooms_as_unknown() {
    let language = Language::german();
    let lists = ["name", "area", "floor"].map(|l| (l.to_owned(), Vec::<Entry>::new()));
    let lexicon = Lexicon {
        language: language.clone(),
        lists: lists.into(),
    };
    let matcher = Matcher::compile(&Sentences::builtin(&language).unwrap(), &lexicon).unwrap();
    let readings = matcher.readings("Schalte das Licht im Flur ein");
    assert_eq!(show(&readings[0]), "HassTurnOn area=Flur domain=light");
    assert!(readings[0].score < 0.9);
}

#[test]
fn long_and_empty_texts_have_no_reading() {
    let matcher = block("sentences: ['{words} [a]']");
    assert!(matcher.readings("").is_empty());
    assert!(matcher.readings("?!").is_empty());
    assert!(matcher.readings(&"a".repeat(MAX_TEXT_CHARS)).len() == 1);
    assert!(matcher.readings(&"a".repeat(MAX_TEXT_CHARS + 1)).is_empty());
}

#[test]
fn texts_made_to_cause_work_end() {
    let matchers = [matcher(&Language::german()), matcher(&Language::english())];
    for unit in [
        "im flur ",
        "a ",
        "bitte ",
        "licht im ",
        "21 ",
        "füge auf die liste ",
        "timer für ",
        "please ",
    ] {
        let text: String = unit.chars().cycle().take(MAX_TEXT_CHARS).collect();
        for matcher in &matchers {
            assert!(matcher.readings(&text).len() <= MAX_READINGS);
        }
    }
    // Every way to take part in it would be 2^50 ways.
    let optional = "[a ]".repeat(50) + "b";
    check(&optional, &[("a a a a a a a a b", PLAIN)]);
    let wild = "{words} ".repeat(12);
    let matcher = block(&format!("sentences: ['{wild}']"));
    assert!(matcher.readings(&"x ".repeat(20)).len() <= MAX_READINGS);
}

fn any_template() -> impl Strategy<Value = String> {
    r"([ab ]|\(a\|b\)|\[a|\]|\(|\)|\||;|\{words\}|\{area\}|\{percent\}|\{color\}|<turn>|<twice>|<x>){0,24}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_ends(text in any::<String>(), german in any::<bool>()) {
        let language = if german { Language::german() } else { Language::english() };
        thread_local! {
            static MATCHERS: [Matcher; 2] = [matcher(&Language::german()), matcher(&Language::english())];
        }
        MATCHERS.with(|both| {
            let one = &both[usize::from(*language.primary() == *"en")];
            assert!(one.readings(&text).len() <= MAX_READINGS);
        });
    }

    #[test]
    fn known_words_in_any_order_end(words in prop::collection::vec(
        prop::sample::select(vec!["schalte", "das", "licht", "im", "flur", "ein", "auf", "50", "prozent", "timer",
            "minuten", "setze", "einkaufsliste", "und", "bitte", "heller", "garagentor", "ist", "an"]), 0..30)) {
        thread_local! {
            static GERMAN: Matcher = matcher(&Language::german());
        }
        GERMAN.with(|m| {
            let readings = m.readings(&words.join(" "));
            for pair in readings.windows(2) {
                assert!(pair[0].score >= pair[1].score && pair[0].intent != pair[1].intent);
            }
            for reading in readings {
                assert!(reading.score.is_finite() && reading.score > 0.0 && reading.score <= 1.05);
            }
        });
    }

    #[test]
    fn any_template_is_compiled_or_refused(template in any_template(), text in "[ab0-9 ]{0,40}") {
        let yaml = format!("language: en
intents: {{T: {{data: [{{sentences: ['{template}']}}]}}}}
lists:
  words: {{wildcard: true}}
  percent: {{range: {{from: 0, to: 100}}}}
  color: {{values: [a, {{in: '[a]', out: b}}]}}
expansion_rules: {{turn: 'a|b', twice: '<turn> <turn>', loop: '<loop>'}}
");
        if let Ok(sentences) = sentences(&yaml)
            && let Ok(matcher) = Matcher::compile(&sentences, &lexicon(&Language::english()))
        {
            prop_assert!(matcher.readings(&text).len() <= MAX_READINGS);
        }
    }
}
