//! A transcription as the readings that a caller gets.

use hark_core::engine::{Token, Transcription};

/// One reading of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    /// The words.
    pub transcript: String,
    /// Mean token probability, 0 to 1.
    pub confidence: f32,
    /// The words one by one.
    pub words: Vec<Word>,
}

/// A word of a reading.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// The word with its punctuation.
    pub word: String,
    /// Mean probability of its tokens, 0 to 1.
    pub confidence: f32,
}

/// The readings of a transcription, best first: one, or none where nothing was said.
pub(crate) fn readings(heard: &Transcription) -> Vec<Reading> {
    if heard.text.is_empty() {
        return Vec::new();
    }
    vec![Reading {
        transcript: heard.text.clone(),
        confidence: heard.avg_logprob.exp().clamp(0.0, 1.0),
        words: words(&heard.tokens),
    }]
}

/// Tokens put together to words. A token that begins with a space begins a word; the
/// bytes of a character may be spread over several tokens.
fn words(tokens: &[Token]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut open: Option<(Vec<u8>, f32, f32)> = None;
    for token in tokens {
        let begins = token.bytes.first() == Some(&b' ') || open.is_none();
        if begins {
            words.extend(open.take().and_then(close));
        }
        let (bytes, sum, count) = open.get_or_insert_with(|| (Vec::new(), 0.0, 0.0));
        bytes.extend_from_slice(&token.bytes);
        *sum += token.logprob;
        *count += 1.0;
    }
    words.extend(open.and_then(close));
    words
}

fn close((bytes, sum, count): (Vec<u8>, f32, f32)) -> Option<Word> {
    let word = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!word.is_empty()).then(|| Word {
        word,
        confidence: (sum / count).exp().clamp(0.0, 1.0),
    })
}

#[cfg(test)]
mod tests {
    use hark_core::Language;
    use hark_core::engine::Timings;

    use super::*;

    fn heard(text: &str, tokens: &[(&[u8], f32)]) -> Transcription {
        let token = |(i, (bytes, logprob)): (usize, &(&[u8], f32))| Token {
            id: i as u32,
            bytes: bytes.to_vec(),
            logprob: *logprob,
        };
        Transcription {
            text: text.to_owned(),
            language: Language::german(),
            tokens: tokens.iter().enumerate().map(token).collect(),
            avg_logprob: -0.5,
            no_speech_probability: 0.0,
            timings: Timings::default(),
        }
    }

    #[test]
    fn tokens_make_words_even_where_characters_are_split() {
        let tokens: [(&[u8], f32); 5] = [
            (b" Schalt", 0.0),
            (b"e", -0.2),
            (b" die K\xC3", -0.4),
            (b"\xBCche", 0.0),
            (b" ein.", -1.0),
        ];
        let readings = readings(&heard("Schalte die Küche ein.", &tokens));
        let words = &readings[0].words;
        let texts: Vec<_> = words.iter().map(|w| w.word.as_str()).collect();
        assert_eq!(texts, ["Schalte", "die Küche", "ein."]);
        assert!((words[0].confidence - (-0.1_f32).exp()).abs() < 1e-6);
        assert!((readings[0].confidence - (-0.5_f32).exp()).abs() < 1e-6);
    }

    #[test]
    fn nothing_said_has_no_reading() {
        assert_eq!(readings(&heard("", &[])), []);
    }

    #[test]
    fn bytes_that_are_no_text_do_no_harm() {
        let tokens: [(&[u8], f32); 2] = [(b"\xff\xfe", -1.0), (b" ", -1.0)];
        assert_eq!(readings(&heard("?", &tokens))[0].words.len(), 1);
    }
}
