//! `hark.v1.Speech`.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use hark_core::outcome::Timings;
use hark_core::{Ordinal, Principal};
use hark_proto::convert::ids;
use hark_proto::v1::speech_server::Speech;
use hark_proto::{Error, v1};
use hark_runtime::drain::Drain;
use hark_runtime::server::principal;
use tokio::time::Instant;
use tonic::{Request, Response, Status, Streaming};

use super::{convert, driven};
use crate::answer::{OnBehalf, Sentence};
use crate::session;
use crate::shared::Shared;

/// The longest sentence, in characters.
const MAX_SENTENCE: usize = 1_000;

/// The service.
pub(super) struct Service {
    shared: Arc<Shared>,
    drain: Drain,
}

impl Service {
    pub(super) fn new(shared: Arc<Shared>, drain: Drain) -> Self {
        Self { shared, drain }
    }

    async fn sentence(
        &self,
        principal: Principal,
        request: v1::ConverseRequest,
    ) -> Result<v1::ConverseResponse, Error> {
        let _seat = self.shared.recognitions.take().map_err(Error::from)?;
        let arrived = Instant::now();
        let sentence = self.parse(principal, request)?;
        let session = sentence.on_behalf.session;
        let handled = self.shared.workers.handle(sentence).await?;
        let timings = Timings {
            intent: handled.intent,
            action: handled.action,
            total: Some(arrived.elapsed()),
            ..Timings::default()
        };
        Ok(v1::ConverseResponse {
            session_id: session.to_string(),
            outcome: Some(handled.outcome.into()),
            timings: Some(timings.into()),
        })
    }

    fn parse(&self, principal: Principal, request: v1::ConverseRequest) -> Result<Sentence, Error> {
        let text = request.text.trim();
        if text.is_empty() {
            return Err(Error::missing("text"));
        }
        if text.chars().count() > MAX_SENTENCE {
            let description = format!("has over {MAX_SENTENCE} characters");
            return Err(Error::invalid_field("text", description));
        }
        let language = match request.language.as_str() {
            "" => self.shared.languages[0].clone(),
            tag => ids::language("language", tag)?,
        };
        let on_behalf = OnBehalf {
            speaker: convert::speaker(&principal, &request.speaker_id)?,
            area: convert::area(&principal, request.area)?,
            principal,
            session: convert::session_or_new(&request.session_id)?,
        };
        Ok(Sentence {
            text: text.to_owned(),
            language,
            on_behalf,
            ordinal: Ordinal(request.ordinal),
        })
    }
}

#[tonic::async_trait]
impl Speech for Service {
    type StreamingRecognizeStream =
        BoxStream<'static, Result<v1::StreamingRecognizeResponse, Status>>;

    async fn streaming_recognize(
        &self,
        request: Request<Streaming<v1::StreamingRecognizeRequest>>,
    ) -> Result<Response<Self::StreamingRecognizeStream>, Status> {
        let principal = principal(&request)?.clone();
        let seat = self.shared.streams.take().map_err(Error::from)?;
        let home = self.shared.limits.endpointing;
        let inbound = request
            .into_inner()
            .map(move |message| convert::inbound(message?, &principal, home));
        let (shared, drain) = (Arc::clone(&self.shared), self.drain.clone());
        Ok(Response::new(driven(|out| async move {
            let _seat = seat;
            session::run(shared, drain, inbound, out).await
        })))
    }

    async fn converse(
        &self,
        request: Request<v1::ConverseRequest>,
    ) -> Result<Response<v1::ConverseResponse>, Status> {
        let principal = principal(&request)?.clone();
        let answer = self.sentence(principal, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}
