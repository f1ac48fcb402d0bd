//! Serving, and ending within a bound.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hark_tls::ServerTls;

use super::certificate;
use super::guard::{GuardLayer, Rules};
use super::incoming::Incoming;
use super::{Config, Server, config};
use crate::Error;
use crate::drain::Drain;

/// How long connections that are cut may take to notice.
const CUT: Duration = Duration::from_secs(1);

/// Serves until the drain is requested and calls have ended. tonic would wait for open
/// streams for ever, so what is open after the grace is cut.
pub(super) async fn serve(
    server: Server,
    incoming: Incoming,
    tls: Option<ServerTls>,
    on: String,
    drain: Drain,
) -> Result<(), Error> {
    let grace = server.config.drain_grace();
    let cut = incoming.cut();
    let mut serving = pin!(accept(server, incoming, drain.clone())?);
    let result = tokio::select! {
        result = &mut serving => result,
        () = certificate::keep_fresh(tls, &on) => Ok(()),
        () = drain.overdue(grace) => {
            tracing::warn!(on, "cutting connections that did not end in time");
            cut.cancel();
            tokio::time::timeout(CUT, serving).await.unwrap_or(Ok(()))
        }
    };
    result.map_err(|message| Error::Serve { on, message })
}

fn accept(
    server: Server,
    incoming: Incoming,
    drain: Drain,
) -> Result<impl Future<Output = Result<(), String>>, Error> {
    let (routes, streaming) = server.services.finish()?;
    let rules = Rules {
        auth: server.auth,
        deadlines: server.config.deadlines(),
        streaming,
    };
    let builder = hardened(&server.config).layer(GuardLayer(Arc::new(rules)));
    let drained = async move { drain.requested().await };
    let serving = { builder }
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming.into_stream(), drained);
    Ok(async { serving.await.map_err(|e| chain(&e)) })
}

/// tonic's server with every bound that it has a setter for (0.14.9).
fn hardened(limits: &Config) -> tonic::transport::Server {
    let ms = Duration::from_millis;
    tonic::transport::Server::builder()
        .max_concurrent_streams(limits.max_concurrent_streams)
        .concurrency_limit_per_connection(limits.concurrency_per_connection)
        .load_shed(true)
        .http2_max_pending_accept_reset_streams(Some(config::MAX_PENDING_ACCEPT_RESETS))
        .http2_max_local_error_reset_streams(Some(config::MAX_LOCAL_ERROR_RESETS))
        .http2_max_header_list_size(config::MAX_HEADER_LIST_BYTES)
        .initial_stream_window_size(config::STREAM_WINDOW_BYTES)
        .initial_connection_window_size(config::CONNECTION_WINDOW_BYTES)
        .http2_keepalive_interval(Some(ms(limits.keepalive_interval_ms)))
        .http2_keepalive_timeout(Some(ms(limits.keepalive_timeout_ms)))
}

/// An error with all that caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |e| e.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
