//! One spelling for text and templates, so that case, punctuation, hyphens, `ß`/`ss` and
//! `ä`/`ae` don't matter, with the way back to the words as spoken.
//!
//! Letters are lower case without accents (`ä` is `ae`, `ß` is `ss`), words are separated
//! by one space, apostrophes are gone, `%` and `°` are words, and a number keeps its
//! decimal point (`21,5` is `21.5`, `1.000` is `1000`).

/// Text in the one spelling.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Normalized {
    /// The text.
    pub(crate) text: String,
    /// For each byte of `text`, the bytes of the original that it came from.
    origin: Vec<(usize, usize)>,
}

impl Normalized {
    /// The words of `original` that `from..to` came from.
    pub(crate) fn spoken<'a>(&self, original: &'a str, from: usize, to: usize) -> &'a str {
        let Some(range) = self.origin.get(from..to) else {
            return "";
        };
        match (range.first(), range.last()) {
            (Some(first), Some(last)) => original.get(first.0..last.1).unwrap_or("").trim(),
            _ => "",
        }
    }

    fn push(&mut self, text: &str, from: usize, to: usize) {
        self.text.push_str(text);
        self.origin.resize(self.text.len(), (from, to));
    }

    fn push_space(&mut self, at: usize) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.push(" ", at, at);
        }
    }
}

/// Brings a text into the one spelling.
pub(crate) fn normalize(original: &str) -> Normalized {
    let chars: Vec<(usize, char)> = original.char_indices().collect();
    let at = |i: usize| chars.get(i).map_or('\0', |c| c.1);
    let mut out = Normalized::default();
    for (i, &(from, c)) in chars.iter().enumerate() {
        let to = from + c.len_utf8();
        let before = if i == 0 { '\0' } else { at(i - 1) };
        match kind(before, c, |n| at(i + n)) {
            Kind::Letters(text) => {
                // "20min" is two words.
                if c.is_alphabetic() && out.text.ends_with(|l: char| l.is_ascii_digit()) {
                    out.push_space(from);
                }
                out.push(&text, from, to);
            }
            Kind::Word(word) => {
                out.push_space(from);
                out.push(word, from, to);
                out.push_space(to);
            }
            Kind::Nothing => {}
            Kind::Space => out.push_space(from),
        }
    }
    if out.text.ends_with(' ') {
        out.text.pop();
        out.origin.pop();
    }
    out
}

/// Brings letters without spaces into the one spelling, for the text in templates; parts
/// that turn out to be words of their own are separated by spaces.
pub(crate) fn normalize_literal(text: &str) -> String {
    normalize(text).text
}

enum Kind {
    Letters(String),
    Word(&'static str),
    Nothing,
    Space,
}

fn kind(before: char, c: char, after: impl Fn(usize) -> char) -> Kind {
    let word_start = !before.is_alphanumeric();
    match c {
        '%' => Kind::Word("%"),
        '°' | 'º' => Kind::Word("°"),
        '\'' | '’' | '‘' | '´' | '`' | 'ʼ' => Kind::Nothing,
        // An umlaut may come as a vowel and a mark.
        '\u{308}' if matches!(before, 'a' | 'o' | 'u' | 'A' | 'O' | 'U') => {
            Kind::Letters("e".to_owned())
        }
        '\u{300}'..='\u{36f}' => Kind::Nothing,
        // "-5" is not 5.
        '-' | '−' | '–' if word_start && after(1).is_ascii_digit() => Kind::Word("minus"),
        ',' | '.' if before.is_ascii_digit() && after(1).is_ascii_digit() => {
            let digits = (1..=4).take_while(|n| after(*n).is_ascii_digit()).count();
            match digits {
                3 => Kind::Nothing,
                _ => Kind::Letters(".".to_owned()),
            }
        }
        c if c.is_alphanumeric() => Kind::Letters(fold(c)),
        _ => Kind::Space,
    }
}

/// A letter or digit in lower case without accents.
fn fold(c: char) -> String {
    let mut out = String::new();
    for c in c.to_lowercase() {
        match c {
            'ä' | 'æ' => out.push_str("ae"),
            'ö' | 'œ' => out.push_str("oe"),
            'ü' => out.push_str("ue"),
            'ß' => out.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' | 'å' => out.push('a'),
            'ç' => out.push('c'),
            'è' | 'é' | 'ê' | 'ë' => out.push('e'),
            'ì' | 'í' | 'î' | 'ï' => out.push('i'),
            'ñ' => out.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ø' => out.push('o'),
            'ù' | 'ú' | 'û' => out.push('u'),
            c if c.is_alphanumeric() => out.push(c),
            // What lower case takes apart (`İ`).
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        for (text, expect) in [
            (
                "Schalte das Licht im Flur ein!",
                "schalte das licht im flur ein",
            ),
            ("  KÜCHE,  Kueche ", "kueche kueche"),
            ("schließ schliess", "schliess schliess"),
            ("u\u{308}ber", "ueber"),
            ("50%", "50 %"),
            ("auf 21,5°C.", "auf 21.5 ° c"),
            ("1.000 Sekunden 1,000", "1000 sekunden 1000"),
            ("20min", "20 min"),
            ("5-Minuten-Timer", "5 minuten timer"),
            ("auf -5 Grad", "auf minus 5 grad"),
            ("what's children’s", "whats childrens"),
            ("10:30", "10 30"),
            ("Café", "cafe"),
            ("…?!", ""),
            ("", ""),
        ] {
            assert_eq!(normalize(text).text, expect, "{text}");
        }
    }

    #[test]
    fn the_words_as_spoken_are_found_again() {
        let original = "Licht im Großen  Weinkeller-Süd!";
        let normalized = normalize(original);
        let from = normalized.text.find("grossen").unwrap();
        let spoken = normalized.spoken(original, from, normalized.text.len());
        assert_eq!(spoken, "Großen  Weinkeller-Süd");
        assert_eq!(normalized.spoken(original, 9, 4), "");
        assert_eq!(normalized.spoken(original, 0, 999), "");
    }

    proptest! {
        #[test]
        fn any_text_has_a_normal_form(text in any::<String>()) {
            let once = normalize(&text);
            prop_assert_eq!(once.text.len(), once.origin.len());
            prop_assert!(!once.text.contains("  "));
            prop_assert_eq!(once.text.trim(), &once.text);
            for end in 0..=once.text.len() {
                once.spoken(&text, 0, end);
            }
        }

        #[test]
        fn plain_words_stay(text in "[a-z]{1,8}( [a-z]{1,8}){0,4}") {
            prop_assert_eq!(normalize(&text).text, text);
        }
    }
}
