//! What the nodes registered, as this process knows it. While the store is out of reach
//! the last known nodes stay.

use std::sync::Arc;
use std::time::Duration;

use hark_core::HomeId;
use hark_core::cluster::{self, Instance, Node};
use hark_core::keys::KeySpace;
use hark_core::store::{Entry, Revision, Store};
use hark_core::time::Clock;
use hark_proto::stored::stored::Value;
use hark_proto::{Error, value};
use hark_store::view::StoreView;

/// What the nodes registered. Clones share it.
#[derive(Clone)]
pub struct Registry {
    view: StoreView,
}

impl Registry {
    /// The registry of a home, and the future that keeps it up to date.
    pub fn open(
        home: &HomeId,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let prefix = KeySpace::new(home).instances();
        let (view, driver) = StoreView::open(store, prefix, clock);
        (Self { view }, driver)
    }

    /// Every part of every node, in the order of the keys. What can't be read is left
    /// out: a newer version may have written it.
    pub fn instances(&self) -> Vec<Instance> {
        let snapshot = self.view.snapshot();
        snapshot.entries.values().filter_map(readable).collect()
    }

    /// The nodes, in the order of their ids.
    pub fn nodes(&self) -> Vec<Node> {
        cluster::nodes(self.instances())
    }

    /// How old this knowledge is; `None`: nothing was read yet.
    pub fn age(&self) -> Option<Duration> {
        self.view.age()
    }

    /// The newest revision of the store that is known here.
    pub fn revision(&self) -> Revision {
        self.view.snapshot().revision
    }

    /// The revision of the last change.
    pub fn changed_at(&self) -> Revision {
        self.view.snapshot().changed
    }

    /// Waits until the store was read once. `false`: nothing keeps the registry up to
    /// date any more.
    pub async fn ready(&self) -> bool {
        self.view.ready().await.is_some()
    }

    /// Waits for a change after `seen`. `None`: nothing keeps the registry up to date any
    /// more.
    pub async fn changed(&self, seen: Revision) -> Option<Revision> {
        self.view.changed(seen).await.map(|s| s.changed)
    }
}

fn readable(entry: &Entry) -> Option<Instance> {
    match read(entry) {
        Ok(instance) => Some(instance),
        Err(error) => {
            tracing::debug!(key = %entry.key, %error, "an instance cannot be read");
            None
        }
    }
}

fn read(entry: &Entry) -> Result<Instance, Error> {
    match value::decode(entry)? {
        Value::Instance(instance) => instance.try_into(),
        _ => Err(Error::internal(format!("{} is no instance", entry.key))),
    }
}
