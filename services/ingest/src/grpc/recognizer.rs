//! `hark.v1.Recognizer`.

use std::sync::Arc;

use hark_audio::{Clip, decode_clip, decode_raw};
use hark_core::outcome::Timings;
use hark_core::{Ordinal, Principal};
use hark_proto::v1::recognizer_server::Recognizer;
use hark_proto::{Error, ErrorCode, v1};
use hark_runtime::server::principal;
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::convert;
use crate::answer::{OnBehalf, Task, answer};
use crate::shared::Shared;
use crate::trace;

/// The service.
pub(super) struct Service {
    shared: Arc<Shared>,
}

impl Service {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    async fn clip(
        &self,
        principal: Principal,
        request: v1::RecognizeRequest,
    ) -> Result<v1::RecognizeResponse, Error> {
        let _seat = self.shared.recognitions.take().map_err(Error::from)?;
        let decided = Instant::now();
        convert::alternatives(request.max_alternatives)?;
        let languages = convert::languages(&request.languages)?;
        let act = request.act.map(|act| on_behalf(principal, act));
        let act = act.transpose().map_err(|e| e.within("act"))?;
        let ordinal = act.as_ref().map_or(Ordinal(0), |(_, ordinal)| *ordinal);
        let clip = decode(request.format, request.audio).await?;
        let timings = Timings {
            speech: Some(clip.pcm.duration()),
            ..Timings::default()
        };
        let task = Task {
            audio: clip.pcm,
            languages: self.shared.languages_or_home(languages),
            act,
            decided,
            timings,
        };
        let heard = answer(&self.shared, task, &trace::span(ordinal)).await?;
        let result = convert::result(
            ordinal,
            clip.source_samples,
            heard.readings,
            heard.language,
            heard.no_speech_probability,
        );
        Ok(v1::RecognizeResponse {
            result: Some(result),
            outcome: heard.outcome.map(Into::into),
            timings: Some(heard.timings.into()),
        })
    }
}

#[tonic::async_trait]
impl Recognizer for Service {
    async fn recognize(
        &self,
        request: Request<v1::RecognizeRequest>,
    ) -> Result<Response<v1::RecognizeResponse>, Status> {
        let principal = principal(&request)?.clone();
        let answer = self.clip(principal, request.into_inner()).await?;
        Ok(Response::new(answer))
    }
}

fn on_behalf(principal: Principal, act: v1::ActOn) -> Result<(OnBehalf, Ordinal), Error> {
    let on_behalf = OnBehalf {
        speaker: convert::speaker(&principal, &act.speaker_id)?,
        area: convert::area(&principal, act.area)?,
        principal,
        session: convert::session_or_new(&act.session_id)?,
    };
    Ok((on_behalf, Ordinal(act.ordinal)))
}

/// Decodes a clip where it disturbs nobody: 30 s of audio are some work.
async fn decode(format: Option<v1::AudioFormat>, audio: bytes::Bytes) -> Result<Clip, Error> {
    let format = convert::clip_format(format)?;
    let decoding = tokio::task::spawn_blocking(move || match format {
        None => decode_clip(&audio),
        Some(format) => decode_raw(&audio, format),
    });
    let decoded = decoding
        .await
        .map_err(|e| Error::internal(format!("decoding the clip failed: {e}")))?;
    decoded
        .map_err(|e| Error::new(ErrorCode::InvalidAudio, "").with_violation("audio", e.to_string()))
}
