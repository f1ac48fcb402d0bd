//! `hark.internal.v1.Intents`: words to actions, for other nodes.

use std::sync::Arc;

use hark_core::{Ordinal, Principal};
use hark_proto::Error;
use hark_proto::convert::time::duration_to_pb;
use hark_proto::convert::{ids, required};
use hark_proto::internal::intents_server::Intents;
use hark_proto::internal::{HandleRequest, HandleResponse, ParseRequest, ParseResponse};
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use crate::handle::{Asked, handle, voice};
use crate::house::House;
use crate::trace;

pub(super) struct Grpc {
    house: Arc<House>,
}

impl Grpc {
    pub(super) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

#[tonic::async_trait]
impl Intents for Grpc {
    async fn handle(
        &self,
        request: Request<HandleRequest>,
    ) -> Result<Response<HandleResponse>, Status> {
        let _seat = self.house.sentences.take().map_err(Error::from)?;
        let asked = asked(request.into_inner())?;
        let span = trace::span(&asked);
        let handled = handle(&self.house, &asked).instrument(span.clone()).await;
        trace::handled(&span, &asked, &handled);
        let handled = handled?;
        Ok(Response::new(HandleResponse {
            outcome: Some(handled.outcome.into()),
            intent: Some(duration_to_pb(handled.understand)),
            action: Some(duration_to_pb(handled.act)),
        }))
    }

    async fn parse(
        &self,
        request: Request<ParseRequest>,
    ) -> Result<Response<ParseResponse>, Status> {
        let _seat = self.house.sentences.take().map_err(Error::from)?;
        let request = request.into_inner();
        let language = ids::language("language", &request.language)?;
        let voice = voice(&self.house, &request.text, &language)?;
        let readings = voice.understand(&request.text, &[]).into_iter().flatten();
        let readings = readings.map(Into::into).collect();
        Ok(Response::new(ParseResponse { readings }))
    }
}

fn asked(request: HandleRequest) -> Result<Asked, Error> {
    let principal: Principal = required("principal", request.principal)?;
    Ok(Asked {
        language: ids::language("language", &request.language)?,
        speaker: ids::optional_speaker("speaker_id", &request.speaker_id)?,
        session: ids::session("session_id", &request.session_id)?,
        ordinal: Ordinal(request.ordinal),
        area: request.area,
        text: request.text,
        alternatives: request.alternatives,
        principal,
    })
}
