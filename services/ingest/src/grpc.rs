//! The services as gRPC has them: each method reads its request, makes one call, and
//! writes the answer. Messages of the protocol are known here and nowhere else.

mod access;
mod cluster;
mod convert;
mod nodes;
pub(crate) mod pushes;
mod recognizer;
mod speakers;
mod speech;
pub(crate) mod workers;

use std::future::{Future, ready};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use hark_proto::Error;
use hark_proto::v1::access_server::AccessServer;
use hark_proto::v1::cluster_server::ClusterServer;
use hark_proto::v1::recognizer_server::RecognizerServer;
use hark_proto::v1::speakers_server::SpeakersServer;
use hark_proto::v1::speech_server::SpeechServer;
use hark_runtime::drain::Drain;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::service::Routes;

use crate::shared::Shared;
pub(crate) use cluster::About;

/// The largest message of a stream, in bytes.
const MAX_STREAM_MESSAGE: usize = 64 * 1024;
/// The largest message that has a whole clip, in bytes.
const MAX_CLIP_MESSAGE: usize = 4 * 1024 * 1024;
/// Messages of a stream that may wait to be sent.
const OUTBOX: usize = 32;

/// All services.
pub(crate) fn routes(shared: &Arc<Shared>, drain: &Drain, about: About) -> Routes {
    let speech = speech::Service::new(Arc::clone(shared), drain.clone());
    let speakers = speakers::Service::new(Arc::clone(shared), drain.clone());
    let recognizer = recognizer::Service::new(Arc::clone(shared));
    let access = access::Service::new(shared.access.clone());
    let cluster = cluster::Service::new(Arc::clone(shared), about);
    Routes::new(SpeechServer::new(speech).max_decoding_message_size(MAX_STREAM_MESSAGE))
        .add_service(RecognizerServer::new(recognizer).max_decoding_message_size(MAX_CLIP_MESSAGE))
        .add_service(SpeakersServer::new(speakers).max_decoding_message_size(MAX_STREAM_MESSAGE))
        .add_service(AccessServer::new(access).max_decoding_message_size(MAX_STREAM_MESSAGE))
        .add_service(ClusterServer::new(cluster).max_decoding_message_size(MAX_STREAM_MESSAGE))
}

/// A response stream that runs what fills it: `run` gets on whenever the stream is
/// polled, and ends with it, so nothing is left behind when a caller goes. What `run`
/// sent arrives before its error.
fn driven<T, M, F>(run: impl FnOnce(mpsc::Sender<T>) -> F) -> BoxStream<'static, Result<M, Status>>
where
    T: Send + 'static,
    M: From<T> + Send + 'static,
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let (out, messages) = mpsc::channel(OUTBOX);
    let (failed, failure) = oneshot::channel();
    let running = run(out);
    let driver = async move {
        if let Err(error) = running.await {
            tracing::debug!(%error, "stream failed");
            // Nobody hears it if the stream is gone.
            drop(failed.send(error));
        }
    };
    let driver = stream::once(driver).filter_map(|()| ready(None));
    let failure = stream::once(failure).filter_map(|failure| {
        let status = failure.ok().map(|error| Err(Status::from(error)));
        ready(status)
    });
    let messages = ReceiverStream::new(messages).map(|m| Ok(M::from(m)));
    Box::pin(stream::select(messages, driver).chain(failure))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn what_was_sent_arrives_before_the_error() {
        let stream: BoxStream<'static, Result<u64, Status>> =
            driven(|out: mpsc::Sender<u32>| async move {
                for i in 0..100 {
                    out.send(i).await.map_err(|_| Error::internal("gone"))?;
                }
                Err(Error::unavailable("over"))
            });
        let got: Vec<_> = stream.collect().await;
        assert_eq!(got.len(), 101);
        assert!(got[..100].iter().all(Result::is_ok));
        let status = got[100].as_ref().unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unavailable);
    }

    #[tokio::test]
    async fn it_ends_with_the_stream() {
        let (alive, dropped) = oneshot::channel::<()>();
        let mut stream: BoxStream<'static, Result<u64, Status>> =
            driven(|out: mpsc::Sender<u32>| async move {
                let _alive = alive;
                out.send(1).await.map_err(|_| Error::internal("gone"))?;
                std::future::pending().await
            });
        assert!(stream.next().await.is_some());
        assert!(stream.next().now_or_never().is_none());
        drop(stream);
        assert!(dropped.await.is_err());
    }
}
