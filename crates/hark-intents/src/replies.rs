//! What to say: sentences by reply code, filled with arguments.
//!
//! Codes and their arguments are those of [`hark_core::reply::CODES`]; the built-in
//! sentences have every one of them. In a sentence `{name}` stands for an argument, and
//! its first letter is made a capital one.

use std::collections::BTreeMap;

use hark_core::Language;

use crate::error::Error;
use crate::sentences::Sentences;

/// Sentences to say, in one language.
#[derive(Debug, Clone)]
pub struct Replies {
    language: Language,
    sentences: BTreeMap<String, String>,
    /// For an argument, what its values are called in this language.
    words: BTreeMap<String, BTreeMap<String, String>>,
}

impl Replies {
    /// The replies that come with Hark; `de-AT` gives those for `de`.
    ///
    /// # Errors
    /// [`Error::UnknownLanguage`].
    pub fn builtin(language: &Language) -> Result<Self, Error> {
        Sentences::builtin(language).map(Self::of)
    }

    /// The replies of a collection.
    pub fn of(sentences: Sentences) -> Self {
        Self {
            language: sentences.language,
            sentences: sentences.replies,
            words: sentences.reply_words,
        }
    }

    /// These replies, but for those that a collection has of its own.
    pub fn replaced_by(mut self, sentences: Sentences) -> Self {
        self.sentences.extend(sentences.replies);
        self.words.extend(sentences.reply_words);
        self
    }

    /// The language they are in.
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// Whether there is a sentence for that code.
    pub fn has(&self, code: &str) -> bool {
        self.sentences.contains_key(code)
    }

    /// The sentence for a code, filled with arguments that are words of this language
    /// already ([`hark_core::reply::Say::in_words`]); a `color` may be the English name.
    /// An argument that is missing leaves its place empty; a code without a sentence is
    /// said as it is.
    pub fn render(&self, code: &str, arguments: &BTreeMap<String, String>) -> String {
        let Some(sentence) = self.sentences.get(code) else {
            return capital(&code.replace('_', " "));
        };
        let mut text = String::new();
        let mut rest = sentence.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                rest = after;
                break;
            };
            text.push_str(self.argument(name, arguments));
            rest = after;
        }
        text.push_str(rest);
        capital(&text)
    }

    fn argument<'a>(&'a self, name: &str, arguments: &'a BTreeMap<String, String>) -> &'a str {
        let Some(value) = arguments.get(name) else {
            return "";
        };
        let word = self.words.get(name).and_then(|words| words.get(value));
        word.unwrap_or(value)
    }
}

/// The text with a capital first letter.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use hark_core::reply::CODES;

    use super::*;

    fn both() -> [Replies; 2] {
        [Language::german(), Language::english()].map(|l| Replies::builtin(&l).unwrap())
    }

    #[test]
    fn every_code_has_a_sentence_and_no_sentence_is_left_over() {
        for replies in both() {
            let codes: Vec<&str> = CODES.iter().map(|(code, _)| *code).collect();
            for code in &codes {
                assert!(replies.has(code), "{}: {code}", replies.language);
            }
            for code in replies.sentences.keys() {
                assert!(
                    codes.contains(&code.as_str()),
                    "{}: {code}",
                    replies.language
                );
            }
        }
    }

    #[test]
    fn sentences_ask_only_for_arguments_that_are_there() {
        for replies in both() {
            for (code, names) in CODES {
                let mut rest = replies.sentences[*code].as_str();
                while let Some((_, after)) = rest.split_once('{') {
                    let (name, after) = after.split_once('}').unwrap();
                    assert!(
                        names.contains(&name),
                        "{}: {code}: {name}",
                        replies.language
                    );
                    rest = after;
                }
            }
        }
    }

    #[test]
    fn what_is_missing_is_no_error() {
        let [german, _] = both();
        assert_eq!(german.render("light_on", &BTreeMap::new()), " ist an.");
        assert_eq!(
            german.render("no_such_code", &BTreeMap::new()),
            "No such code"
        );
        assert_eq!(german.render("", &BTreeMap::new()), "");
    }

    #[test]
    fn colours_are_said_in_the_language() {
        let arguments = |device: &str| {
            let pairs = [("device", device), ("color", "green")];
            pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).into()
        };
        let [german, english] = both();
        let said = german.render("light_color", &arguments("das Stimmungslicht"));
        assert_eq!(said, "Das Stimmungslicht leuchtet grün.");
        let said = english.render("light_color", &arguments("the mood light"));
        assert_eq!(said, "The mood light is green.");
    }
}
