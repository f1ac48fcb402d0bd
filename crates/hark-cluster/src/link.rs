//! The connection to one instance: kept, and watched by a stream of `grpc.health.v1`. The
//! stream ends at once when the process is killed, and within the keep-alive's time when
//! it hangs.

use std::time::Duration;

use hark_core::backoff::Backoff;
use hark_core::placement::Link;
use hark_runtime::channel::{self, Channel, Options};
use hark_runtime::tasks;
use tonic::Status;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::pool::Pool;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long an instance may take to say for the first time how it does.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// Keeps a connection to the instance at the first of its addresses that answers. Never
/// ends.
pub(crate) async fn keep(pool: Pool, key: String, addresses: Vec<String>, options: Options) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    for address in addresses.iter().cycle() {
        let began = tokio::time::Instant::now();
        match channel::connect(address, &options) {
            Ok(channel) => {
                let lost = watch(&pool, &key, &channel).await;
                tracing::info!(
                    instance = key,
                    address,
                    error = lost.message(),
                    "no connection"
                );
            }
            Err(error) => tracing::warn!(instance = key, %error, "cannot connect"),
        }
        pool.link(&key, Link::Down, None);
        let pause = backoff.after_running(began.elapsed(), tasks::unit_random());
        tokio::time::sleep(pause).await;
    }
}

/// Follows how the instance does, until the connection is lost.
async fn watch(pool: &Pool, key: &str, channel: &Channel) -> Status {
    let mut client = HealthClient::new(channel.clone());
    let first = async {
        let mut words = client
            .watch(HealthCheckRequest::default())
            .await?
            .into_inner();
        let word = words.message().await?;
        Ok::<_, Status>((words, word))
    };
    let (mut words, mut word) = match tokio::time::timeout(FIRST_WORD, first).await {
        Ok(Ok(first)) => first,
        Ok(Err(status)) => return status,
        Err(_) => return Status::unavailable("it does not say how it does"),
    };
    loop {
        let Some(response) = word else {
            return Status::unavailable("it ends");
        };
        let link = match response.status() {
            ServingStatus::Serving => Link::Serving,
            _ => Link::NotServing,
        };
        tracing::debug!(instance = key, ?link, "instance says how it does");
        pool.link(key, link, Some(channel));
        word = match words.message().await {
            Ok(word) => word,
            Err(status) => return status,
        };
    }
}
