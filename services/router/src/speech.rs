//! What a router understands and says: a matcher and replies for each of the home's
//! languages.

use std::collections::BTreeMap;
use std::sync::Arc;

use hark_core::Language;
use hark_core::home::Home;
use hark_core::outcome::Reply;
use hark_core::reply::Say;
use hark_intents::{Lexicon, Matcher, Replies, Sentences};

use crate::Error;

/// One for each of the home's languages; at least one. Clones share them.
#[derive(Clone)]
pub(crate) struct Voices(Arc<Inner>);

struct Inner {
    by_language: BTreeMap<Language, Voice>,
    first: Language,
}

/// What is understood and said in one language.
pub(crate) struct Voice {
    pub(crate) matcher: Matcher,
    replies: Replies,
    language: Language,
}

impl Voices {
    /// Compiles the sentences with the home's names.
    ///
    /// # Errors
    /// [`Error::Language`] if the home speaks a language that has no sentences.
    pub(crate) fn compile(home: &Home) -> Result<Self, Error> {
        let mut by_language = BTreeMap::new();
        for language in &home.languages {
            let voice = Voice::compile(home, language).map_err(|source| Error::Language {
                language: language.clone(),
                source,
            })?;
            by_language.insert(language.clone(), voice);
        }
        let first = home.languages[0].clone();
        Ok(Self(Arc::new(Inner { by_language, first })))
    }

    /// The voice that serves `language` best (`de-AT` is served by `de`); `None` where
    /// the home speaks nothing like it.
    pub(crate) fn find(&self, language: &Language) -> Option<&Voice> {
        let best = language.best_of(self.0.by_language.keys())?;
        self.0.by_language.get(best)
    }

    /// As [`Voices::find`], else the home's first language.
    pub(crate) fn of(&self, language: &Language) -> &Voice {
        let found = self
            .find(language)
            .or_else(|| self.0.by_language.get(&self.0.first));
        found.expect("every language of the home was compiled, the first one too")
    }

    /// The languages that are spoken here.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &Language> {
        self.0.by_language.keys()
    }
}

impl Voice {
    fn compile(home: &Home, language: &Language) -> Result<Self, hark_intents::Error> {
        let sentences = Sentences::builtin(language)?;
        let lexicon = Lexicon::of_home(home, language);
        Ok(Self {
            matcher: Matcher::compile(&sentences, &lexicon)?,
            replies: Replies::builtin(language)?,
            language: language.clone(),
        })
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
