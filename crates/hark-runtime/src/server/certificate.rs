//! The server's certificate: read again when it changes, and an owner who hears in time
//! that it will expire.

use std::time::Duration;

use hark_core::time::{Clock as _, Timestamp};
use hark_tls::ServerTls;
use tokio::time::Instant;

use super::metrics::Metrics;
use crate::clock::SystemClock;

/// From then on its end is warned of.
const WARN: Duration = Duration::from_secs(14 * 24 * 3600);
/// How often.
const AGAIN: Duration = Duration::from_secs(24 * 3600);

/// Keeps a server's certificate fresh. Never returns.
pub(super) async fn keep_fresh(tls: Option<ServerTls>, on: &str) {
    let Some(tls) = tls else {
        return std::future::pending().await;
    };
    let (clock, metrics) = (SystemClock::new(), Metrics::shared());
    let mut warned: Option<(Timestamp, Instant)> = None;
    tls.keep_fresh(|tls| {
        let Some(end) = tls.expires_at() else {
            return;
        };
        let left = end.since(clock.wall());
        metrics.certificate(left);
        let is_known = warned.is_some_and(|(of, at)| of == end && at.elapsed() < AGAIN);
        if left > WARN || is_known {
            return;
        }
        warned = Some((end, Instant::now()));
        let days = left.as_secs() / 86_400;
        tracing::warn!(
            on,
            days,
            "the server's certificate expires soon; issue another"
        );
    })
    .await;
}
