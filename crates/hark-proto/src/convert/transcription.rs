//! What an inference worker answers.

use std::time::Duration;

use hark_core::engine::{Description, Timings, Token, Transcription};

use super::time::{duration_to_pb, required_duration};
use super::{ids, repeated};
use crate::{Error, internal};

/// A transcription, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Transcribed {
    /// What was heard.
    pub transcription: Transcription,
    /// Waiting for the engine.
    pub queue: Duration,
    /// The model that was used.
    pub model: String,
}

impl From<Transcribed> for internal::TranscribeResponse {
    fn from(transcribed: Transcribed) -> Self {
        let heard = transcribed.transcription;
        Self {
            text: heard.text,
            language: heard.language.into(),
            tokens: heard.tokens.into_iter().map(Into::into).collect(),
            avg_logprob: heard.avg_logprob,
            no_speech_probability: heard.no_speech_probability,
            queue: Some(duration_to_pb(transcribed.queue)),
            encode: Some(duration_to_pb(heard.timings.encode)),
            decode: Some(duration_to_pb(heard.timings.decode)),
            model: transcribed.model,
        }
    }
}

impl TryFrom<internal::TranscribeResponse> for Transcribed {
    type Error = Error;

    fn try_from(message: internal::TranscribeResponse) -> Result<Self, Error> {
        let timings = Timings {
            encode: required_duration("encode", message.encode)?,
            decode: required_duration("decode", message.decode)?,
        };
        let transcription = Transcription {
            text: message.text,
            language: ids::language("language", &message.language)?,
            tokens: repeated("tokens", message.tokens)?,
            avg_logprob: message.avg_logprob,
            no_speech_probability: message.no_speech_probability,
            timings,
        };
        Ok(Self {
            transcription,
            queue: required_duration("queue", message.queue)?,
            model: message.model,
        })
    }
}

impl From<Token> for internal::Token {
    fn from(token: Token) -> Self {
        Self {
            id: token.id,
            bytes: token.bytes,
            logprob: token.logprob,
        }
    }
}

impl TryFrom<internal::Token> for Token {
    type Error = Error;

    fn try_from(message: internal::Token) -> Result<Self, Error> {
        if message.logprob.is_nan() {
            return Err(Error::invalid_field("logprob", "is not a number"));
        }
        Ok(Self {
            id: message.id,
            bytes: message.bytes,
            logprob: message.logprob,
        })
    }
}

/// What a worker runs, with the state of its queue.
pub fn description_to_pb(
    description: &Description,
    queue_capacity: u32,
    queue_length: u32,
) -> internal::DescribeResponse {
    internal::DescribeResponse {
        model: description.model.clone(),
        engine: description.engine.to_owned(),
        languages: ids::languages_to_pb(&description.languages),
        queue_capacity,
        queue_length,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::testing;

    #[test]
    fn a_transcription_without_timings_is_an_error() {
        let message = internal::TranscribeResponse {
            language: "de".into(),
            ..Default::default()
        };
        let error = Transcribed::try_from(message).unwrap_err();
        assert_eq!(error.violations()[0].field, "encode");
    }

    proptest! {
        #[test]
        fn transcriptions_round_trip(
            transcription in testing::transcription(),
            queue in testing::duration(),
        ) {
            let model = "hark-nano".to_owned();
            let transcribed = Transcribed { transcription, queue, model };
            let message = internal::TranscribeResponse::from(transcribed.clone());
            prop_assert_eq!(Transcribed::try_from(message), Ok(transcribed));
        }
    }
}
