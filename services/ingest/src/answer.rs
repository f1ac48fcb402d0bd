//! What becomes of one utterance: words from a worker, meaning and action from the
//! router, and how long each took.

use std::collections::BTreeMap;
use std::time::Duration;

use hark_core::audio::Pcm;
use hark_core::outcome::{Outcome, Reply, Timings, UtteranceOutcome};
use hark_core::{Language, Ordinal, Principal, SessionId, SpeakerId};
use hark_intents::Replies;
use hark_proto::Error;
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use crate::shared::Shared;
use crate::trace;
use crate::words::{Reading, readings};

/// For whom a sentence is understood and acted on.
#[derive(Debug, Clone)]
pub(crate) struct OnBehalf {
    /// Who spoke.
    pub principal: Principal,
    /// At which speaker, if any.
    pub speaker: Option<SpeakerId>,
    /// Where, as the speaker said it: id or name.
    pub area: Option<String>,
    /// In which session.
    pub session: SessionId,
}

/// A sentence to be understood and acted on.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    /// The words.
    pub text: String,
    /// Their language.
    pub language: Language,
    /// For whom.
    pub on_behalf: OnBehalf,
    /// The utterance's number in the session.
    pub ordinal: Ordinal,
}

/// What the router made of a sentence.
#[derive(Debug, Clone)]
pub(crate) struct Handled {
    /// Meaning, devices and reply.
    pub outcome: UtteranceOutcome,
    /// Understanding the words.
    pub intent: Option<Duration>,
    /// Acting on devices.
    pub action: Option<Duration>,
}

/// What was heard, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Readings, best first; none where nothing was said.
    pub readings: Vec<Reading>,
    /// The language that was taken or heard.
    pub language: Language,
    /// The probability that this was no speech, 0 to 1.
    pub no_speech_probability: f32,
    /// What came of it; `None` where nobody asked for that.
    pub outcome: Option<UtteranceOutcome>,
    /// How long each part took.
    pub timings: Timings,
}

/// An utterance to be heard and, if asked for, acted on.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// What was said.
    pub audio: Pcm,
    /// Languages that may be spoken, most likely first.
    pub languages: Vec<Language>,
    /// For whom to act; `None`: words only.
    pub act: Option<(OnBehalf, Ordinal)>,
    /// When the end of the speech was decided.
    pub decided: Instant,
    /// What is known of the timings already.
    pub timings: Timings,
}

/// Does a task; `span` stands for the utterance.
///
/// # Errors
/// Those of the worker and the router; nothing was acted on if it is the worker's.
pub(crate) async fn answer(shared: &Shared, task: Task, span: &Span) -> Result<Answer, Error> {
    let answer = heard_and_handled(shared, task)
        .instrument(span.clone())
        .await;
    trace::answered(span, &answer);
    answer
}

async fn heard_and_handled(shared: &Shared, task: Task) -> Result<Answer, Error> {
    let mut timings = task.timings;
    let transcribe = shared.workers.transcribe(&task.audio, &task.languages);
    let heard = transcribe.await?;
    timings.queue = Some(heard.queue);
    timings.encode = Some(heard.transcription.timings.encode);
    timings.decode = Some(heard.transcription.timings.decode);
    let heard = heard.transcription;
    let outcome = match task.act {
        None => None,
        Some(_) if heard.text.is_empty() => Some(shared.silence.outcome(&heard.language)),
        Some((on_behalf, ordinal)) => {
            let sentence = Sentence {
                text: heard.text.clone(),
                language: heard.language.clone(),
                on_behalf,
                ordinal,
            };
            let handled = shared.workers.handle(sentence).await?;
            timings.intent = handled.intent;
            timings.action = handled.action;
            Some(handled.outcome)
        }
    };
    timings.total = Some(task.decided.elapsed());
    let answer = Answer {
        readings: readings(&heard),
        language: heard.language,
        no_speech_probability: heard.no_speech_probability,
        outcome,
        timings,
    };
    shared.metrics.answered(&answer);
    Ok(answer)
}

/// What nobody having said anything comes to, in every language that Hark has.
pub(crate) struct Silence(Vec<Replies>);

impl Silence {
    /// # Errors
    /// [`crate::Error::Replies`] if the sentences can't be read.
    pub(crate) fn new() -> Result<Self, crate::Error> {
        let languages = [Language::english(), Language::german()];
        let replies = languages.iter().map(Replies::builtin);
        Ok(Self(replies.collect::<Result<_, _>>()?))
    }

    /// The outcome, in the language that serves best.
    pub(crate) fn outcome(&self, language: &Language) -> UtteranceOutcome {
        let language = language.best_of(self.0.iter().map(Replies::language));
        let replies = self.0.iter().find(|r| Some(r.language()) == language);
        let replies = replies.unwrap_or(&self.0[0]);
        let code = "nothing_heard";
        let arguments = BTreeMap::new();
        UtteranceOutcome {
            outcome: Outcome::NotUnderstood,
            intent: None,
            devices: Vec::new(),
            reply: Reply {
                code: code.to_owned(),
                text: replies.render(code, &arguments),
                arguments,
                language: replies.language().clone(),
            },
            replayed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_answered_in_the_language_that_serves_best() {
        let silence = Silence::new().unwrap();
        for (asked, got) in [("de-AT", "de"), ("en-GB", "en"), ("fr", "en")] {
            let outcome = silence.outcome(&Language::parse(asked).unwrap());
            assert_eq!(outcome.reply.language.as_str(), got);
            assert_eq!(outcome.reply.code, "nothing_heard");
            assert!(!outcome.reply.text.is_empty());
        }
    }
}
