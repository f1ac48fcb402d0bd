//! Numbers as people say and recognisers write them: digits, words, halves, decimals.
//!
//! Works on text in the crate's one spelling (lower case, `fuenf`, one space between
//! words): digits (`21`, `21.5`) or words up to 999,999 (`einundzwanzig`, `ein und
//! zwanzig`, `twenty one`, `one hundred and five`), with decimals (`komma fuenf`, `point
//! five`) and halves (`anderthalb`, `zweieinhalb`, `two and a half`).

mod english;
mod german;

use std::sync::LazyLock;

use hark_core::Language;

use crate::normalize::normalize;
use crate::trie::Trie;

/// The largest number that is understood as words.
pub const MAX_SPELLED: u32 = 999_999;

/// The number that a whole text says, or `None`.
pub fn parse(text: &str, language: &Language) -> Option<f64> {
    let text = normalize(text).text;
    let mut found = prefixes(&text, language).into_iter();
    found.find_map(|(end, number)| (end == text.len()).then_some(number))
}

/// A number in words: `einundzwanzig`, `twenty-one`. `None` above [`MAX_SPELLED`] or for
/// languages other than German and English.
pub fn spell(number: u32, language: &Language) -> Option<String> {
    let words = words(language)?;
    match (number / 1000, number % 1000) {
        (0, below) => Some((words.spell)(below)),
        (thousands, below) if number <= MAX_SPELLED => {
            let mut text = (words.spell)(thousands);
            if words.thousand == "tausend" && text.ends_with("eins") {
                text.pop();
            }
            text = text + words.joint + words.thousand;
            if below > 0 {
                text = text + words.joint + &(words.spell)(below);
            }
            Some(text)
        }
        _ => None,
    }
}

/// Makes the number words of a language ready, so that no sentence has to wait for them.
pub(crate) fn prepare(language: &Language) {
    words(language);
}

/// Every number that a normalised text starts with, with the number of bytes it takes.
pub(crate) fn prefixes(text: &str, language: &Language) -> Vec<(usize, f64)> {
    let Some(words) = words(language) else {
        return digits(text).into_iter().collect();
    };
    let whole = match digits(text) {
        Some(found) => vec![found],
        None => words.whole(text),
    };
    let mut found = words.fixed(text);
    for (end, number) in whole {
        found.push((end, number));
        if number.fract() == 0.0 {
            let rest = text.get(end..).unwrap_or("");
            let parts = words.fractions(rest).into_iter();
            found.extend(parts.map(|(more, part)| (end + more, number + part)));
        }
    }
    found
}

/// The digits that a text starts with, all of them.
fn digits(text: &str) -> Option<(usize, f64)> {
    let other = |c: char| !c.is_ascii_digit() && c != '.';
    let end = text.find(other).unwrap_or(text.len());
    let number = text.get(..end)?;
    let plain = number.starts_with(|c: char| c.is_ascii_digit()) && end <= 12;
    Some((end, number.parse().ok().filter(|_| plain)?))
}

/// The number words of a language.
struct Words {
    /// 0 to 999, normalised.
    below_thousand: Trie,
    /// The word for 1,000.
    thousand: &'static str,
    /// What may come between thousands and the rest.
    and: &'static str,
    /// The decimal point.
    point: &'static str,
    /// What adds a half, normalised, each with the space before it if there is one.
    and_a_half: &'static [&'static str],
    /// Words that are numbers with a fraction, normalised.
    fixed: &'static [(&'static str, f64)],
    /// 0 to 999 in words.
    spell: fn(u32) -> String,
    /// What thousands and the rest are joined by.
    joint: &'static str,
}

fn words(language: &Language) -> Option<&'static Words> {
    static GERMAN: LazyLock<Words> = LazyLock::new(german::words);
    static ENGLISH: LazyLock<Words> = LazyLock::new(english::words);
    match language.primary() {
        "de" => Some(&GERMAN),
        "en" => Some(&ENGLISH),
        _ => None,
    }
}

fn table(spellings: impl Iterator<Item = (String, u32)>) -> Trie {
    let mut trie = Trie::default();
    for (text, number) in spellings {
        trie.insert(&normalize(&text).text, number);
    }
    trie
}

impl Words {
    /// Whole numbers that `text` starts with.
    fn whole(&self, text: &str) -> Vec<(usize, f64)> {
        let below = self.below_thousand(text);
        let mut found = Vec::new();
        let bare = std::iter::once(&(0, 1));
        for &(end, thousands) in bare.chain(&below) {
            let Some(after) = self.thousand_at(text, end) else {
                continue;
            };
            if thousands == 0 {
                continue;
            }
            found.push((after, f64::from(thousands) * 1000.0));
            let rest = text.get(after..).unwrap_or("");
            let joined = rest.strip_prefix(' ').unwrap_or(rest);
            let joined = joined.strip_prefix(self.and).unwrap_or(joined);
            let joined = joined.strip_prefix(' ').unwrap_or(joined);
            let skipped = rest.len() - joined.len();
            for (more, ones) in self.below_thousand(joined) {
                found.push((after + skipped + more, f64::from(thousands * 1000 + ones)));
            }
        }
        found.extend(below.into_iter().map(|(end, n)| (end, f64::from(n))));
        found
    }

    fn below_thousand(&self, text: &str) -> Vec<(usize, u32)> {
        let mut found = Vec::new();
        self.below_thousand.walk(text, 0, |end, numbers| {
            found.extend(numbers.iter().map(|n| (end, *n)));
        });
        found
    }

    /// Where the word for 1,000 ends that starts at `at`, or behind a space there.
    fn thousand_at(&self, text: &str, at: usize) -> Option<usize> {
        let rest = text.get(at..)?;
        let word = rest.strip_prefix(' ').unwrap_or(rest);
        let after = word.strip_prefix(self.thousand)?;
        Some(text.len() - after.len())
    }

    /// What a whole number may be followed by, and what it adds.
    fn fractions(&self, rest: &str) -> Vec<(usize, f64)> {
        let halves = self
            .and_a_half
            .iter()
            .filter(|half| rest.starts_with(**half));
        let mut found: Vec<_> = halves.map(|half| (half.len(), 0.5)).collect();
        let Some(after) = rest.strip_prefix(self.point) else {
            return found;
        };
        let mut scale = 0.1;
        let (mut sum, mut at) = (0.0, 0);
        // One digit at a time; no more than three, as in "three point one four two".
        for _ in 0..3 {
            let tail = after.get(at..).unwrap_or("");
            let digit = digits(tail).filter(|d| d.1 < 10.0 && d.1.fract() == 0.0);
            let word = self
                .below_thousand(tail)
                .into_iter()
                .rfind(|(_, n)| *n < 10);
            let Some((end, digit)) = digit.or(word.map(|(end, n)| (end, f64::from(n)))) else {
                break;
            };
            sum += digit * scale;
            scale /= 10.0;
            at += end;
            found.push((self.point.len() + at, sum));
            if !after.get(at..).unwrap_or("").starts_with(' ') {
                break;
            }
            at += 1;
        }
        found
    }

    fn fixed(&self, text: &str) -> Vec<(usize, f64)> {
        let hits = self.fixed.iter().filter(|(word, _)| text.starts_with(word));
        hits.map(|(word, number)| (word.len(), *number)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(language: &Language, cases: &[(&str, Option<f64>)]) {
        for (text, expect) in cases {
            let got = parse(text, language);
            let same = match (got, expect) {
                (Some(got), Some(expect)) => (got - expect).abs() < 1e-9,
                (got, expect) => got == *expect,
            };
            assert!(same, "{text}: {got:?}, expected {expect:?}");
        }
    }

    #[test]
    fn german_numbers() {
        check(
            &Language::german(),
            &[
                ("null", Some(0.0)),
                ("eins", Some(1.0)),
                ("eine", Some(1.0)),
                ("zwo", Some(2.0)),
                ("fünf", Some(5.0)),
                ("fuenf", Some(5.0)),
                ("zwölf", Some(12.0)),
                ("sechzehn", Some(16.0)),
                ("siebzehn", Some(17.0)),
                ("dreißig", Some(30.0)),
                ("dreissig", Some(30.0)),
                ("einundzwanzig", Some(21.0)),
                ("ein und zwanzig", Some(21.0)),
                ("hundert", Some(100.0)),
                ("einhundert", Some(100.0)),
                ("hundertfünf", Some(105.0)),
                ("hundertundfünf", Some(105.0)),
                ("zweihundertfünfzig", Some(250.0)),
                ("tausend", Some(1000.0)),
                ("zweitausend", Some(2000.0)),
                ("dreitausend siebenhundert", Some(3700.0)),
                ("anderthalb", Some(1.5)),
                ("eineinhalb", Some(1.5)),
                ("zweieinhalb", Some(2.5)),
                ("zwei einhalb", Some(2.5)),
                ("zwanzigeinhalb", Some(20.5)),
                ("einundzwanzig Komma fünf", Some(21.5)),
                ("21 Komma 5", Some(21.5)),
                ("21,5", Some(21.5)),
                ("3,25", Some(3.25)),
                ("drei Komma eins fünf", Some(3.15)),
                ("1.000", Some(1000.0)),
                ("007", Some(7.0)),
                ("1.2.3", None),
                ("einsundzwanzig", None),
                ("zwanzigein", None),
                ("", None),
                ("Licht", None),
                ("9999999999999999999", None),
            ],
        );
    }

    #[test]
    fn english_numbers() {
        check(
            &Language::english(),
            &[
                ("zero", Some(0.0)),
                ("twelve", Some(12.0)),
                ("forty", Some(40.0)),
                ("twenty-one", Some(21.0)),
                ("twenty one", Some(21.0)),
                ("a hundred", Some(100.0)),
                ("one hundred and five", Some(105.0)),
                ("a hundred five", Some(105.0)),
                ("two thousand", Some(2000.0)),
                ("a thousand", Some(1000.0)),
                ("two thousand and one", Some(2001.0)),
                ("one and a half", Some(1.5)),
                ("twenty point five", Some(20.5)),
                ("21.5", Some(21.5)),
                ("1,500", Some(1500.0)),
                ("twenty eleven", None),
                ("fuenf", None),
            ],
        );
    }

    proptest! {
        #[test]
        fn words_and_back(number in 0..=MAX_SPELLED, german in any::<bool>()) {
            let language = if german { Language::german() } else { Language::english() };
            let spelled = spell(number, &language).unwrap();
            prop_assert_eq!(parse(&spelled, &language), Some(f64::from(number)), "{}", spelled);
            // Recognisers write umlauts, hyphens, capitals and spaces as they like.
            let other = spelled.to_uppercase().replace('ü', "ue").replace('-', " ");
            prop_assert_eq!(parse(&other, &language), Some(f64::from(number)), "{}", other);
        }

        #[test]
        fn digits_and_back(number in 0u32..10_000_000, tenths in 0u32..10) {
            for language in [Language::german(), Language::english()] {
                let value = parse(&number.to_string(), &language);
                prop_assert_eq!(value, Some(f64::from(number)));
            }
            let value = parse(&format!("{number},{tenths}"), &Language::german()).unwrap();
            prop_assert!((value - f64::from(number) - f64::from(tenths) / 10.0).abs() < 1e-6);
        }

        #[test]
        fn any_text_has_numbers_or_none(text in any::<String>()) {
            let normal = normalize(&text).text;
            for language in [Language::german(), Language::english()] {
                for (end, number) in prefixes(&normal, &language) {
                    prop_assert!(normal.is_char_boundary(end) && number.is_finite());
                }
            }
        }
    }

    #[test]
    fn numbers_beyond_the_largest_are_not_spelled() {
        assert_eq!(spell(1_000_000, &Language::german()), None);
        assert_eq!(spell(1, &Language::parse("fr").unwrap()), None);
    }
}
