//! Those who do the work: inference workers and routers. Every call has a deadline, is
//! placed on one that is alive, and made once more elsewhere if that may help.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hark_cluster::{Pool, Terms};
use hark_core::Language;
use hark_core::audio::Pcm;
use hark_core::cluster::Role;
use hark_core::outcome::UtteranceOutcome;
use hark_proto::convert::audio::pcm16_to_pb;
use hark_proto::convert::time::optional_duration;
use hark_proto::convert::transcription::Transcribed;
use hark_proto::convert::{ids, required};
use hark_proto::internal::inference_client::InferenceClient;
use hark_proto::internal::intents_client::IntentsClient;
use hark_proto::{Error, internal};
use tonic::{Request, Status};

use crate::answer::{Handled, Sentence};

/// The share of the time for a sentence after which another router is asked.
const FIRST_TRY: f64 = 0.7;
/// How long a worker may take to say what it runs.
const DESCRIBE_WITHIN: Duration = Duration::from_secs(1);

/// The inference workers and the routers.
#[derive(Clone)]
pub(crate) struct Workers {
    inference: Pool,
    intents: Pool,
    transcribe: Terms,
    handle: Terms,
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
        inference: Pool,
        intents: Pool,
        transcribe_timeout: Duration,
        handle_timeout: Duration,
    ) -> Self {
        Self {
            inference,
            intents,
            // Decoding may take its time; who hangs is noticed by the connection.
            transcribe: Terms {
                within: transcribe_timeout,
                first_try: transcribe_timeout,
            },
            // The ledger lets two routers be asked at once.
            handle: Terms {
                within: handle_timeout,
                first_try: handle_timeout.mul_f64(FIRST_TRY),
            },
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
        let answer = self.inference.call(self.transcribe, |channel, left| {
            let mut client = InferenceClient::new(channel);
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
            // No engine says what else it may have heard yet.
            alternatives: Vec::new(),
        };
        // What a router without the store says; another one may have it.
        let refused = Mutex::new(None);
        let answer = self.intents.call(self.handle, |channel, left| {
            let (mut client, refused) = (IntentsClient::new(channel), &refused);
            let request = request(message.clone(), left);
            async move {
                let answer = client.handle(request).await?.into_inner();
                if !lacks_the_store(&answer) {
                    return Ok(answer);
                }
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
                Err(Status::unavailable("the router is without the store"))
            }
        });
        let answer = answer.await;
        let refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        let answer = answer.or_else(|error| refused.ok_or(error))?;
        handled(answer).map_err(|e| unreadable(&e))
    }

    /// The pool of those that have a role; `None`: ingest calls nobody of that role.
    pub(crate) fn pool(&self, role: Role) -> Option<&Pool> {
        match role {
            Role::Inference => Some(&self.inference),
            Role::Router => Some(&self.intents),
            Role::Ingest => None,
        }
    }

    /// What a worker runs.
    ///
    /// # Errors
    /// As the worker answers; `DEADLINE_EXCEEDED` after a second.
    pub(crate) async fn describe(&self) -> Result<Model, Error> {
        let terms = Terms {
            within: DESCRIBE_WITHIN,
            first_try: DESCRIBE_WITHIN,
        };
        let answer = self.inference.call(terms, |channel, left| async move {
            let request = request(internal::DescribeRequest {}, left);
            let answer = InferenceClient::new(channel).describe(request).await?;
            Ok(answer.into_inner())
        });
        let description = answer.await?;
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

/// Whether a router did nothing because it could not write to the ledger: its lease was
/// lost, or the store is out of its reach.
fn lacks_the_store(message: &internal::HandleResponse) -> bool {
    let reply = message.outcome.as_ref().and_then(|o| o.reply.as_ref());
    reply.is_some_and(|reply| reply.code == "store_unavailable")
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
