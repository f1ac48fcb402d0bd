//! What a router understands and says: a matcher and replies for each of the home's
//! languages.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use hark_core::Language;
use hark_core::home::Home;
use hark_core::intent::Reading;
use hark_core::outcome::Reply;
use hark_core::reply::Say;
use hark_core::resolve::Decision;
use hark_intents::{Lexicon, Matcher, Replies, Sentences};

use crate::Error;

/// One for each of the home's languages; at least one. Clones share them, and see them
/// change when there are new sentences.
#[derive(Clone)]
pub(crate) struct Voices {
    by_language: Arc<RwLock<BTreeMap<Language, Arc<Voice>>>>,
    first: Language,
    fuzzy: bool,
}

/// What is understood and said in one language.
pub(crate) struct Voice {
    pub(crate) matcher: Matcher,
    replies: Replies,
    language: Language,
    /// Whether words that were misheard are taken for others.
    fuzzy: bool,
}

impl Voices {
    /// Compiles the sentences with the home's names: those in `sentences` where it has the
    /// language, else those that come with Hark.
    ///
    /// # Errors
    /// [`Error::Language`] if the home speaks a language that has no sentences, or one has
    /// a mistake.
    pub(crate) fn compile(
        home: &Home,
        sentences: Option<&Path>,
        fuzzy: bool,
    ) -> Result<Self, Error> {
        Ok(Self {
            by_language: Arc::new(RwLock::new(all(home, sentences, fuzzy)?)),
            first: home.languages[0].clone(),
            fuzzy,
        })
    }

    /// Compiles anew, and only then lets go of what was there: a sentence is understood by
    /// the old set or by the new one.
    ///
    /// # Errors
    /// As [`Voices::compile`]; the old set stays.
    pub(crate) fn reload(&self, home: &Home, sentences: Option<&Path>) -> Result<(), Error> {
        let new = all(home, sentences, self.fuzzy)?;
        *self
            .by_language
            .write()
            .unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The voice that serves `language` best (`de-AT` is served by `de`); `None` where
    /// the home speaks nothing like it.
    pub(crate) fn find(&self, language: &Language) -> Option<Arc<Voice>> {
        let voices = self
            .by_language
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let best = language.best_of(voices.keys())?;
        voices.get(best).cloned()
    }

    /// As [`Voices::find`], else the home's first language.
    pub(crate) fn of(&self, language: &Language) -> Arc<Voice> {
        let found = self.find(language).or_else(|| self.find(&self.first));
        found.expect("every language of the home was compiled, the first one too")
    }

    /// The languages that are spoken here.
    pub(crate) fn languages(&self) -> Vec<Language> {
        let voices = self
            .by_language
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        voices.keys().cloned().collect()
    }
}

fn all(
    home: &Home,
    folder: Option<&Path>,
    fuzzy: bool,
) -> Result<BTreeMap<Language, Arc<Voice>>, Error> {
    let voices = home.languages.iter().map(|language| {
        let voice =
            Voice::compile(home, language, folder, fuzzy).map_err(|source| Error::Language {
                language: language.clone(),
                source,
            })?;
        Ok((language.clone(), Arc::new(voice)))
    });
    voices.collect()
}

impl Voice {
    fn compile(
        home: &Home,
        language: &Language,
        folder: Option<&Path>,
        fuzzy: bool,
    ) -> Result<Self, hark_intents::Error> {
        let sentences = match folder {
            Some(folder) if Sentences::are_in(folder, language) => {
                Sentences::load_for(folder, language)?
            }
            _ => Sentences::builtin(language)?,
        };
        let lexicon = Lexicon::of_home(home, language);
        Ok(Self {
            matcher: Matcher::compile(&sentences, &lexicon)?,
            replies: Replies::builtin(language)?.replaced_by(sentences),
            language: language.clone(),
            fuzzy,
        })
    }

    /// What a sentence asks for: its commands, each with its readings. Alternatives are what
    /// else it may have been.
    pub(crate) fn understand(&self, text: &str, alternatives: &[String]) -> Vec<Vec<Reading>> {
        let others = alternatives.iter().map(String::as_str);
        let others = others.filter(|other| !other.trim().is_empty());
        let texts: Vec<&str> = std::iter::once(text).chain(others).collect();
        self.matcher.understand(&texts, self.fuzzy).commands
    }

    /// What is said about a decision: the first reply, and what else there is to say.
    pub(crate) fn reply_to(&self, decision: &Decision) -> Reply {
        let mut reply = self.reply(&decision.say);
        for say in &decision.then {
            reply.text.push(' ');
            reply.text.push_str(&self.reply(say).text);
        }
        reply
    }

    /// A reply in words.
    pub(crate) fn reply(&self, say: &Say) -> Reply {
        let arguments = say.in_words(&self.language);
        Reply {
            code: say.code.to_owned(),
            text: self.replies.render(say.code, &arguments),
            arguments,
            language: self.language.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use hark_home::Description;

    use super::*;

    fn intent(voices: &Voices, text: &str) -> Option<String> {
        let voice = voices.of(&Language::german());
        let readings = voice.matcher.readings(text);
        readings.into_iter().next().map(|r| r.intent.name)
    }

    #[test]
    fn new_sentences_replace_old_ones_and_broken_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let description = Description::builtin();
        let (home, path) = (description.home(), folder.path());
        let file = path.join("de").join("own.yaml");
        fs::create_dir(path.join("de")).unwrap();
        let write = |sentence: &str| {
            let yaml = format!(
                "language: de\nintents:\n  Own:\n    data:\n      - sentences: ['{sentence}']\n"
            );
            fs::write(&file, yaml).unwrap();
        };
        write("simsalabim");
        let voices = Voices::compile(home, Some(path), true).unwrap();
        assert_eq!(intent(&voices, "Simsalabim").as_deref(), Some("Own"));
        assert_eq!(intent(&voices, "Licht an"), None);
        let english = voices.of(&Language::english());
        assert!(!english.matcher.readings("turn on the light").is_empty());

        write("abrakadabra");
        voices.reload(home, Some(path)).unwrap();
        assert_eq!(intent(&voices, "Abrakadabra").as_deref(), Some("Own"));
        assert_eq!(intent(&voices, "Simsalabim"), None);

        write("hokus (pokus");
        let error = voices.reload(home, Some(path)).unwrap_err().to_string();
        assert!(error.contains("own.yaml:5"), "{error}");
        assert_eq!(intent(&voices, "Abrakadabra").as_deref(), Some("Own"));

        fs::remove_dir_all(path.join("de")).unwrap();
        voices.reload(home, Some(path)).unwrap();
        assert_eq!(intent(&voices, "Licht an").as_deref(), Some("HassTurnOn"));
    }
}
