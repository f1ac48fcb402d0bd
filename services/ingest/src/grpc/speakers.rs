//! `hark.v1.Speakers`.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use hark_core::Principal;
use hark_proto::convert::ids;
use hark_proto::v1::attach_response::Response as Answer;
use hark_proto::v1::speakers_server::Speakers;
use hark_proto::{Error, v1};
use hark_runtime::drain::Drain;
use hark_runtime::server::principal;
use tonic::{Request, Response, Status, Streaming};

use super::{convert, driven};
use crate::shared::Shared;
use crate::speakers::{FromSpeaker, ToSpeaker};

/// The service.
pub(super) struct Service {
    shared: Arc<Shared>,
    drain: Drain,
}

impl Service {
    pub(super) fn new(shared: Arc<Shared>, drain: Drain) -> Self {
        Self { shared, drain }
    }
}

#[tonic::async_trait]
impl Speakers for Service {
    type AttachStream = BoxStream<'static, Result<v1::AttachResponse, Status>>;

    async fn attach(
        &self,
        request: Request<Streaming<v1::AttachRequest>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let principal: Principal = principal(&request)?.clone();
        let inbound = request.into_inner().map(|message| inbound(message?));
        let (shared, drain) = (Arc::clone(&self.shared), self.drain.clone());
        Ok(Response::new(driven(|out| async move {
            let within = shared.limits.idle_gap;
            let speakers = &shared.speakers;
            speakers
                .attach(principal, drain, within, inbound, out)
                .await
        })))
    }
}

fn inbound(message: v1::AttachRequest) -> Result<FromSpeaker, Error> {
    use v1::attach_request::Request;
    match message.request.ok_or_else(|| Error::missing("request"))? {
        Request::Hello(hello) => self::hello(&hello).map_err(|e| e.within("hello")),
        Request::Acknowledgement(ack) => Ok(FromSpeaker::Acknowledge(ack.push_id)),
    }
}

fn hello(hello: &v1::SpeakerHello) -> Result<FromSpeaker, Error> {
    convert::languages(&hello.languages)?;
    convert::checked_area(hello.area.clone())?;
    let speaker = ids::optional_speaker("speaker_id", &hello.speaker_id)?;
    Ok(FromSpeaker::Hello(speaker))
}

impl From<ToSpeaker> for v1::AttachResponse {
    fn from(message: ToSpeaker) -> Self {
        let response = match message {
            ToSpeaker::Attached(speaker, principal) => Answer::Attached(v1::Attached {
                speaker_id: speaker.into(),
                area_id: principal.area.clone().map(String::from),
                principal: Some(principal.into()),
            }),
            ToSpeaker::Push(push) => Answer::Push(push.into()),
        };
        Self {
            response: Some(response),
        }
    }
}
