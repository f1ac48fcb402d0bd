//! A watch: a cursor into the shared history. Nothing is queued for a reader; one that
//! falls behind the kept history is told so ([`Error::Compacted`]) and ends.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use hark_core::store::{Batch, Error, Event, Key, Revision, Watch};
use tokio::sync::watch;

use crate::local::Shared;

/// How often a quiet watch with progress says that it is up to date.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);
/// How many revisions are taken out of the history at a time.
const REVISIONS_AT_A_TIME: usize = 64;

/// Follows a prefix from `next` on.
pub(crate) struct Cursor {
    pub(crate) shared: Arc<Shared>,
    /// The newest revision; closed when the store's thread has ended.
    pub(crate) newest: watch::Receiver<Revision>,
    pub(crate) prefix: Key,
    /// The first revision that was not looked at yet.
    pub(crate) next: Revision,
    pub(crate) progress: bool,
    pub(crate) found: VecDeque<Batch>,
    pub(crate) ended: bool,
}

impl Cursor {
    /// The watch.
    pub(crate) fn into_watch(self) -> Watch {
        Watch::new(stream::unfold(self, |mut cursor| async {
            if cursor.ended {
                return None;
            }
            let item = cursor.advance().await;
            cursor.ended = item.is_err();
            Some((item, cursor))
        }))
    }

    async fn advance(&mut self) -> Result<Batch, Error> {
        loop {
            if let Some(batch) = self.found.pop_front() {
                return Ok(batch);
            }
            self.newest.borrow_and_update();
            if self.look()? {
                continue;
            }
            if let Some(mark) = self.wait().await? {
                return Ok(mark);
            }
        }
    }

    /// Takes what is there; whether there was anything.
    fn look(&mut self) -> Result<bool, Error> {
        let batches = {
            let state = self.shared.read();
            if self.next < state.compacted {
                return Err(Error::Compacted {
                    min: state.compacted,
                });
            }
            state.history.from(self.next, REVISIONS_AT_A_TIME)
        };
        if let Some(last) = batches.last() {
            self.next = last.revision.next();
        }
        self.found
            .extend(batches.iter().filter_map(|b| under(&self.prefix, b)));
        Ok(!batches.is_empty())
    }

    /// Waits for another revision, or until it is time to say that there was none.
    async fn wait(&mut self) -> Result<Option<Batch>, Error> {
        let closed = |_| Error::Unavailable("the store was closed".to_owned());
        if !self.progress {
            return self.newest.changed().await.map(|()| None).map_err(closed);
        }
        match tokio::time::timeout(PROGRESS_INTERVAL, self.newest.changed()).await {
            Ok(changed) => changed.map(|()| None).map_err(closed),
            Err(_elapsed) if self.next > self.shared.read().revision => Ok(Some(Batch {
                revision: Revision(self.next.0 - 1),
                events: Vec::new(),
            })),
            Err(_elapsed) => Ok(None),
        }
    }
}

/// What a revision changed under `prefix`, if anything.
fn under(prefix: &Key, batch: &Batch) -> Option<Batch> {
    let is_under = |event: &&Event| {
        let (Event::Put(hark_core::store::Entry { key, .. }) | Event::Delete(key)) = event;
        key.as_str().starts_with(prefix.as_str())
    };
    let events: Vec<Event> = batch.events.iter().filter(is_under).cloned().collect();
    (!events.is_empty()).then_some(Batch {
        revision: batch.revision,
        events,
    })
}
