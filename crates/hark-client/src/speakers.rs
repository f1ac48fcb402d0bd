//! The stream by which the house reaches a speaker.

use hark_core::language::Language;
use hark_core::push::Push;
use hark_core::{AreaId, Principal, SpeakerId};
use hark_proto::convert::{ids, required};
use hark_proto::v1::speakers_client::SpeakersClient;
use hark_proto::v1::{self, attach_request as request, attach_response as response};
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
    /// What the house wants next; `None` once the server has ended the stream. It comes
    /// again until it is acknowledged. What this version can't do is left to expire.
    ///
    /// # Errors
    /// [`Error::Server`]; the speaker is not attached any more.
    pub async fn next(&mut self) -> Result<Option<Push>, Error> {
        while let Some(message) = self.responses.message().await? {
            let Some(response::Response::Push(push)) = message.response else {
                continue;
            };
            match Push::try_from(push) {
                Ok(push) => return Ok(Some(push)),
                Err(error) => tracing::warn!(%error, "skipping a push"),
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
