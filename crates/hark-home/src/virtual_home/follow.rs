//! Follows the store: each revision in order, and everything anew where the watch
//! broke off or fell behind.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use hark_core::store::{self, Batch, Event, Revision};

use super::{VirtualHome, as_it_began};

/// How long to wait before the store is tried again, doubled up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Follows the store from where `home` has read it. Never ends.
pub(super) async fn run(home: Arc<VirtualHome>) {
    let mut wait = FIRST_WAIT;
    let mut revision = home.states.borrow().revision;
    loop {
        match follow(&home, revision, &mut wait).await {
            store::Error::Compacted { .. } => tracing::info!("device watch fell behind"),
            error => {
                tracing::warn!(%error, "device watch broke off");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
        // On failure the watch fails as well, and all begins anew after a wait.
        revision = home.read_all().await.unwrap_or(revision);
    }
}

/// Takes over each revision after `from` until the watch ends.
async fn follow(home: &VirtualHome, from: Revision, wait: &mut Duration) -> store::Error {
    let mut watch = match home.store.watch(home.keys.devices(), from.next()).await {
        Ok(watch) => watch,
        Err(error) => return error,
    };
    while let Some(batch) = watch.next().await {
        match batch {
            Ok(batch) => apply(home, &batch),
            Err(error) => return error,
        }
        *wait = FIRST_WAIT;
    }
    store::Error::Unavailable("the watch ended".to_owned())
}

fn apply(home: &VirtualHome, batch: &Batch) {
    home.states.send_modify(|states| {
        let states = Arc::make_mut(states);
        states.revision = states.revision.max(batch.revision);
        for event in &batch.events {
            let changed = match event {
                Event::Put(entry) => home.read(entry),
                Event::Delete(key) => home.device_of(key).and_then(|id| {
                    let begins = home.initial.get(&id)?;
                    let mut at = as_it_began(*begins);
                    at.revision = batch.revision;
                    Some((id, at))
                }),
            };
            if let Some((id, at)) = changed {
                let newer = |known: &hark_core::home::StateAt| known.revision <= at.revision;
                if states.devices.get(&id).is_none_or(newer) {
                    states.devices.insert(id, at);
                }
            }
        }
    });
}
