//! Puts the events of a session together, one utterance at a time.

use std::collections::BTreeMap;

use hark_core::Ordinal;
use hark_core::language::Language;
use hark_core::outcome::{Timings, UtteranceOutcome};

use super::Event;

/// A finished utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Utterance {
    /// Its number in the session.
    pub ordinal: Ordinal,
    /// The words; empty where nothing was said.
    pub transcript: String,
    /// The language that was heard.
    pub language: Option<Language>,
    /// Meaning, devices and reply.
    pub outcome: UtteranceOutcome,
    /// How long each part took.
    pub timings: Timings,
}

/// Waits for an utterance's final words and its outcome.
#[derive(Debug, Default)]
pub struct Collector {
    words: BTreeMap<Ordinal, (String, Language)>,
}

impl Collector {
    /// Takes an event; gives the utterance that it completes.
    pub fn take(&mut self, event: Event) -> Option<Utterance> {
        match event {
            Event::Heard(heard) if heard.is_final => {
                let words = (heard.transcript, heard.language);
                self.words.insert(heard.ordinal, words);
                None
            }
            Event::Outcome {
                ordinal,
                outcome,
                timings,
            } => {
                let words = self.words.remove(&ordinal);
                let (transcript, language) = words.map(|(t, l)| (t, Some(l))).unwrap_or_default();
                Some(Utterance {
                    ordinal,
                    transcript,
                    language,
                    outcome,
                    timings,
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use hark_core::outcome::{Outcome, Reply};

    use super::super::Heard;
    use super::*;

    fn heard(ordinal: u32, transcript: &str, is_final: bool) -> Event {
        Event::Heard(Heard {
            ordinal: Ordinal(ordinal),
            is_final,
            transcript: transcript.to_owned(),
            confidence: 1.0,
            language: Language::german(),
            no_speech_probability: 0.0,
        })
    }

    fn outcome(ordinal: u32) -> Event {
        let reply = Reply {
            code: "light_on".to_owned(),
            arguments: BTreeMap::new(),
            language: Language::german(),
            text: "Das Licht ist an.".to_owned(),
        };
        Event::Outcome {
            ordinal: Ordinal(ordinal),
            outcome: UtteranceOutcome {
                outcome: Outcome::Done,
                intent: None,
                devices: vec![],
                reply,
                replayed: false,
            },
            timings: Timings::default(),
        }
    }

    #[test]
    fn words_and_outcome_of_one_utterance_come_together() {
        let mut collector = Collector::default();
        let events = [
            heard(0, "Licht", false),
            heard(0, "Licht an", true),
            heard(1, "Licht aus", true),
            outcome(0),
            outcome(1),
        ];
        let done: Vec<_> = events
            .into_iter()
            .filter_map(|e| collector.take(e))
            .map(|u| (u.ordinal.0, u.transcript))
            .collect();
        assert_eq!(
            done,
            [(0, "Licht an".to_owned()), (1, "Licht aus".to_owned())]
        );
        assert!(collector.words.is_empty());
    }

    #[test]
    fn an_outcome_without_words_is_still_an_utterance() {
        let utterance = Collector::default().take(outcome(7)).unwrap();
        assert_eq!((utterance.ordinal, utterance.language), (Ordinal(7), None));
    }
}
