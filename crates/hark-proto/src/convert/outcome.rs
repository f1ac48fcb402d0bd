//! What came of an utterance: outcome, reply, timings.

use hark_core::outcome::{Outcome, Reply, Timings, UtteranceOutcome};

use super::time::{duration_to_pb, optional_duration};
use super::{ids, optional, repeated, required};
use crate::{Error, v1};

impl From<Outcome> for v1::Outcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Done,
            Outcome::NotUnderstood => Self::NotUnderstood,
            Outcome::Question => Self::Question,
            Outcome::Refused => Self::Refused,
            Outcome::Error => Self::Error,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

impl TryFrom<v1::Outcome> for Outcome {
    type Error = Error;

    fn try_from(outcome: v1::Outcome) -> Result<Self, Error> {
        match outcome {
            v1::Outcome::Unspecified => Err(Error::missing("outcome")),
            v1::Outcome::Done => Ok(Self::Done),
            v1::Outcome::NotUnderstood => Ok(Self::NotUnderstood),
            v1::Outcome::Question => Ok(Self::Question),
            v1::Outcome::Refused => Ok(Self::Refused),
            v1::Outcome::Error => Ok(Self::Error),
            v1::Outcome::Unknown => Ok(Self::Unknown),
        }
    }
}

impl From<Reply> for v1::Reply {
    fn from(reply: Reply) -> Self {
        Self {
            code: reply.code,
            arguments: reply.arguments.into_iter().collect(),
            language: reply.language.into(),
            text: reply.text,
            audio: None,
        }
    }
}

impl TryFrom<v1::Reply> for Reply {
    type Error = Error;

    fn try_from(message: v1::Reply) -> Result<Self, Error> {
        Ok(Self {
            language: ids::language("language", &message.language)?,
            code: message.code,
            arguments: message.arguments.into_iter().collect(),
            text: message.text,
        })
    }
}

impl From<UtteranceOutcome> for v1::UtteranceOutcome {
    fn from(outcome: UtteranceOutcome) -> Self {
        Self {
            outcome: v1::Outcome::from(outcome.outcome).into(),
            intent: outcome.intent.map(v1::Intent::from),
            devices: outcome.devices.into_iter().map(Into::into).collect(),
            reply: Some(outcome.reply.into()),
            replayed: outcome.replayed,
        }
    }
}

impl TryFrom<v1::UtteranceOutcome> for UtteranceOutcome {
    type Error = Error;

    fn try_from(message: v1::UtteranceOutcome) -> Result<Self, Error> {
        Ok(Self {
            outcome: message.outcome().try_into()?,
            intent: optional("intent", message.intent)?,
            devices: repeated("devices", message.devices)?,
            reply: required("reply", message.reply)?,
            replayed: message.replayed,
        })
    }
}

impl From<Timings> for v1::Timings {
    fn from(timings: Timings) -> Self {
        Self {
            speech: timings.speech.map(duration_to_pb),
            endpoint: timings.endpoint.map(duration_to_pb),
            queue: timings.queue.map(duration_to_pb),
            encode: timings.encode.map(duration_to_pb),
            decode: timings.decode.map(duration_to_pb),
            intent: timings.intent.map(duration_to_pb),
            action: timings.action.map(duration_to_pb),
            total: timings.total.map(duration_to_pb),
        }
    }
}

impl TryFrom<v1::Timings> for Timings {
    type Error = Error;

    fn try_from(message: v1::Timings) -> Result<Self, Error> {
        Ok(Self {
            speech: optional_duration("speech", message.speech)?,
            endpoint: optional_duration("endpoint", message.endpoint)?,
            queue: optional_duration("queue", message.queue)?,
            encode: optional_duration("encode", message.encode)?,
            decode: optional_duration("decode", message.decode)?,
            intent: optional_duration("intent", message.intent)?,
            action: optional_duration("action", message.action)?,
            total: optional_duration("total", message.total)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::testing;

    #[test]
    fn an_outcome_without_a_reply_is_an_error() {
        let message = v1::UtteranceOutcome {
            outcome: v1::Outcome::Done.into(),
            ..Default::default()
        };
        let error = UtteranceOutcome::try_from(message).unwrap_err();
        assert_eq!(error.violations()[0].field, "reply");
        let error = UtteranceOutcome::try_from(v1::UtteranceOutcome::default()).unwrap_err();
        assert_eq!(error.violations()[0].field, "outcome");
    }

    #[test]
    fn a_bad_timing_is_named() {
        let decode = Some(prost_types::Duration {
            seconds: -1,
            nanos: 0,
        });
        let message = v1::Timings {
            decode,
            ..Default::default()
        };
        let error = Timings::try_from(message).unwrap_err();
        assert_eq!(error.violations()[0].field, "decode");
    }

    proptest! {
        #[test]
        fn outcomes_round_trip(outcome in testing::utterance_outcome()) {
            let message = v1::UtteranceOutcome::from(outcome.clone());
            prop_assert_eq!(UtteranceOutcome::try_from(message), Ok(outcome));
        }

        #[test]
        fn timings_round_trip(timings in testing::timings()) {
            prop_assert_eq!(Timings::try_from(v1::Timings::from(timings)), Ok(timings));
        }
    }
}
