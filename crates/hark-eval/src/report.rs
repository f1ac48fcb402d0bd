//! The rates of many clips: of all, and by language, voice, noise and length.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::align::Edits;
use crate::bootstrap::{Interval, interval};
use crate::manifest::Said;
use crate::score::Score;
use crate::understand::Judgement;

/// So many confusions are told.
const CONFUSIONS: usize = 20;
/// So many inventions are told.
const INVENTIONS: usize = 20;

/// What was heard in a clip.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its file.
    pub file: String,
    /// The language that it is in; may be empty.
    pub language: String,
    /// Who speaks; may be empty.
    pub voice: String,
    /// The noise in it; empty: none.
    pub noise: String,
    /// How long it lasts, in seconds; 0 where nobody knows.
    pub seconds: f64,
    /// How long hearing it took, in seconds; 0 where nobody knows.
    pub took: f64,
    /// What is said in it.
    pub said: Said,
    /// What was heard.
    pub heard: String,
    /// How many words that is.
    pub heard_words: usize,
    /// The differences, where it is known what is said.
    pub score: Option<Score>,
    /// What the words would do, where a home was given and it is known what they should.
    pub judgement: Option<Judgement>,
    /// The language that was detected, and whether it is the right one.
    pub detected: Option<(String, bool)>,
}

/// The rates of some clips. Rates are 0 to 1 (error rates may be more), and none where
/// there is nothing that they could be of.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Clips.
    pub clips: usize,
    /// Of which it is known what is said.
    pub sentences: usize,
    /// Sentences that are right as a whole.
    pub exact: usize,
    /// Their share.
    pub exact_rate: Option<f64>,
    /// Where it lies with 95 %.
    pub exact_interval: Option<Interval>,
    /// Words, pooled.
    pub words: Edits,
    /// Word error rate: substitutions, deletions and insertions per word that was said.
    pub wer: Option<f64>,
    /// Where it lies with 95 %.
    pub wer_interval: Option<Interval>,
    /// Character error rate.
    pub cer: Option<f64>,
    /// Clips that went round in circles.
    pub repetitions: usize,
    /// What the words would have done.
    pub intents: Option<Intents>,
    /// Languages detected.
    pub languages: Option<Share>,
    /// What was heard where nothing is said.
    pub silence: Option<Silence>,
    /// How long the clips last, in seconds.
    pub audio_seconds: f64,
    /// How long hearing took for each second of them. Says something on a machine that
    /// does nothing else.
    pub real_time_factor: Option<f64>,
}

/// What words would have done in a home.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Intents {
    /// Clips.
    pub of: usize,
    /// What they were to do.
    pub right: usize,
    /// The right intent, for something else.
    pub wrong_target: usize,
    /// Another intent.
    pub wrong_intent: usize,
    /// Nothing.
    pub nothing: usize,
    /// Something, though nothing may happen.
    pub invented: usize,
}

/// Some of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Of so many.
    pub of: usize,
    /// So many are right.
    pub right: usize,
}

/// What was heard where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Silence {
    /// Clips.
    pub clips: usize,
    /// Clips with words.
    pub with_words: usize,
    /// Words that were invented.
    pub words: usize,
    /// How long they last.
    pub minutes: f64,
    /// Words in a minute.
    pub words_per_minute: Option<f64>,
}

/// Words that were mixed up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// What was said; empty: nothing.
    pub said: String,
    /// What was heard; empty: nothing.
    pub heard: String,
    /// How often.
    pub times: usize,
}

/// Words where nothing was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Invention {
    /// The clip.
    pub file: String,
    /// The noise in it.
    pub noise: String,
    /// What was heard.
    pub heard: String,
}

/// All of it for one engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Of all clips.
    pub all: Figures,
    /// By language.
    pub by_language: BTreeMap<String, Figures>,
    /// By voice.
    pub by_voice: BTreeMap<String, Figures>,
    /// By noise.
    pub by_noise: BTreeMap<String, Figures>,
    /// By length.
    pub by_length: BTreeMap<String, Figures>,
    /// The words that were mixed up most often.
    pub confusions: Vec<Confusion>,
    /// The first words that nobody said.
    pub inventions: Vec<Invention>,
}

impl Summary {
    /// Of records; the seed is for what is drawn by lot.
    pub fn of(records: &[Record], seed: u64) -> Self {
        let by = |key: fn(&Record) -> String| {
            let mut groups: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
            for record in records {
                groups.entry(key(record)).or_default().push(record);
            }
            groups.remove("");
            let figures = |(name, records): (String, Vec<&Record>)| {
                let figures = Figures::of(&records, seed);
                (name, figures)
            };
            groups.into_iter().map(figures).collect()
        };
        let invented = records
            .iter()
            .filter(|r| r.said == Said::Nothing && r.heard_words > 0);
        let inventions = invented.take(INVENTIONS).map(|record| Invention {
            file: record.file.clone(),
            noise: record.noise.clone(),
            heard: record.heard.clone(),
        });
        Self {
            all: Figures::of(&records.iter().collect::<Vec<_>>(), seed),
            by_language: by(|r| r.language.clone()),
            by_voice: by(|r| r.voice.clone()),
            by_noise: by(|r| match r.noise.is_empty() {
                true => "clean".to_owned(),
                false => r.noise.clone(),
            }),
            by_length: by(|r| length(r.seconds).to_owned()),
            confusions: confusions(records),
            inventions: inventions.collect(),
        }
    }
}

/// How long a clip is; empty where nobody knows.
pub fn length(seconds: f64) -> &'static str {
    match seconds {
        s if s <= 0.0 => "",
        s if s < 1.0 => "below 1 s",
        s if s < 3.0 => "1 to 3 s",
        s if s < 6.0 => "3 to 6 s",
        _ => "over 6 s",
    }
}

fn confusions(records: &[Record]) -> Vec<Confusion> {
    let mut counts: BTreeMap<&(String, String), usize> = BTreeMap::new();
    let scores = records.iter().filter_map(|r| r.score.as_ref());
    for pair in scores.flat_map(|s| &s.confusions) {
        *counts.entry(pair).or_default() += 1;
    }
    let mut all: Vec<_> = counts
        .into_iter()
        .map(|((said, heard), times)| Confusion {
            said: said.clone(),
            heard: heard.clone(),
            times,
        })
        .collect();
    // What was heard as something else says more than what is missing or too many.
    let one_sided = |c: &Confusion| c.said.is_empty() || c.heard.is_empty();
    all.sort_by_key(|c| (std::cmp::Reverse(c.times), one_sided(c)));
    all.truncate(CONFUSIONS);
    all
}

impl Figures {
    /// Of some records.
    pub fn of(records: &[&Record], seed: u64) -> Self {
        let scores: Vec<&Score> = records.iter().filter_map(|r| r.score.as_ref()).collect();
        let mut words = Edits::default();
        for score in &scores {
            words.add(&score.words);
        }
        let exact = scores.iter().filter(|s| s.exact).count();
        let pairs = |pair: fn(&Score) -> (usize, usize)| {
            let pairs: Vec<_> = scores.iter().map(|s| pair(s)).collect();
            interval(&pairs, seed)
        };
        let sum = |part: fn(&Score) -> usize| scores.iter().map(|s| part(s)).sum::<usize>();
        let timed = records.iter().filter(|r| r.took > 0.0);
        let (took, of) = timed.fold((0.0, 0.0), |(a, b), r| (a + r.took, b + r.seconds));
        Self {
            clips: records.len(),
            sentences: scores.len(),
            exact,
            exact_rate: ratio(exact, scores.len()),
            exact_interval: pairs(|s| (usize::from(s.exact), 1)),
            words,
            wer: ratio(words.errors(), words.reference()),
            wer_interval: pairs(|s| (s.words.errors(), s.words.reference())),
            cer: ratio(sum(|s| s.char_errors), sum(|s| s.chars)),
            repetitions: sum(|s| usize::from(s.repeats)),
            intents: Intents::of(records),
            languages: languages(records),
            silence: Silence::of(records),
            audio_seconds: records.iter().map(|r| r.seconds).sum(),
            real_time_factor: (of > 0.0).then(|| took / of),
        }
    }
}

fn ratio(counted: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| counted as f64 / of as f64)
}

fn languages(records: &[&Record]) -> Option<Share> {
    let detected: Vec<bool> = records
        .iter()
        .filter_map(|r| r.detected.as_ref().map(|d| d.1))
        .collect();
    (!detected.is_empty()).then(|| Share {
        of: detected.len(),
        right: detected.iter().filter(|right| **right).count(),
    })
}

impl Intents {
    fn of(records: &[&Record]) -> Option<Self> {
        let mut intents = Self::default();
        for judgement in records.iter().filter_map(|r| r.judgement) {
            intents.of += 1;
            match judgement {
                Judgement::Right => intents.right += 1,
                Judgement::WrongTarget => intents.wrong_target += 1,
                Judgement::WrongIntent => intents.wrong_intent += 1,
                Judgement::Nothing => intents.nothing += 1,
                Judgement::Invented => intents.invented += 1,
            }
        }
        (intents.of > 0).then_some(intents)
    }
}

impl Silence {
    fn of(records: &[&Record]) -> Option<Self> {
        let silent: Vec<_> = records.iter().filter(|r| r.said == Said::Nothing).collect();
        if silent.is_empty() {
            return None;
        }
        let words = silent.iter().map(|r| r.heard_words).sum();
        let minutes = silent.iter().map(|r| r.seconds).sum::<f64>() / 60.0;
        Some(Self {
            clips: silent.len(),
            with_words: silent.iter().filter(|r| r.heard_words > 0).count(),
            words,
            minutes,
            words_per_minute: (minutes > 0.0).then(|| words as f64 / minutes),
        })
    }
}

#[cfg(test)]
mod tests {
    use hark_core::Language;

    use super::*;
    use crate::score::score;

    fn record(said: &str, heard: &str, seconds: f64) -> Record {
        let said = crate::manifest::said(said, true);
        let score = match &said {
            Said::Words(said) => Some(score(said, heard, &Language::german())),
            _ => None,
        };
        Record {
            file: format!("{heard}.wav"),
            language: "de".to_owned(),
            voice: String::new(),
            noise: String::new(),
            seconds,
            took: seconds / 10.0,
            heard: heard.to_owned(),
            heard_words: heard.split_whitespace().count(),
            judgement: Some(match score.as_ref().is_some_and(|s| s.exact) {
                true => Judgement::Right,
                false => Judgement::Nothing,
            }),
            detected: Some(("de".to_owned(), seconds > 1.0)),
            said,
            score,
        }
    }

    #[test]
    fn rates_are_pooled_over_words() {
        let records = [
            record("mach das Licht an", "mach das Licht an", 2.0),
            record("Pause", "Hose", 0.5),
            record("Pause", "Hose auf", 4.0),
            record("", "Danke schön", 30.0),
        ];
        let summary = Summary::of(&records, 1);
        let all = &summary.all;
        assert_eq!((all.clips, all.sentences, all.exact), (4, 3, 1));
        // Two substitutions and an insertion in six words.
        assert_eq!(all.wer, Some(0.5));
        assert_eq!(all.wer_interval, None);
        assert_eq!(all.languages, Some(Share { of: 4, right: 3 }));
        let intents = all.intents.unwrap();
        assert_eq!((intents.of, intents.right, intents.nothing), (4, 1, 3));
        let silence = all.silence.unwrap();
        assert_eq!((silence.with_words, silence.words), (1, 2));
        assert_eq!(silence.words_per_minute, Some(4.0));
        assert!((all.real_time_factor.unwrap() - 0.1).abs() < 1e-9);
        let lengths: Vec<_> = summary.by_length.keys().map(String::as_str).collect();
        assert_eq!(lengths, ["1 to 3 s", "3 to 6 s", "below 1 s", "over 6 s"]);
        assert_eq!(summary.by_voice.len(), 0);
        let first = &summary.confusions[0];
        assert_eq!(
            (&*first.said, &*first.heard, first.times),
            ("pause", "hose", 2)
        );
        assert_eq!(summary.inventions[0].heard, "Danke schön");
    }

    #[test]
    fn of_nothing_there_are_no_rates() {
        let Figures {
            wer,
            cer,
            exact_rate,
            intents,
            silence,
            ..
        } = Figures::of(&[], 1);
        assert_eq!((wer, cer, exact_rate), (None, None, None));
        assert!(intents.is_none() && silence.is_none());
    }
}
