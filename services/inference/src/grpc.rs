//! `hark.internal.v1.Inference`: parse, one call of the worker, convert.

use std::time::SystemTime;

use hark_core::audio::MAX_UTTERANCE;
use hark_core::engine::Job;
use hark_core::queue::WorkClass;
use hark_proto::convert::transcription::{self, description_to_pb};
use hark_proto::convert::{audio, ids};
use hark_proto::internal::inference_server::{self, InferenceServer};
use hark_proto::internal::{
    DescribeRequest, DescribeResponse, TranscribeRequest, TranscribeResponse,
    WorkClass as PbWorkClass,
};
use hark_proto::{Error, ErrorCode};
use hark_runtime::server;
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use crate::trace;
use crate::worker::{RETRY_AFTER, Transcribed, Worker, WorkerError};

/// The most that a message may have, in bytes.
const MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;
/// The most languages that may be asked for.
const MAX_LANGUAGES: usize = 8;
/// The most bytes of an utterance: 30 s of 16-bit samples.
const MAX_PCM_BYTES: usize = 30 * 16_000 * 2;

pub(crate) fn routes(worker: Worker) -> Routes {
    let service = InferenceServer::new(Grpc { worker })
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    Routes::new(service)
}

struct Grpc {
    worker: Worker,
}

#[tonic::async_trait]
impl inference_server::Inference for Grpc {
    async fn transcribe(
        &self,
        request: Request<TranscribeRequest>,
    ) -> Result<Response<TranscribeResponse>, Status> {
        let deadline = server::deadline(&request).map(|d| d.0);
        let (job, class) = parse(request.get_ref())?;
        let audio_ms = u64::try_from(job.audio.duration().as_millis()).unwrap_or(u64::MAX);
        let model = self.worker.description().model.clone();
        let span = trace::span(class, audio_ms, &model);
        let arrived = SystemTime::now();
        let work = self.worker.transcribe(job, class, deadline);
        let heard = work.instrument(span.clone()).await;
        trace::heard(&span, arrived, &heard);
        let Transcribed {
            transcription,
            queue,
        } = heard.map_err(status)?;
        let transcribed = transcription::Transcribed {
            transcription,
            queue,
            model,
        };
        Ok(Response::new(transcribed.into()))
    }

    async fn describe(
        &self,
        _: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        let (capacity, length) = self.worker.queue();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let description = self.worker.description();
        Ok(Response::new(description_to_pb(
            description,
            count(capacity),
            count(length),
        )))
    }
}

fn parse(request: &TranscribeRequest) -> Result<(Job, WorkClass), Error> {
    if request.pcm16.len() > MAX_PCM_BYTES {
        let description = format!(
            "has {} bytes; an utterance is at most {} s, {MAX_PCM_BYTES} bytes",
            request.pcm16.len(),
            MAX_UTTERANCE.as_secs(),
        );
        let error = Error::new(ErrorCode::InvalidAudio, "");
        return Err(error.with_violation("pcm16", description));
    }
    let class = match request.work_class() {
        PbWorkClass::Unspecified | PbWorkClass::Final => WorkClass::Final,
        PbWorkClass::Speculative => WorkClass::Speculative,
        PbWorkClass::Partial => WorkClass::Partial,
        PbWorkClass::Dictation => WorkClass::Dictation,
    };
    let job = Job {
        audio: audio::pcm16("pcm16", &request.pcm16)?,
        languages: ids::languages("languages", &request.languages, MAX_LANGUAGES)?,
    };
    Ok((job, class))
}

fn status(error: WorkerError) -> Status {
    let message = error.to_string();
    let error = match error {
        WorkerError::Overloaded { .. } | WorkerError::Shed => {
            Error::overloaded(message, RETRY_AFTER)
        }
        WorkerError::DeadlineExceeded => Error::deadline_exceeded(message),
        WorkerError::Closed => Error::unavailable(message),
        WorkerError::Engine(error) => error.into(),
    };
    error.into()
}
