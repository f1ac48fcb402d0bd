//! Those who do the work: inference workers and routers. Every call has a deadline, and
//! one retry within it if nobody was there.

use std::future::Future;
use std::time::Duration;

use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::outcome::UtteranceOutcome;
use hark_proto::convert::audio::pcm16_to_pb;
use hark_proto::convert::time::optional_duration;
use hark_proto::convert::transcription::Transcribed;
use hark_proto::convert::{ids, required};
use hark_proto::internal::inference_client::InferenceClient;
use hark_proto::internal::intents_client::IntentsClient;
use hark_proto::{Error, ErrorCode, internal};
use hark_runtime::channel::Channel;
use tokio::time::Instant;
use tonic::Request;

use crate::answer::{Handled, Sentence};

/// The pause before a call is made again.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a worker may take to say what it runs.
const DESCRIBE_WITHIN: Duration = Duration::from_secs(1);

/// An inference worker and a router.
#[derive(Debug, Clone)]
pub(crate) struct Workers {
    inference: InferenceClient<Channel>,
    intents: IntentsClient<Channel>,
    transcribe_timeout: Duration,
    handle_timeout: Duration,
}

/// What a worker runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model {
    pub name: String,
    pub engine: String,
    pub languages: Vec<String>,
}

impl Workers {
    pub(crate) fn new(
        inference: Channel,
        intents: Channel,
        transcribe_timeout: Duration,
        handle_timeout: Duration,
    ) -> Self {
        Self {
            inference: InferenceClient::new(inference),
            intents: IntentsClient::new(intents),
            transcribe_timeout,
            handle_timeout,
        }
    }

    /// Has an utterance transcribed.
    ///
    /// # Errors
    /// The worker's; `UNAVAILABLE` if none answers, `DEADLINE_EXCEEDED` if it is too slow.
    pub(crate) async fn transcribe(
        &self,
        audio: &Pcm,
        languages: &[Language],
    ) -> Result<Transcribed, Error> {
        let message = internal::TranscribeRequest {
            pcm16: pcm16_to_pb(audio),
            languages: ids::languages_to_pb(languages),
            work_class: internal::WorkClass::Final.into(),
            max_alternatives: 1,
        };
        let answer = with_retry(self.transcribe_timeout, |left| {
            let mut client = self.inference.clone();
            let request = request(message.clone(), left);
            async move { Ok(client.transcribe(request).await?.into_inner()) }
        });
        Transcribed::try_from(answer.await?).map_err(|e| unreadable(&e))
    }

    /// Has a sentence understood and acted on. The router's ledger makes it safe to ask
    /// twice.
    ///
    /// # Errors
    /// The router's; `UNAVAILABLE` if none answers, `DEADLINE_EXCEEDED` if it is too slow.
    pub(crate) async fn handle(&self, sentence: Sentence) -> Result<Handled, Error> {
        let message = internal::HandleRequest {
            text: sentence.text,
            language: sentence.language.into(),
            principal: Some(sentence.on_behalf.principal.into()),
            speaker_id: sentence
                .on_behalf
                .speaker
                .map(String::from)
                .unwrap_or_default(),
            area: sentence.on_behalf.area,
            session_id: sentence.on_behalf.session.to_string(),
            ordinal: sentence.ordinal.0,
        };
        let answer = with_retry(self.handle_timeout, |left| {
            let mut client = self.intents.clone();
            let request = request(message.clone(), left);
            async move { Ok(client.handle(request).await?.into_inner()) }
        });
        handled(answer.await?).map_err(|e| unreadable(&e))
    }

    /// What the worker runs.
    ///
    /// # Errors
    /// As the worker answers; `DEADLINE_EXCEEDED` after a second.
    pub(crate) async fn describe(&self) -> Result<Model, Error> {
        let mut client = self.inference.clone();
        let request = request(internal::DescribeRequest {}, DESCRIBE_WITHIN);
        let answer = tokio::time::timeout(DESCRIBE_WITHIN, client.describe(request));
        let answer = answer
            .await
            .map_err(|_| Error::deadline_exceeded("the worker does not answer"))??;
        let description = answer.into_inner();
        Ok(Model {
            name: description.model,
            engine: description.engine,
            languages: description.languages,
        })
    }
}

fn request<M>(message: M, left: Duration) -> Request<M> {
    let mut request = Request::new(message);
    request.set_timeout(left);
    request
}

fn handled(message: internal::HandleResponse) -> Result<Handled, Error> {
    Ok(Handled {
        outcome: required::<_, UtteranceOutcome>("outcome", message.outcome)?,
        intent: optional_duration("intent", message.intent)?,
        action: optional_duration("action", message.action)?,
    })
}

/// An answer of another process that makes no sense is no fault of the caller's.
fn unreadable(error: &Error) -> Error {
    Error::internal(format!("a part of the house answered nonsense: {error}"))
}

/// Makes a call, and once more if nobody was there; `call` gets what is left of `within`.
async fn with_retry<T, F>(within: Duration, call: impl Fn(Duration) -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, tonic::Status>>,
{
    let deadline = Instant::now() + within;
    let calls = async {
        let error = match call(within).await.map_err(Error::from) {
            Err(error) if error.code() == ErrorCode::Unavailable => error,
            other => return other,
        };
        tracing::warn!(%error, "nobody there, trying once more");
        tokio::time::sleep(PAUSE).await;
        let left = deadline.saturating_duration_since(Instant::now());
        call(left).await.map_err(Error::from)
    };
    tokio::time::timeout_at(deadline, calls)
        .await
        .unwrap_or_else(|_| Err(Error::deadline_exceeded(format!("no answer in {within:?}"))))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tonic::Status;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(2);

    async fn calls(answers: &[Result<u8, Status>]) -> (Result<u8, Error>, usize) {
        let count = Cell::new(0);
        let got = with_retry(WITHIN, |_| {
            let answer = answers[count.get()].clone();
            count.set(count.get() + 1);
            async move { answer }
        });
        (got.await, count.get())
    }

    #[tokio::test(start_paused = true)]
    async fn only_nobody_there_is_tried_again_and_only_once() {
        let gone = || Err(Status::unavailable("gone"));
        assert_eq!(calls(&[Ok(1)]).await, (Ok(1), 1));
        assert_eq!(calls(&[gone(), Ok(2)]).await, (Ok(2), 2));
        let (got, count) = calls(&[gone(), gone(), Ok(3)]).await;
        assert_eq!(
            (got.unwrap_err().code(), count),
            (ErrorCode::Unavailable, 2)
        );
        for status in [
            Status::invalid_argument("no"),
            Status::resource_exhausted("full"),
            Status::unknown("perhaps"),
        ] {
            let (got, count) = calls(&[Err(status)]).await;
            assert!(got.is_err());
            assert_eq!(count, 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_calls_together_keep_the_deadline() {
        let begin = Instant::now();
        let got: Result<u8, Error> = with_retry(WITHIN, |_| std::future::pending()).await;
        assert_eq!(got.unwrap_err().code(), ErrorCode::DeadlineExceeded);
        assert_eq!(begin.elapsed(), WITHIN);
    }
}
