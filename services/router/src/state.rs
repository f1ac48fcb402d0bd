//! What a router knows of the store's timers and lists: watched copies, read into types.

use std::collections::BTreeMap;
use std::sync::Arc;

use hark_core::home::List;
use hark_core::keys::KeySpace;
use hark_core::list::Item;
use hark_core::store::{Entry, Key, Revision};
use hark_core::timer::{self, Timer};
use hark_core::{ListId, TimerId};
use hark_proto::convert::timer::stored_timer;
use hark_proto::stored::stored::Value;
use hark_proto::stored::{StoredList, StoredListItem};
use hark_proto::{Error, value};
use hark_store::view::{Snapshot, StoreView};

/// Watched copies of the timers and lists. Clones share them.
#[derive(Clone)]
pub(crate) struct Views {
    pub(crate) keys: KeySpace,
    pub(crate) timers: StoreView,
    pub(crate) lists: StoreView,
}

/// What a decision about timers and lists is made from, with what a transaction must
/// compare so that it is still true.
#[derive(Debug, Clone, Default)]
pub(crate) struct Basis {
    pub(crate) timers: Vec<KnownTimer>,
    /// What is on each list, and the revision of that (0: never written).
    pub(crate) lists: BTreeMap<ListId, (Vec<Item>, Revision)>,
}

/// A timer, and the revision it was last written at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KnownTimer {
    pub(crate) timer: Timer,
    pub(crate) key: Key,
    pub(crate) revision: Revision,
}

impl Views {
    /// Timers that run, the next to ring first, and the revision of what is known.
    pub(crate) fn timers(&self) -> (Vec<Timer>, Revision) {
        let snapshot = self.timers.snapshot();
        let timers = self
            .read_timers(&snapshot)
            .into_iter()
            .map(|t| t.timer)
            .collect();
        (timer::in_order(timers), snapshot.revision)
    }

    /// Everything as it is known now.
    pub(crate) fn basis(&self, lists: &[List]) -> Basis {
        let with_items = |list: &List| (list.id.clone(), self.items(&list.id));
        Basis {
            timers: self.read_timers(&self.timers.snapshot()),
            lists: lists.iter().map(with_items).collect(),
        }
    }

    /// Timers in a snapshot, with what a transaction about them must compare.
    pub(crate) fn read_timers(&self, snapshot: &Arc<Snapshot>) -> Vec<KnownTimer> {
        let read = |entry: &Entry| {
            let id = entry.key.strip_prefix(&self.keys.timers())?;
            let timer = TimerId::parse(id)
                .map_err(|e| Error::internal(e.to_string()))
                .and_then(|id| match value::decode(entry)? {
                    Value::Timer(timer) => stored_timer(id, timer),
                    _ => Err(Error::internal("it is no timer")),
                });
            match timer {
                Ok(timer) => Some(KnownTimer {
                    timer,
                    key: entry.key.clone(),
                    revision: entry.mod_revision,
                }),
                Err(error) => {
                    tracing::warn!(key = %entry.key, %error, "timer in the store is unreadable");
                    None
                }
            }
        };
        snapshot.entries.values().filter_map(read).collect()
    }

    /// What is on a list, and the revision at which that was written (0: never).
    pub(crate) fn items(&self, list: &ListId) -> (Vec<Item>, Revision) {
        let snapshot = self.lists.snapshot();
        match snapshot.entry(&self.keys.list(list)) {
            None => (Vec::new(), Revision(0)),
            Some(entry) => (read_items(entry), entry.mod_revision),
        }
    }

    /// The home's lists with what is on them.
    pub(crate) fn lists(&self, lists: &[List]) -> Vec<(List, Vec<Item>)> {
        let with_items = |list: &List| (list.clone(), self.items(&list.id).0);
        lists.iter().map(with_items).collect()
    }
}

fn read_items(entry: &Entry) -> Vec<Item> {
    let items = match value::decode(entry) {
        Ok(Value::List(list)) => list.items,
        Ok(_) => {
            tracing::warn!(key = %entry.key, "it is no list");
            Vec::new()
        }
        Err(error) => {
            tracing::warn!(key = %entry.key, %error, "list in the store is unreadable");
            Vec::new()
        }
    };
    let item = |i: StoredListItem| Item {
        text: i.text,
        completed: i.completed,
    };
    items.into_iter().map(item).collect()
}

/// A list's items as a stored value.
pub(crate) fn items_value(items: &[Item]) -> Vec<u8> {
    let item = |i: &Item| StoredListItem {
        text: i.text.clone(),
        completed: i.completed,
    };
    value::encode(Value::List(StoredList {
        items: items.iter().map(item).collect(),
    }))
}

/// A timer as a stored value.
pub(crate) fn timer_value(timer: Timer) -> Vec<u8> {
    value::encode(Value::Timer(timer.into()))
}
