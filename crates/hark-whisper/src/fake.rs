//! An engine that hears nothing and says what it was told to say, for tests of what
//! stands around an engine. It describes itself as `fake`.

use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::engine::{
    Cancel, Description, Engine, Error, Job, Timings, Token, Transcription, check_audio,
};

/// A programmable engine.
///
/// ```
/// use hark_core::audio::Pcm;
/// use hark_core::engine::{Cancel, Engine, Job};
/// use hark_whisper::FakeEngine;
///
/// let mut engine = FakeEngine::saying("turn on the light");
/// let job = Job { audio: Pcm::new(vec![0.1; 1600]), languages: vec![] };
/// let heard = engine.transcribe(&job, &Cancel::default())?;
/// assert_eq!(heard.text, "turn on the light");
/// assert_eq!(engine.describe().engine, "fake");
/// # Ok::<(), hark_core::engine::Error>(())
/// ```
pub struct FakeEngine {
    answer: Box<dyn Answer>,
    wait: Box<dyn FnMut(&Asked<'_>) + Send>,
    model: String,
    languages: Vec<Language>,
    asked: u64,
}

/// What a fake engine was asked.
#[derive(Debug)]
pub struct Asked<'a> {
    /// How many jobs came before this one, refused ones included.
    pub ordinal: u64,
    /// What [`digest`] gives for the audio.
    pub digest: u64,
    /// The job.
    pub job: &'a Job,
    /// Says when the result is not wanted any more.
    pub cancel: &'a Cancel,
}

/// Makes a text of a job.
trait Answer: Send {
    fn answer(&mut self, asked: &Asked<'_>) -> Result<String, Error>;
}

impl<F: FnMut(&Asked<'_>) -> Result<String, Error> + Send> Answer for F {
    fn answer(&mut self, asked: &Asked<'_>) -> Result<String, Error> {
        self(asked)
    }
}

impl FakeEngine {
    /// Answers with what a function makes of each job.
    pub fn new(answer: impl FnMut(&Asked<'_>) -> Result<String, Error> + Send + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            wait: Box::new(|_| ()),
            model: "fake".to_owned(),
            languages: Vec::new(),
            asked: 0,
        }
    }

    /// Always says the same.
    pub fn saying(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::new(move |_| Ok(text.clone()))
    }

    /// Says one text after another, by the ordinal of the job, and nothing after the
    /// last. The one case in which a result depends on more than its job.
    pub fn reciting<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        Self::new(move |asked| {
            let at = usize::try_from(asked.ordinal).unwrap_or(usize::MAX);
            Ok(texts.get(at).cloned().unwrap_or_default())
        })
    }

    /// Says the text that belongs to the audio, by its [`digest`]; nothing for audio
    /// that it does not know.
    pub fn knowing<T: Into<String>>(texts: impl IntoIterator<Item = (u64, T)>) -> Self {
        let texts: std::collections::HashMap<u64, String> = texts
            .into_iter()
            .map(|(digest, text)| (digest, text.into()))
            .collect();
        Self::new(move |asked| Ok(texts.get(&asked.digest).cloned().unwrap_or_default()))
    }

    /// Takes as long over each job as a function does. The function should look at
    /// [`Asked::cancel`].
    #[must_use]
    pub fn waiting(mut self, wait: impl FnMut(&Asked<'_>) + Send + 'static) -> Self {
        self.wait = Box::new(wait);
        self
    }

    /// Goes by another name than `fake`, and knows only some languages.
    #[must_use]
    pub fn named(mut self, model: impl Into<String>, languages: Vec<Language>) -> Self {
        self.model = model.into();
        self.languages = languages;
        self
    }
}

impl Engine for FakeEngine {
    fn describe(&self) -> Description {
        Description {
            model: self.model.clone(),
            engine: "fake",
            languages: self.languages.clone(),
        }
    }

    fn transcribe(&mut self, job: &Job, cancel: &Cancel) -> Result<Transcription, Error> {
        let asked = Asked {
            ordinal: self.asked,
            digest: digest(&job.audio),
            job,
            cancel,
        };
        self.asked += 1;
        check_audio(&job.audio)?;
        (self.wait)(&asked);
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let text = self.answer.answer(&asked)?;
        Ok(transcription(&text, language(job, &self.languages)))
    }
}

impl std::fmt::Debug for FakeEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeEngine")
            .field("model", &self.model)
            .field("asked", &self.asked)
            .finish_non_exhaustive()
    }
}

/// A number that stands for audio: FNV-1a over the samples' bits.
pub fn digest(audio: &Pcm) -> u64 {
    let bytes = audio.samples().iter().flat_map(|s| s.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn language(job: &Job, known: &[Language]) -> Language {
    job.languages
        .first()
        .or(known.first())
        .cloned()
        .unwrap_or_else(Language::english)
}

/// A sure transcription of one token a word.
fn transcription(text: &str, language: Language) -> Transcription {
    let tokens: Vec<_> = text
        .split_whitespace()
        .zip(0..)
        .map(|(word, id)| Token {
            id,
            bytes: format!(" {word}").into_bytes(),
            logprob: -0.1,
        })
        .collect();
    let silent = tokens.is_empty();
    Transcription {
        text: text.trim().to_owned(),
        language,
        avg_logprob: if silent { 0.0 } else { -0.1 },
        no_speech_probability: if silent { 1.0 } else { 0.0 },
        tokens,
        timings: Timings::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(level: f32) -> Job {
        Job {
            audio: Pcm::new(vec![level; 160]),
            languages: vec![Language::german()],
        }
    }

    fn text(engine: &mut FakeEngine, job: &Job) -> String {
        engine.transcribe(job, &Cancel::default()).unwrap().text
    }

    #[test]
    fn texts_come_by_ordinal_or_by_audio() {
        let mut reciting = FakeEngine::reciting(["eins", "zwei"]);
        let said: Vec<_> = (0..3).map(|_| text(&mut reciting, &job(0.1))).collect();
        assert_eq!(said, ["eins", "zwei", ""]);

        let (a, b) = (job(0.1), job(0.2));
        let mut knowing = FakeEngine::knowing([(digest(&a.audio), "a"), (digest(&b.audio), "b")]);
        for (job, expect) in [(&b, "b"), (&a, "a"), (&b, "b"), (&job(0.3), "")] {
            assert_eq!(text(&mut knowing, job), expect);
        }
    }

    #[test]
    fn errors_and_the_checks_of_every_engine_come_through() {
        let mut engine = FakeEngine::new(|_| Err(Error::Broken("burnt".into())));
        let error = engine.transcribe(&job(0.1), &Cancel::default());
        assert_eq!(error, Err(Error::Broken("burnt".into())));
        let error = engine.transcribe(&job(f32::NAN), &Cancel::default());
        assert_eq!(error, Err(Error::NotFinite { index: 0 }));
    }

    #[test]
    fn waiting_ends_when_the_result_is_not_wanted() {
        let mut engine = FakeEngine::saying("spät").waiting(|asked| asked.cancel.cancel());
        let cancel = Cancel::default();
        assert_eq!(engine.transcribe(&job(0.1), &cancel), Err(Error::Cancelled));
        assert!(cancel.is_cancelled());
    }

    #[test]
    fn a_transcription_has_a_token_a_word_and_the_language() {
        let mut engine = FakeEngine::saying(" Licht an ").named("n", vec![Language::german()]);
        let heard = engine.transcribe(&job(0.1), &Cancel::default()).unwrap();
        assert_eq!((heard.text.as_str(), heard.tokens.len()), ("Licht an", 2));
        assert_eq!(heard.language, Language::german());
        assert_eq!(engine.describe().model, "n");
    }
}
