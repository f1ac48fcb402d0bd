//! What the house tells a speaker by itself.

use hark_core::push::{Action, Push, Ring};

use super::time::{duration_to_pb, required_duration, required_timestamp, timestamp_to_pb};
use super::{ids, required};
use crate::{Error, v1};

impl From<Push> for v1::Push {
    fn from(push: Push) -> Self {
        use v1::push::Action as Pb;
        Self {
            push_id: push.id,
            expires_at: Some(timestamp_to_pb(push.expires_at)),
            action: Some(match push.action {
                Action::Ring(ring) => Pb::Ring(ring.into()),
                Action::Say(reply) => Pb::Say(reply.into()),
                Action::Stop(timer) => Pb::Stop(v1::StopRing {
                    timer_id: timer.map(String::from).unwrap_or_default(),
                }),
            }),
        }
    }
}

impl TryFrom<v1::Push> for Push {
    type Error = Error;

    fn try_from(message: v1::Push) -> Result<Self, Error> {
        use v1::push::Action as Pb;
        let unknown = || Error::invalid_field("action", "is none that this version knows");
        let action = match message.action.ok_or_else(|| Error::missing("action"))? {
            Pb::Ring(ring) => Action::Ring(Ring::try_from(ring).map_err(|e| e.within("ring"))?),
            Pb::Say(reply) => Action::Say(required("say", Some(reply))?),
            Pb::Stop(stop) if stop.timer_id.is_empty() => Action::Stop(None),
            Pb::Stop(stop) => Action::Stop(Some(ids::timer("stop.timer_id", &stop.timer_id)?)),
            Pb::Reconnect(_) | Pb::Settings(_) => return Err(unknown()),
        };
        Ok(Self {
            id: message.push_id,
            expires_at: required_timestamp("expires_at", message.expires_at)?,
            action,
        })
    }
}

impl From<Ring> for v1::Ring {
    fn from(ring: Ring) -> Self {
        Self {
            timer_id: ring.timer.into(),
            name: ring.name,
            duration: Some(duration_to_pb(ring.duration)),
            late: Some(duration_to_pb(ring.late)),
            reply: Some(ring.reply.into()),
        }
    }
}

impl TryFrom<v1::Ring> for Ring {
    type Error = Error;

    fn try_from(message: v1::Ring) -> Result<Self, Error> {
        Ok(Self {
            timer: ids::timer("timer_id", &message.timer_id)?,
            name: message.name,
            duration: required_duration("duration", message.duration)?,
            late: required_duration("late", message.late)?,
            reply: required("reply", message.reply)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use hark_core::outcome::Reply;
    use hark_core::time::Timestamp;
    use hark_core::{Language, TimerId};

    use super::*;

    fn reply() -> Reply {
        Reply {
            code: "timer_ringing".into(),
            arguments: BTreeMap::from([("duration".into(), "drei Minuten".into())]),
            language: Language::german(),
            text: "Dein Timer über drei Minuten ist um.".into(),
        }
    }

    #[test]
    fn every_push_round_trips() {
        let timer = TimerId::parse("t-1").unwrap();
        let ring = Ring {
            timer: timer.clone(),
            name: "Tee".into(),
            duration: Duration::from_secs(180),
            late: Duration::ZERO,
            reply: reply(),
        };
        for action in [
            Action::Ring(ring),
            Action::Say(reply()),
            Action::Stop(None),
            Action::Stop(Some(timer)),
        ] {
            let push = Push {
                id: "p-1".into(),
                expires_at: Timestamp::from_unix_ms(1_700_000_000_123),
                action,
            };
            assert_eq!(Push::try_from(v1::Push::from(push.clone())), Ok(push));
        }
    }

    #[test]
    fn a_push_that_can_not_be_read_names_its_field() {
        let error = Push::try_from(v1::Push::default()).unwrap_err();
        assert_eq!(error.to_string(), "action: is missing");
        let ring = v1::push::Action::Ring(v1::Ring::default());
        let message = v1::Push {
            action: Some(ring),
            ..Default::default()
        };
        let error = Push::try_from(message).unwrap_err();
        assert_eq!(error.violations()[0].field, "ring.timer_id");
    }
}
