//! A watched copy of a prefix that always knows how old it is, so that the loss of the
//! store is a state to look at and not an error on each read.
//!
//! [`StoreView::open`] returns the view and a future that keeps it up to date; whoever
//! owns the view runs that future. It reads the prefix, follows it, and when the history
//! it needs is compacted, or the store was out of reach, it reads the prefix again and
//! works out what changed, deletions included.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use hark_core::store::{Batch, Entry, Error, Event, Key, Revision, Select, Store};
use hark_core::time::{Clock, Monotonic};
use tokio::sync::watch;

/// The first wait before the store is asked again after an error; each further one is
/// twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// The longest such wait.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// What was under the prefix at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// All changes up to this revision are in it.
    pub revision: Revision,
    /// The revision of the last change that is in it.
    pub changed: Revision,
    /// What there is, by key.
    pub entries: Arc<BTreeMap<Key, Entry>>,
    /// When it was last known to be what the store has; `None`: it was not read yet.
    pub confirmed: Option<Monotonic>,
}

impl Snapshot {
    /// How long ago this was known to be what the store has; `None`: it was not read yet.
    /// While the store is in reach and can tell ([`Store::watch_with_progress`]) this
    /// stays near one second.
    pub fn age(&self, now: Monotonic) -> Option<Duration> {
        self.confirmed.map(|confirmed| now.since(confirmed))
    }

    /// The entry under a key.
    pub fn entry(&self, key: &Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// What makes this out of `older`: first deletions, in the order of the keys, then
    /// what was written, in the order it was written.
    pub fn changes_since(&self, older: &Self) -> Vec<Event> {
        let gone = |key: &&Key| !self.entries.contains_key(*key);
        let mut events: Vec<_> = older
            .entries
            .keys()
            .filter(gone)
            .cloned()
            .map(Event::Delete)
            .collect();
        let is_new = |e: &&Entry| older.entries.get(&e.key) != Some(*e);
        let mut written: Vec<_> = self.entries.values().filter(is_new).cloned().collect();
        written.sort_by_key(|entry| entry.mod_revision);
        events.extend(written.into_iter().map(Event::Put));
        events
    }
}

/// A watched copy of a prefix. Clones share it.
#[derive(Clone)]
pub struct StoreView {
    current: watch::Receiver<Arc<Snapshot>>,
    clock: Arc<dyn Clock>,
}

impl StoreView {
    /// A view of the keys with `prefix`, empty until the returned future runs. That
    /// future ends when all clones of the view are gone.
    pub fn open(
        store: Arc<dyn Store>,
        prefix: Key,
        clock: Arc<dyn Clock>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (to, current) = watch::channel(Arc::default());
        let view = Self {
            current,
            clock: Arc::clone(&clock),
        };
        let driver = Driver {
            store,
            prefix,
            clock,
            to,
            progressed: false,
        };
        (view, driver.run())
    }

    /// What there is.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.borrow())
    }

    /// How long ago the view was known to be what the store has; `None`: it was not read
    /// yet.
    pub fn age(&self) -> Option<Duration> {
        self.snapshot().age(self.clock.monotonic())
    }

    /// Waits until the prefix was read once. `None`: the view's future has ended.
    pub async fn ready(&self) -> Option<Arc<Snapshot>> {
        self.when(|snapshot| snapshot.confirmed.is_some()).await
    }

    /// Waits for a change after revision `seen` (that of the snapshot the caller knows).
    /// Changes that come close together may arrive as one. `None`: the view's future has
    /// ended.
    pub async fn changed(&self, seen: Revision) -> Option<Arc<Snapshot>> {
        self.when(|snapshot| snapshot.changed > seen).await
    }

    /// Waits for a snapshot that has all changes up to `revision`, for one who has just
    /// written it. `None`: the view's future has ended.
    pub async fn reached(&self, revision: Revision) -> Option<Arc<Snapshot>> {
        self.when(|snapshot| snapshot.revision >= revision).await
    }

    async fn when(&self, enough: impl Fn(&Snapshot) -> bool) -> Option<Arc<Snapshot>> {
        let mut current = self.current.clone();
        let found = current.wait_for(|snapshot| enough(snapshot)).await.ok()?;
        Some(Arc::clone(&found))
    }
}

/// Keeps a view up to date.
struct Driver {
    store: Arc<dyn Store>,
    prefix: Key,
    clock: Arc<dyn Clock>,
    to: watch::Sender<Arc<Snapshot>>,
    /// Whether the watch has delivered anything since the prefix was read.
    progressed: bool,
}

impl Driver {
    async fn run(mut self) {
        let to = self.to.clone();
        tokio::select! {
            () = to.closed() => {}
            () = self.follow_for_ever() => {}
        }
    }

    async fn follow_for_ever(&mut self) {
        let mut wait = FIRST_WAIT;
        loop {
            let error = self.follow().await;
            if self.progressed {
                wait = FIRST_WAIT;
            }
            let behind = matches!(error, Error::Compacted { .. });
            if behind && self.progressed {
                continue;
            }
            tracing::warn!(%error, prefix = %self.prefix, "a view lost the store");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LAST_WAIT);
        }
    }

    /// Reads the prefix and follows it until that fails.
    async fn follow(&mut self) -> Error {
        self.progressed = false;
        let mut watch = match self.read().await {
            Ok(revision) => {
                let next = revision.next();
                match self
                    .store
                    .watch_with_progress(self.prefix.clone(), next)
                    .await
                {
                    Ok(watch) => watch,
                    Err(error) => return error,
                }
            }
            Err(error) => return error,
        };
        while let Some(batch) = watch.next().await {
            match batch {
                Ok(batch) => self.apply(batch),
                Err(error) => return error,
            }
            self.progressed = true;
        }
        Error::Unavailable("the watch ended".to_owned())
    }

    async fn read(&self) -> Result<Revision, Error> {
        // Taken before asking, so that the view never looks younger than it is.
        let asked = self.clock.monotonic();
        let read = self
            .store
            .range(Select::Prefix(self.prefix.clone()))
            .await?;
        let entries = read.entries.into_iter().map(|e| (e.key.clone(), e));
        let mut snapshot = Snapshot {
            revision: read.revision,
            changed: read.revision,
            entries: Arc::new(entries.collect()),
            confirmed: Some(asked),
        };
        let known = Arc::clone(&self.to.borrow());
        if known.confirmed.is_some() && snapshot.changes_since(&known).is_empty() {
            snapshot.changed = known.changed;
        }
        self.to.send_replace(Arc::new(snapshot));
        Ok(read.revision)
    }

    fn apply(&self, batch: Batch) {
        let confirmed = Some(self.clock.monotonic());
        self.to.send_modify(|current| {
            let snapshot = Arc::make_mut(current);
            snapshot.revision = batch.revision;
            snapshot.confirmed = confirmed;
            if batch.events.is_empty() {
                return;
            }
            snapshot.changed = batch.revision;
            let entries = Arc::make_mut(&mut snapshot.entries);
            for event in batch.events {
                match event {
                    Event::Put(entry) => drop(entries.insert(entry.key.clone(), entry)),
                    Event::Delete(key) => drop(entries.remove(&key)),
                }
            }
        });
    }
}
