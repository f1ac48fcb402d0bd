//! Typed sentences.

use hark_core::language::Language;
use hark_core::outcome::{Timings, UtteranceOutcome};
use hark_core::{Ordinal, SessionId, SpeakerId};
use hark_proto::convert::{ids, required};
use hark_proto::v1;
use hark_proto::v1::speech_client::SpeechClient;

use crate::{Client, Error};

/// A typed sentence.
#[derive(Debug, Clone)]
pub struct Converse {
    /// What is said.
    pub text: String,
    /// The language it is said in; `None`: the home's first.
    pub language: Option<Language>,
    /// The speaker that it stands for.
    pub speaker: Option<SpeakerId>,
    /// The area that commands without a room are for: id or name.
    pub area: Option<String>,
    /// The session; `None`: the server makes one.
    pub session: Option<SessionId>,
    /// The utterance's number in the session.
    pub ordinal: Ordinal,
}

/// What a typed sentence meant and what was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversed {
    /// The session, given or new.
    pub session: SessionId,
    /// Meaning, devices and reply.
    pub outcome: UtteranceOutcome,
    /// How long each part took.
    pub timings: Timings,
}

impl Client {
    /// Says a typed sentence.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn converse(&self, converse: Converse) -> Result<Conversed, Error> {
        let request = self.request(v1::ConverseRequest {
            text: converse.text,
            language: converse.language.map(String::from).unwrap_or_default(),
            speaker_id: converse.speaker.map(String::from).unwrap_or_default(),
            area: converse.area,
            session_id: converse.session.map(|s| s.to_string()).unwrap_or_default(),
            ordinal: converse.ordinal.0,
        });
        let mut client = SpeechClient::new(self.channel());
        let response = self.within_deadline(client.converse(request)).await?;
        conversed(response).map_err(|e| Error::unreadable("an answer", &e))
    }
}

fn conversed(message: v1::ConverseResponse) -> Result<Conversed, hark_proto::Error> {
    Ok(Conversed {
        session: ids::session("session_id", &message.session_id)?,
        outcome: required("outcome", message.outcome)?,
        timings: required("timings", message.timings)?,
    })
}
