//! German number words.

use super::{Words, table};

const ONES: [&str; 20] = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
];
const TENS: [&str; 10] = [
    "", "zehn", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig",
    "neunzig",
];

pub(super) fn words() -> Words {
    let usual = (0..1000).map(|n| (spell(n), n));
    // "hundertfünf", "hundertundfünf".
    let hundreds = (100..1000).flat_map(|n| {
        let rest = if n % 100 == 0 {
            String::new()
        } else {
            below_hundred(n % 100)
        };
        let bare = match n / 100 {
            1 => "hundert".to_owned(),
            _ => hundred(n / 100),
        };
        let with_and = match n % 100 {
            0 => bare.clone(),
            _ => format!("{bare}und{rest}"),
        };
        [(format!("{bare}{rest}"), n), (with_and, n)]
    });
    let inflected = ["ein", "eine", "einen", "einem", "einer", "eines"].map(|w| (w.to_owned(), 1));
    let clearer = [("zwo".to_owned(), 2)];
    // "hundertein Grad", "zweihunderteine Minuten", "siebenhunderteintausend".
    let ones = (1..10).flat_map(|hundreds| {
        let stem = spell(hundreds * 100 + 1);
        let stem = stem.trim_end_matches('s').to_owned();
        let short = stem.trim_start_matches("ein").to_owned();
        let number = hundreds * 100 + 1;
        let each = [stem, short].map(|s| [(format!("{s}e"), number), (s, number)]);
        each.into_iter().flatten()
    });
    Words {
        below_thousand: table(
            usual
                .chain(hundreds)
                .chain(inflected)
                .chain(clearer)
                .chain(ones),
        ),
        thousand: "tausend",
        and: "und",
        point: " komma ",
        and_a_half: &["einhalb", " einhalb", "undeinhalb", " und ein halb"],
        fixed: &[
            ("anderthalb", 1.5),
            ("anderthalbe", 1.5),
            ("anderthalben", 1.5),
        ],
        spell,
        joint: "",
    }
}

fn spell(number: u32) -> String {
    match number {
        0..100 => below_hundred(number),
        _ if number.is_multiple_of(100) => hundred(number / 100),
        _ => hundred(number / 100) + &below_hundred(number % 100),
    }
}

/// A multiple of 100; an empty text for what is not one of the ten digits.
fn hundred(hundreds: u32) -> String {
    stem(hundreds).to_owned() + "hundert"
}

fn below_hundred(number: u32) -> String {
    match number {
        0..20 => word(&ONES, number).to_owned(),
        _ if number.is_multiple_of(10) => word(&TENS, number / 10).to_owned(),
        _ => format!("{}und{}", stem(number % 10), word(&TENS, number / 10)),
    }
}

/// A digit as it stands before "und" and "hundert".
fn stem(digit: u32) -> &'static str {
    match digit {
        1 => "ein",
        _ => word(&ONES, digit),
    }
}

fn word(words: &[&'static str], at: u32) -> &'static str {
    words.get(at as usize).copied().unwrap_or("")
}
