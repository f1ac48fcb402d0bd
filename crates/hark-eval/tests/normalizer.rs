//! What the normaliser takes for the same, and what it does not, in both languages.

use hark_core::Language;
use hark_eval::normalize::{same, squeezed, words};
use hark_intents::numbers::spell;
use proptest::prelude::*;

fn check(language: &Language, cases: &[(&str, &str)]) {
    for (text, expect) in cases {
        assert_eq!(words(text, language).join(" "), *expect, "{text}");
    }
}

#[test]
fn german() {
    check(
        &Language::german(),
        &[
            // Case, punctuation, hyphens, space, compatibility forms.
            (
                "Schalte das Licht im Flur ein!",
                "schalte das licht im flur ein",
            ),
            ("  To-do-Liste …", "to do liste"),
            ("„Küche“ KÜCHE, Ku\u{308}che", "küche küche küche"),
            ("ﬁx ５０", "fix 50"),
            ("geht’s geht's", "gehts gehts"),
            // Neither ß nor umlauts are anything else.
            ("schließ schliess Kueche", "schließ schliess kueche"),
            // Numbers.
            ("einundzwanzig, ein und zwanzig, 21", "21 21 21"),
            ("zwölf zwoelf 12", "12 12 12"),
            ("hundertfünf", "105"),
            ("zweitausendsechsundzwanzig", "2026"),
            (
                "1.000 Sekunden, 1000 Sekunden",
                "1000 sekunden 1000 sekunden",
            ),
            ("05", "5"),
            (
                "einundzwanzig Komma fünf Grad, 21,5°",
                "21.5 degrees 21.5 degrees",
            ),
            ("anderthalb Stunden", "1.5 stunden"),
            ("eins zwei drei vier", "1 2 3 4"),
            ("Schalte ein Licht ein", "schalte ein licht ein"),
            ("Eins", "1"),
            ("eine Minute", "eine minute"),
            (
                "fünfminütig Dreizimmerwohnung",
                "fünfminütig dreizimmerwohnung",
            ),
            (
                "auf -5 Grad, auf minus fünf Grad",
                "auf minus 5 degrees auf minus 5 degrees",
            ),
            ("20min", "20 min"),
            // Percent and degrees.
            (
                "50% 50 % fünfzig Prozent",
                "50 percent 50 percent 50 percent",
            ),
            (
                "20°C, 20 ℃, 20 Grad Celsius",
                "20 degrees 20 degrees 20 degrees",
            ),
            // Times of day.
            ("um 7:30 Uhr", "um 7 30"),
            ("um 7 Uhr 30", "um 7 30"),
            ("um sieben Uhr dreißig", "um 7 30"),
            ("um 7:30", "um 7 30"),
            ("um 7:00 Uhr um 7 Uhr", "um 7 uhr um 7 uhr"),
            ("um 7:05 Uhr", "um 7 5"),
            ("um 20 Uhr 15 wecken", "um 20 15 wecken"),
            ("um halb acht", "um halb 8"),
            ("wie viel Uhr ist es", "wie viel uhr ist es"),
            ("", ""),
            ("?!", ""),
        ],
    );
}

#[test]
fn english() {
    check(
        &Language::english(),
        &[
            ("What's the weather?", "whats the weather"),
            ("twenty-one, twenty one, 21", "21 21 21"),
            ("one hundred and five", "105"),
            ("two thousand", "2000"),
            ("1,500 1500", "1500 1500"),
            ("a timer for a hundred seconds", "a timer for 100 seconds"),
            ("one minute, a minute", "1 minute a minute"),
            (
                "fifty percent, 50 per cent, 50%",
                "50 percent 50 percent 50 percent",
            ),
            ("68 degrees, 68°", "68 degrees 68 degrees"),
            ("20 degrees Celsius 20 °C", "20 degrees 20 degrees"),
            ("7:30 p.m.", "7 30 pm"),
            ("seven thirty p.m.", "7 30 pm"),
            ("7:30 PM", "7 30 pm"),
            ("at 7:00 a.m.", "at 7 am"),
            ("seven o'clock", "7 oclock"),
            ("I am a man", "i am a man"),
            ("two and a half hours", "2.5 hours"),
        ],
    );
}

#[test]
fn another_language_keeps_its_words() {
    let french = Language::parse("fr").unwrap();
    check(&french, &[("L'été: 20 %, vingt", "lété 20 percent vingt")]);
}

#[test]
fn a_german_article_may_be_a_one() {
    for (a, b, expect) in [
        ("1", "eine", true),
        ("einen", "1", true),
        ("ein", "eine", false),
        ("1", "a", false),
        ("1", "2", false),
        ("an", "an", true),
    ] {
        assert_eq!(same(a, b), expect, "{a} {b}");
    }
}

#[test]
fn whole_sentences_are_compared_by_letters_and_digits() {
    let german = Language::german();
    let squeeze = |text: &str| squeezed(&words(text, &german));
    assert_eq!(squeeze("Haushalt-Liste"), squeeze("Haushaltliste"));
    assert_eq!(squeeze("um 7:30"), "um7 30");
    assert_ne!(squeeze("um 7:30"), squeeze("um 730"));
}

proptest! {
    #[test]
    fn numbers_are_alike_as_words_and_figures(number in 0_u32..10_000, german in any::<bool>()) {
        let language = if german { Language::german() } else { Language::english() };
        let spelled = spell(number, &language).unwrap();
        prop_assert_eq!(words(&spelled, &language), [number.to_string()]);
        prop_assert_eq!(words(&number.to_string(), &language), [number.to_string()]);
    }

    #[test]
    fn any_text_has_words_of_letters_and_digits(text in any::<String>()) {
        for language in [Language::german(), Language::english()] {
            for word in words(&text, &language) {
                prop_assert!(!word.is_empty() && !word.contains(char::is_whitespace));
            }
        }
    }

    #[test]
    fn case_and_punctuation_do_not_matter(text in "[a-zäöü]{1,6}( [a-zäöü]{1,6}){0,5}") {
        let german = Language::german();
        let shouted = format!("„{}!“", text.to_uppercase().replace(' ', " … "));
        prop_assert_eq!(words(&shouted, &german), words(&text, &german));
    }
}
