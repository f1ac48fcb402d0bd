//! One spelling for what was said and what was heard, so that a way of writing is no
//! error.
//!
//! In this order: compatibility forms are resolved (NFKC), letters are lower case,
//! apostrophes are gone (`what's` is `whats`), `%` and `°` are words, what is neither
//! letter nor digit separates words, a digit before a letter too (`20min`). Then, in
//! German and English: `Prozent`, `percent`, `per cent` are `%`'s word; `Grad`, `degree`,
//! `degrees` are `°`'s, and `Celsius` or `C` behind it is gone; number words are figures
//! (`einundzwanzig`, `twenty one`: `21`; `21,5`, `21 Komma 5`: `21.5`; `1.000`: `1000`;
//! `05`: `5`); `a.m.`, `p.m.` behind a number are one word; `7:30 Uhr`, `7 Uhr 30` and
//! `7:30` are `7 30`, `7:00` is `7`.
//!
//! What stays as it is: `ß` and umlauts, contractions, hesitations, ordinals, names, the
//! articles (`ein`, `eine`, `a`): they are no numbers, but [`same`] takes German ones
//! for a `1`.

use hark_core::Language;
use hark_intents::numbers;
use unicode_normalization::UnicodeNormalization as _;

/// The most words that one number is looked for in.
const LONGEST_NUMBER: usize = 8;
/// What `%` is.
const PERCENT: &str = "percent";
/// What `°` is.
const DEGREES: &str = "degrees";
/// Articles, which are no numbers by themselves.
const ARTICLES: [&str; 8] = ["ein", "eine", "einen", "einem", "einer", "eines", "a", "an"];

/// The words of a text in the one spelling.
pub fn words(text: &str, language: &Language) -> Vec<String> {
    let tokens = Scanner::scan(text);
    match language.primary() {
        "de" => clock(&figures(&units(tokens, &["prozent"], &["grad"]), language)),
        "en" => {
            let units = units(per_cent(tokens), &["percent"], &["degree", "degrees"]);
            half_days(figures(&units, language))
        }
        _ => tokens,
    }
}

/// Letters and digits alone, for comparing whole sentences: how they are parted into
/// words does not matter (`Garagen Tor`), but two numbers stay two.
pub fn squeezed(words: &[String]) -> String {
    let mut out = String::new();
    let mut after_number = false;
    for word in words {
        if after_number && is_number(word) {
            out.push(' ');
        }
        out.push_str(word);
        after_number = is_number(word);
    }
    out
}

/// Whether two words in the one spelling are the same word.
pub fn same(a: &str, b: &str) -> bool {
    let one = |a: &str, b: &str| a == "1" && b.starts_with("ein") && ARTICLES.contains(&b);
    a == b || one(a, b) || one(b, a)
}

/// Takes a text apart into words.
#[derive(Debug, Default)]
struct Scanner {
    words: Vec<String>,
    word: String,
}

impl Scanner {
    fn scan(text: &str) -> Vec<String> {
        let chars: Vec<char> = text.nfkc().flat_map(char::to_lowercase).collect();
        let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
        let mut scanner = Self::default();
        let mut i = 0;
        while let Some(&c) = chars.get(i) {
            let before = i.checked_sub(1).map_or(' ', at);
            let in_number = before.is_ascii_digit() && at(i + 1).is_ascii_digit();
            match c {
                '%' => scanner.whole(PERCENT),
                '°' => scanner.whole(DEGREES),
                '.' | ',' if in_number => scanner.point(&chars, i),
                ':' if in_number => {
                    scanner.end();
                    let full_hour = at(i + 1) == '0' && at(i + 2) == '0';
                    if full_hour && !at(i + 3).is_ascii_digit() {
                        i += 2;
                    }
                }
                '-' | '−' | '–' if !before.is_alphanumeric() && at(i + 1).is_ascii_digit() => {
                    scanner.whole("minus");
                }
                c if is_apostrophe(c) || ('\u{300}'..='\u{36f}').contains(&c) => {}
                c if c.is_alphanumeric() => scanner.letter(c),
                _ => scanner.end(),
            }
            i += 1;
        }
        scanner.end();
        scanner.words
    }

    fn end(&mut self) {
        if !self.word.is_empty() {
            self.words.push(std::mem::take(&mut self.word));
        }
    }

    fn whole(&mut self, word: &str) {
        self.end();
        self.words.push(word.to_owned());
    }

    fn letter(&mut self, c: char) {
        if c.is_alphabetic() && self.word.ends_with(|l: char| l.is_ascii_digit()) {
            self.end();
        }
        self.word.push(c);
    }

    /// A point or comma between digits: nothing before three digits (`1.000`), else the
    /// decimal point.
    fn point(&mut self, chars: &[char], at: usize) {
        let digits = chars[at + 1..].iter().take(4);
        let digits = digits.take_while(|c| c.is_ascii_digit()).count();
        let thousands = digits == 3 && self.word != "0" && !self.word.contains('.');
        if !thousands {
            self.word.push('.');
        }
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '´' | '`' | 'ʼ')
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

fn per_cent(tokens: Vec<String>) -> Vec<String> {
    joined(tokens, |a, b| {
        (a == "per" && b == "cent").then_some("percent")
    })
}

fn half_days(tokens: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for token in tokens {
        let half = match (&*token, &out[..]) {
            ("m", [.., number, half]) if is_number(number) && half == "p" => Some("pm"),
            ("m", [.., number, half]) if is_number(number) && half == "a" => Some("am"),
            _ => None,
        };
        match (half, out.last_mut()) {
            (Some(half), Some(last)) => half.clone_into(last),
            _ => out.push(token),
        }
    }
    out
}

/// Makes one word of two, where `join` says so.
fn joined(tokens: Vec<String>, join: impl Fn(&str, &str) -> Option<&'static str>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for token in tokens {
        match out.last_mut() {
            Some(last) if let Some(word) = join(last, &token) => word.clone_into(last),
            _ => out.push(token),
        }
    }
    out
}

fn units(tokens: Vec<String>, percent: &[&str], degrees: &[&str]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for token in tokens {
        let after_degrees = out.last().is_some_and(|last| last == DEGREES);
        match &*token {
            "celsius" | "c" if after_degrees => {}
            word if percent.contains(&word) => out.push(PERCENT.to_owned()),
            word if degrees.contains(&word) => out.push(DEGREES.to_owned()),
            _ => out.push(token),
        }
    }
    out
}

/// Numbers as figures; the longest that is one counts.
fn figures(tokens: &[String], language: &Language) -> Vec<String> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match number(&tokens[at..], language) {
            Some((taken, figures)) => {
                out.push(figures);
                at += taken;
            }
            None => {
                out.push(token.clone());
                at += 1;
            }
        }
    }
    out
}

fn number(tokens: &[String], language: &Language) -> Option<(usize, String)> {
    let most = tokens.len().min(LONGEST_NUMBER);
    (1..=most).rev().find_map(|taken| {
        if taken == 1 && ARTICLES.contains(&&*tokens[0]) {
            return None;
        }
        let value = numbers::parse(&tokens[..taken].join(" "), language)?;
        Some((taken, ((value * 1e3).round() / 1e3).to_string()))
    })
}

/// German times of day.
fn clock(tokens: &[String]) -> Vec<String> {
    let below = |token: Option<&String>, bound: u32| {
        let number = token.and_then(|t| t.parse::<u32>().ok());
        number.filter(|n| *n < bound)
    };
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let hour = below(out.last(), 25);
        let before = out.len().checked_sub(2).and_then(|i| out.get(i));
        if token == "uhr" && hour.is_some() {
            match below(tokens.get(at + 1), 60) {
                Some(0) => at += 1,
                Some(_) => {
                    at += 1;
                    continue;
                }
                None => {}
            }
        }
        if token == "uhr" && below(out.last(), 60).is_some() && below(before, 25).is_some() {
            at += 1;
            continue;
        }
        out.push(token.clone());
        at += 1;
    }
    out
}
