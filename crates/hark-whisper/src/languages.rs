//! Whisper's languages, in the order of their tokens.

use hark_core::Language;

/// Whisper's codes in the order of their tokens (`LANGUAGES` in openai-whisper's
/// `tokenizer.py`). The last is known to large-v3 and its kin only.
pub const LANGUAGES: [&str; 100] = [
    "en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "tr", "pl", "ca", "nl", "ar", "sv", "it",
    "id", "hi", "fi", "vi", "he", "uk", "el", "ms", "cs", "ro", "da", "hu", "ta", "no", "th", "ur",
    "hr", "bg", "lt", "la", "mi", "ml", "cy", "sk", "te", "fa", "lv", "bn", "sr", "az", "sl", "kn",
    "et", "mk", "br", "eu", "is", "hy", "ne", "mn", "bs", "kk", "sq", "sw", "gl", "mr", "pa", "si",
    "km", "sn", "yo", "so", "af", "oc", "ka", "be", "tg", "sd", "gu", "am", "yi", "lo", "uz", "fo",
    "ht", "ps", "tk", "nn", "mt", "sa", "lb", "my", "bo", "tl", "mg", "as", "tt", "haw", "ln",
    "ha", "ba", "jw", "su", "yue",
];

/// BCP-47 subtags that Whisper calls otherwise.
const ALIASES: [(&str, &str); 5] = [
    ("jv", "jw"),
    ("nb", "no"),
    ("fil", "tl"),
    ("iw", "he"),
    ("cmn", "zh"),
];

/// Whisper's code for a language; perhaps none that it knows.
pub(crate) fn code(language: &Language) -> &str {
    let primary = language.primary();
    ALIASES
        .iter()
        .find(|(tag, _)| *tag == primary)
        .map_or(primary, |(_, code)| code)
}

/// The language at a place in [`LANGUAGES`], as its BCP-47 tag.
pub(crate) fn tag(at: usize) -> Option<Language> {
    let code = *LANGUAGES.get(at)?;
    let tag = if code == "jw" { "jv" } else { code };
    Language::parse(tag).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_tag_that_leads_back_to_it() {
        for (at, expect) in LANGUAGES.iter().enumerate() {
            let language = tag(at).unwrap();
            assert_eq!(code(&language), *expect);
        }
        assert_eq!(tag(100), None);
    }

    #[test]
    fn other_names_of_a_language_are_understood() {
        for (tag, expect) in [("nb-NO", "no"), ("jv", "jw"), ("de-CH", "de"), ("xx", "xx")] {
            assert_eq!(code(&Language::parse(tag).unwrap()), expect);
        }
    }
}
