//! Languages, as BCP-47 tags with the fall-back that replies and models need.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A text is not a language tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a language: give a BCP-47 tag, like de, de-AT or en-GB")]
pub struct Error(pub String);

/// A language: a primary subtag and optionally more, like `de` or `en-GB`.
///
/// The primary subtag is kept in lower case, a region of two letters in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(Box<str>);

impl Language {
    /// Reads a tag; `_` is taken for `-`.
    ///
    /// # Errors
    /// [`Error`] if it does not have the form of a tag (RFC 5646, section 2.1: subtags
    /// of 1 to 8 letters and digits, the first of 2 or 3 letters).
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error(text.to_owned());
        let mut tag = String::with_capacity(text.len());
        for (i, part) in text.split(['-', '_']).enumerate() {
            let letters = part.bytes().all(|b| b.is_ascii_alphabetic());
            let known = part.bytes().all(|b| b.is_ascii_alphanumeric());
            if i == 0 {
                if !letters || !(2..=3).contains(&part.len()) {
                    return Err(bad());
                }
                tag.push_str(&part.to_ascii_lowercase());
                continue;
            }
            if i > 4 || !known || !(1..=8).contains(&part.len()) {
                return Err(bad());
            }
            tag.push('-');
            match part.len() {
                2 if letters => tag.push_str(&part.to_ascii_uppercase()),
                _ => tag.push_str(part),
            }
        }
        Ok(Self(tag.into()))
    }

    /// German.
    pub fn german() -> Self {
        Self("de".into())
    }

    /// English.
    pub fn english() -> Self {
        Self("en".into())
    }

    /// The whole tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The primary subtag: `de` of `de-AT`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// This tag, then each shorter one: `de-AT`, `de`.
    pub fn fallbacks(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(&*self.0), |tag| tag.rfind('-').map(|end| &tag[..end]))
    }

    /// The one of `available` that serves this language best: the longest of its
    /// fall-backs that is there, else one with the same primary subtag.
    pub fn best_of<'a>(&self, available: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        let available: Vec<_> = available.into_iter().collect();
        self.fallbacks()
            .find_map(|tag| available.iter().find(|l| l.as_str() == tag))
            .or_else(|| available.iter().find(|l| l.primary() == self.primary()))
            .copied()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Language {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_normalised() {
        for (text, expect) in [
            ("de", Some("de")),
            ("DE_at", Some("de-AT")),
            ("en-gb", Some("en-GB")),
            ("zh-Hant-TW", Some("zh-Hant-TW")),
            ("german", None),
            ("", None),
            ("d", None),
            ("de-", None),
            ("de-🙂", None),
        ] {
            let got = Language::parse(text).ok();
            assert_eq!(got.as_ref().map(Language::as_str), expect, "{text}");
        }
    }

    #[test]
    fn fall_back_goes_to_the_shorter_tag_then_to_a_sibling() {
        let of = |t: &str| Language::parse(t).unwrap();
        let available = [of("en-GB"), of("de")];
        assert_eq!(of("de-AT").best_of(&available), Some(&available[1]));
        assert_eq!(of("en-US").best_of(&available), Some(&available[0]));
        assert_eq!(of("fr").best_of(&available), None);
    }
}
