//! The stream by which the house reaches a speaker.

use std::time::Duration;

use hark_core::language::Language;
use hark_core::outcome::Reply;
use hark_core::time::Timestamp;
use hark_core::{AreaId, Principal, SpeakerId, TimerId};
use hark_proto::convert::time::{optional_duration, required_timestamp};
use hark_proto::convert::{ids, optional, required};
use hark_proto::v1::speakers_client::SpeakersClient;
use hark_proto::v1::{self, attach_request as request, attach_response as response, push};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::{Client, Error};

/// Acknowledgements that may wait to be sent.
const QUEUE: usize = 16;

/// Who a speaker is.
#[derive(Debug, Clone, Default)]
pub struct Hello {
    /// Its stable id; `None`: whoever the server takes the caller for.
    pub speaker: Option<SpeakerId>,
    /// The area that it stands in: id or name.
    pub area: Option<String>,
    /// The languages it may be spoken to in, best first.
    pub languages: Vec<Language>,
}

/// An attached speaker.
#[derive(Debug)]
pub struct Attachment {
    /// The id that it is known by.
    pub speaker: SpeakerId,
    /// Who the server takes the caller for.
    pub principal: Principal,
    /// The area it stands in, if known.
    pub area: Option<AreaId>,
    responses: Streaming<v1::AttachResponse>,
    requests: mpsc::Sender<v1::AttachRequest>,
}

/// Something that a speaker is to do. It comes again until it is acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    /// Its id.
    pub id: String,
    /// When it becomes pointless.
    pub expires_at: Timestamp,
    /// What to do.
    pub action: Action,
}

/// What a speaker is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Ring until stopped: a timer has run out.
    Ring {
        /// The timer.
        timer: TimerId,
        /// Its name, or empty.
        name: String,
        /// How late this is.
        late: Duration,
        /// What to say with it.
        reply: Option<Reply>,
    },
    /// Say a sentence.
    Say(Reply),
    /// Stop ringing: that timer, or all.
    Stop(Option<TimerId>),
    /// Connect to one of these addresses.
    Reconnect(Vec<String>),
    /// Be so loud, 0 to 100, if anything is said about it.
    Settings {
        /// Loudness.
        volume_pct: Option<u32>,
    },
    /// Something that this version does not know.
    Unknown,
}

impl Client {
    /// Attaches a speaker: from now on the house can reach it.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn attach(&self, hello: &Hello) -> Result<Attachment, Error> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let hello = v1::SpeakerHello {
            speaker_id: hello.speaker.clone().map(String::from).unwrap_or_default(),
            area: hello.area.clone(),
            languages: ids::languages_to_pb(&hello.languages),
        };
        let first = futures_util::stream::iter([message(request::Request::Hello(hello))]);
        let mut client = SpeakersClient::new(self.channel());
        let call = client.attach(first.chain(ReceiverStream::new(queue)));
        let mut responses = self.within_deadline(call).await?;
        let answer = tokio::time::timeout(self.timeout, responses.message());
        let answer = answer.await.map_err(|_| Error::Silent(self.timeout))??;
        let attached = match answer.and_then(|a| a.response) {
            Some(response::Response::Attached(attached)) => attached,
            _ => return Err(Error::Protocol("no greeting".to_owned())),
        };
        attachment(attached, responses, requests).map_err(|e| Error::unreadable("a greeting", &e))
    }
}

impl Attachment {
    /// What the house wants next; `None` once the server has ended the stream.
    ///
    /// # Errors
    /// [`Error::Server`] or [`Error::Protocol`]; the speaker is not attached any more.
    pub async fn next(&mut self) -> Result<Option<Push>, Error> {
        while let Some(message) = self.responses.message().await? {
            if let Some(response::Response::Push(push)) = message.response {
                let push = Push::try_from(push).map_err(|e| Error::unreadable("a push", &e))?;
                return Ok(Some(push));
            }
        }
        Ok(None)
    }

    /// Tells the house that a push was carried out.
    ///
    /// # Errors
    /// [`Error::Protocol`] if the stream is over.
    pub async fn acknowledge(&self, push_id: &str) -> Result<(), Error> {
        let acknowledgement = v1::PushAcknowledgement {
            push_id: push_id.to_owned(),
        };
        let message = message(request::Request::Acknowledgement(acknowledgement));
        let sent = self.requests.send(message).await;
        sent.map_err(|_| Error::Protocol("the end of the stream".to_owned()))
    }
}

fn message(request: request::Request) -> v1::AttachRequest {
    v1::AttachRequest {
        request: Some(request),
    }
}

fn attachment(
    attached: v1::Attached,
    responses: Streaming<v1::AttachResponse>,
    requests: mpsc::Sender<v1::AttachRequest>,
) -> Result<Attachment, hark_proto::Error> {
    Ok(Attachment {
        speaker: ids::speaker("speaker_id", &attached.speaker_id)?,
        principal: required("principal", attached.principal)?,
        area: ids::optional_area("area_id", attached.area_id.as_deref())?,
        responses,
        requests,
    })
}

impl TryFrom<v1::Push> for Push {
    type Error = hark_proto::Error;

    fn try_from(message: v1::Push) -> Result<Self, hark_proto::Error> {
        Ok(Self {
            id: message.push_id,
            expires_at: required_timestamp("expires_at", message.expires_at)?,
            action: message.action.map_or(Ok(Action::Unknown), action)?,
        })
    }
}

fn action(message: push::Action) -> Result<Action, hark_proto::Error> {
    Ok(match message {
        push::Action::Ring(ring) => Action::Ring {
            timer: ids::timer("ring.timer_id", &ring.timer_id)?,
            name: ring.name,
            late: optional_duration("ring.late", ring.late)?.unwrap_or_default(),
            reply: optional("ring.reply", ring.reply)?,
        },
        push::Action::Say(reply) => Action::Say(Reply::try_from(reply)?),
        push::Action::Stop(stop) if stop.timer_id.is_empty() => Action::Stop(None),
        push::Action::Stop(stop) => {
            Action::Stop(Some(ids::timer("stop.timer_id", &stop.timer_id)?))
        }
        push::Action::Reconnect(reconnect) => Action::Reconnect(reconnect.addresses),
        push::Action::Settings(settings) => Action::Settings {
            volume_pct: settings.volume_pct,
        },
    })
}
