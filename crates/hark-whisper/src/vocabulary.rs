//! The vocabulary: token ids to bytes, special tokens, and what is never written.
//!
//! Only decoding is needed, so there is no byte-pair merging here. Special ids follow
//! from the vocabulary's size, as in whisper.cpp.

use std::collections::HashMap;

use hark_core::Language;

use crate::languages::LANGUAGES;

/// A model's vocabulary.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    /// Bytes of the ordinary tokens; their number is the id of the end of text.
    tokens: Vec<Box<[u8]>>,
    special: Special,
    non_speech: Vec<u32>,
    blank: Option<u32>,
}

/// Ids of the special tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Special {
    /// `<|endoftext|>`; every id below it is text.
    pub eot: u32,
    /// `<|startoftranscript|>`; the first language follows it.
    pub sot: u32,
    /// How many languages there are; 0 in an English-only model.
    pub languages: u32,
    /// `<|translate|>`
    pub translate: u32,
    /// `<|transcribe|>`
    pub transcribe: u32,
    /// `<|startoflm|>`
    pub sot_lm: u32,
    /// `<|startofprev|>`
    pub sot_prev: u32,
    /// `<|nospeech|>`
    pub no_speech: u32,
    /// `<|notimestamps|>`
    pub no_timestamps: u32,
    /// `<|0.00|>`
    pub timestamp_begin: u32,
}

impl Special {
    /// The ids in a vocabulary of this size: 51864 is English-only, 51865 has 99
    /// languages, 51866 has 100.
    pub fn of(n_vocab: usize) -> Self {
        let multilingual = n_vocab >= 51_865;
        let eot = if multilingual { 50_257 } else { 50_256 };
        let slots = n_vocab as u32 - 51_765 - u32::from(multilingual);
        // An English-only vocabulary keeps the slots of 99 languages but their last.
        let translate = eot + 2 + slots;
        Self {
            eot,
            sot: eot + 1,
            languages: if multilingual { slots } else { 0 },
            translate,
            transcribe: translate + 1,
            sot_lm: translate + 2,
            sot_prev: translate + 3,
            no_speech: translate + 4,
            no_timestamps: translate + 5,
            timestamp_begin: translate + 6,
        }
    }
}

impl Vocabulary {
    /// With the bytes of the ordinary tokens, in order of their ids. What lies beyond
    /// the end of text is dropped.
    ///
    /// # Errors
    /// The number of tokens that there should be, if there are fewer.
    pub(crate) fn new(n_vocab: usize, mut tokens: Vec<Box<[u8]>>) -> Result<Self, u32> {
        let special = Special::of(n_vocab);
        if tokens.len() < special.eot as usize {
            return Err(special.eot);
        }
        tokens.truncate(special.eot as usize);
        let ids = Ids::of(&tokens);
        let non_speech = non_speech(&ids);
        let blank = ids.exact(b" ");
        Ok(Self {
            tokens,
            special,
            non_speech,
            blank,
        })
    }

    /// The special tokens.
    pub fn special(&self) -> &Special {
        &self.special
    }

    /// A token's bytes; not always whole characters, none for a special token.
    pub fn bytes(&self, token: u32) -> &[u8] {
        self.tokens.get(token as usize).map_or(&[], |bytes| bytes)
    }

    /// The text of tokens, special ones left out. Bytes that are no UTF-8 become
    /// U+FFFD.
    pub fn text(&self, tokens: impl IntoIterator<Item = u32>) -> String {
        let mut bytes = Vec::new();
        for token in tokens {
            bytes.extend_from_slice(self.bytes(token));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Tokens that stand for sounds which nobody says: brackets, notes, speaker's
    /// dashes (`non_speech_tokens` in openai-whisper); ascending.
    pub fn non_speech(&self) -> &[u32] {
        &self.non_speech
    }

    /// The token of a single space.
    pub fn blank(&self) -> Option<u32> {
        self.blank
    }

    /// The token of a language, if the vocabulary has it.
    pub fn language_token(&self, language: &Language) -> Option<u32> {
        let code = crate::languages::code(language);
        let at = LANGUAGES.iter().position(|&l| l == code)? as u32;
        (at < self.special.languages).then(|| self.special.sot + 1 + at)
    }

    /// The tokens of all languages.
    pub fn language_tokens(&self) -> impl Iterator<Item = u32> + use<> {
        let first = self.special.sot + 1;
        first..first + self.special.languages
    }

    /// The language of a token.
    pub fn language_of(&self, token: u32) -> Option<Language> {
        let at = token.checked_sub(self.special.sot + 1)?;
        if at >= self.special.languages {
            return None;
        }
        crate::languages::tag(at as usize)
    }
}

/// Looks tokens up by their bytes.
struct Ids<'a>(HashMap<&'a [u8], u32>);

impl<'a> Ids<'a> {
    fn of(tokens: &'a [Box<[u8]>]) -> Self {
        Self(tokens.iter().map(|t| &**t).zip(0..).collect())
    }

    fn exact(&self, bytes: &[u8]) -> Option<u32> {
        self.0.get(bytes).copied()
    }

    /// The longest token that the bytes begin with.
    fn first(&self, bytes: &[u8]) -> Option<u32> {
        (1..=bytes.len())
            .rev()
            .find_map(|end| self.exact(&bytes[..end]))
    }
}

fn non_speech(ids: &Ids<'_>) -> Vec<u32> {
    const SYMBOLS: &str = "\" # ( ) * + / : ; < = > @ [ \\ ] ^ _ ` { | } ~ 「 」 『 』 << >> <<< \
                           >>> -- --- -( -[ (' (\" (( )) ((( ))) [[ ]] {{ }} ♪♪ ♪♪♪";
    const NOTES: &str = "♩ ♪ ♫ ♬ ♭ ♮ ♯";
    // Dashes and quotes within words stay: only those after a space go.
    let mut found: Vec<u32> = [" -", " '"]
        .iter()
        .filter_map(|s| ids.first(s.as_bytes()))
        .collect();
    for symbol in SYMBOLS.split(' ') {
        found.extend(ids.exact(symbol.as_bytes()));
        found.extend(ids.exact(format!(" {symbol}").as_bytes()));
    }
    for note in NOTES.split(' ') {
        found.extend(ids.first(note.as_bytes()));
        found.extend(ids.first(format!(" {note}").as_bytes()));
    }
    // A vocabulary that has no token for a symbol begins it with a blank.
    let blank = ids.exact(b" ");
    found.retain(|&token| Some(token) != blank);
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_ids_are_those_of_openai() {
        let check = |n_vocab, expect: [u32; 9]| {
            let s = Special::of(n_vocab);
            let got = [
                s.eot,
                s.sot,
                s.translate,
                s.transcribe,
                s.sot_lm,
                s.sot_prev,
                s.no_speech,
                s.no_timestamps,
                s.timestamp_begin,
            ];
            assert_eq!(got, expect, "{n_vocab}");
            assert_eq!(s.timestamp_begin + 1501, n_vocab as u32);
        };
        check(
            51_865,
            [
                50257, 50258, 50358, 50359, 50360, 50361, 50362, 50363, 50364,
            ],
        );
        check(
            51_866,
            [
                50257, 50258, 50359, 50360, 50361, 50362, 50363, 50364, 50365,
            ],
        );
        check(
            51_864,
            [
                50256, 50257, 50357, 50358, 50359, 50360, 50361, 50362, 50363,
            ],
        );
    }

    /// A vocabulary of single bytes, filled up with tokens that mean nothing.
    fn bytes_only(n_vocab: usize) -> Vocabulary {
        let tokens = (0..60_000_u32).map(|id| match u8::try_from(id) {
            Ok(byte) => Box::from([byte]),
            Err(_) => format!("token {id}").into_bytes().into(),
        });
        Vocabulary::new(n_vocab, tokens.collect()).unwrap()
    }

    #[test]
    fn text_leaves_special_tokens_out_and_survives_half_characters() {
        let vocabulary = bytes_only(51_865);
        let sot = vocabulary.special().sot;
        assert_eq!(vocabulary.text([72, sot, 105, 50_257]), "Hi");
        assert_eq!(vocabulary.text([0xc3, 0xbc]), "ü");
        assert_eq!(vocabulary.text([0xc3]), "\u{fffd}");
        assert_eq!(vocabulary.bytes(u32::MAX), b"");
    }

    #[test]
    fn languages_have_tokens_after_the_start() {
        let vocabulary = bytes_only(51_865);
        let of = |tag: &str| vocabulary.language_token(&Language::parse(tag).unwrap());
        for (tag, expect) in [
            ("en", Some(50_259)),
            ("de-AT", Some(50_261)),
            ("su", Some(50_357)),
            ("jv", Some(50_356)),
            ("yue", None),
            ("tlh", None),
        ] {
            assert_eq!(of(tag), expect, "{tag}");
        }
        assert_eq!(vocabulary.language_tokens().count(), 99);
        assert_eq!(vocabulary.language_of(50_261), Some(Language::german()));
        assert_eq!(vocabulary.language_of(50_358), None);
        assert_eq!(
            bytes_only(51_864).language_token(&Language::english()),
            None
        );
        let large = bytes_only(51_866);
        let yue = Language::parse("yue").unwrap();
        assert_eq!(large.language_token(&yue), Some(50_358));
    }

    #[test]
    fn too_few_tokens_are_refused() {
        let one: Vec<Box<[u8]>> = vec![Box::from(*b"a")];
        assert_eq!(Vocabulary::new(51_865, one).unwrap_err(), 50_257);
    }
}
