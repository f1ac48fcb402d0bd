//! What a server tells a speaker, read from its messages.

use hark_core::language::Language;
use hark_core::outcome::{Timings, UtteranceOutcome};
use hark_core::{AreaId, Ordinal, Principal, SessionId};
use hark_proto::convert::{ids, required};
use hark_proto::v1::{self, speech_event::Kind, streaming_recognize_response as response};

use crate::Error;

/// What happens in a session.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The session is accepted.
    Started {
        /// The session.
        session: SessionId,
        /// Who the server takes the caller for.
        principal: Principal,
        /// The languages that are listened for.
        languages: Vec<Language>,
        /// The area that commands without a room are for.
        area: Option<AreaId>,
        /// The ordinal that the next utterance gets.
        next_ordinal: Ordinal,
    },
    /// An utterance began at a sample of the session.
    SpeechBegin(Ordinal, u64),
    /// An utterance ended at a sample of the session.
    SpeechEnd(Ordinal, u64),
    /// Nobody spoke within the start time-out.
    NothingSaid,
    /// Another speaker heard the person better.
    ArbitrationLost(Ordinal),
    /// The server is going to close: finish and connect elsewhere.
    Draining,
    /// Words, so far or for good.
    Heard(Heard),
    /// What the final words meant, and what was done.
    Outcome {
        /// The utterance.
        ordinal: Ordinal,
        /// Meaning, devices and reply.
        outcome: UtteranceOutcome,
        /// How long each part took.
        timings: Timings,
    },
    /// Audio before a sample of the session need not be kept any more.
    Acknowledged {
        /// The utterance that comes next, or is being spoken.
        next_ordinal: Ordinal,
        /// The first sample that may still be needed.
        offset_samples: u64,
    },
    /// Something that this version does not know.
    Unknown,
}

/// What was heard of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The utterance.
    pub ordinal: Ordinal,
    /// Whether it will not change any more.
    pub is_final: bool,
    /// The best reading; empty where nothing was said.
    pub transcript: String,
    /// Mean token probability of that reading, 0 to 1.
    pub confidence: f32,
    /// The language that was heard.
    pub language: Language,
    /// The probability that this was no speech at all, 0 to 1.
    pub no_speech_probability: f32,
}

impl TryFrom<v1::StreamingRecognizeResponse> for Event {
    type Error = Error;

    fn try_from(message: v1::StreamingRecognizeResponse) -> Result<Self, Error> {
        let read = match message.response {
            None => Ok(Self::Unknown),
            Some(response::Response::Started(m)) => started(m),
            Some(response::Response::Event(m)) => Ok(speech_event(&m)),
            Some(response::Response::Result(m)) => heard(m).map(Self::Heard),
            Some(response::Response::Outcome(m)) => outcome(m),
            Some(response::Response::Acknowledgement(m)) => Ok(Self::Acknowledged {
                next_ordinal: Ordinal(m.next_ordinal),
                offset_samples: m.offset_samples,
            }),
        };
        read.map_err(|e| Error::unreadable("an event", &e))
    }
}

fn started(message: v1::SessionStarted) -> Result<Event, hark_proto::Error> {
    Ok(Event::Started {
        session: ids::session("session_id", &message.session_id)?,
        principal: required("principal", message.principal)?,
        languages: ids::languages("languages", &message.languages, usize::MAX)?,
        area: ids::optional_area("area_id", message.area_id.as_deref())?,
        next_ordinal: Ordinal(message.next_ordinal),
    })
}

fn speech_event(message: &v1::SpeechEvent) -> Event {
    let ordinal = Ordinal(message.ordinal);
    match message.kind() {
        Kind::Unspecified => Event::Unknown,
        Kind::SpeechBegin => Event::SpeechBegin(ordinal, message.offset_samples),
        Kind::SpeechEnd => Event::SpeechEnd(ordinal, message.offset_samples),
        Kind::NothingSaid => Event::NothingSaid,
        Kind::ArbitrationLost => Event::ArbitrationLost(ordinal),
        Kind::Draining => Event::Draining,
    }
}

/// What was heard, from a result.
pub(crate) fn heard(message: v1::RecognitionResult) -> Result<Heard, hark_proto::Error> {
    let language = ids::language("language", &message.language)?;
    let best = message.alternatives.into_iter().next().unwrap_or_default();
    Ok(Heard {
        ordinal: Ordinal(message.ordinal),
        is_final: message.is_final,
        transcript: best.transcript,
        confidence: best.confidence,
        language,
        no_speech_probability: message.no_speech_probability,
    })
}

fn outcome(message: v1::OutcomeResult) -> Result<Event, hark_proto::Error> {
    Ok(Event::Outcome {
        ordinal: Ordinal(message.ordinal),
        outcome: required("outcome", message.outcome)?,
        timings: required("timings", message.timings)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(response: response::Response) -> Result<Event, Error> {
        let response = Some(response);
        Event::try_from(v1::StreamingRecognizeResponse { response })
    }

    #[test]
    fn a_result_gives_its_best_reading() {
        let reading = |transcript: &str, confidence| v1::Alternative {
            transcript: transcript.into(),
            confidence,
            words: vec![],
        };
        let result = v1::RecognitionResult {
            ordinal: 3,
            is_final: true,
            alternatives: vec![reading("Licht an", 0.9), reading("nicht an", 0.1)],
            language: "de".into(),
            ..Default::default()
        };
        let Event::Heard(heard) = event(response::Response::Result(result)).unwrap() else {
            panic!("not a result");
        };
        assert_eq!(
            (heard.ordinal, &*heard.transcript),
            (Ordinal(3), "Licht an")
        );
    }

    #[test]
    fn what_a_newer_server_says_is_no_error() {
        let message = v1::StreamingRecognizeResponse { response: None };
        assert_eq!(Event::try_from(message).unwrap(), Event::Unknown);
        let kind = 99;
        let message = v1::SpeechEvent {
            kind,
            ..Default::default()
        };
        let event = event(response::Response::Event(message)).unwrap();
        assert_eq!(event, Event::Unknown);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let error = event(response::Response::Outcome(v1::OutcomeResult::default()));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("outcome: is missing"), "{error}");
    }
}
