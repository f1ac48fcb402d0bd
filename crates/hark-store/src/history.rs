//! The revisions that can still be watched, oldest first, without a gap.

use std::collections::VecDeque;
use std::sync::Arc;

use hark_core::store::{Batch, Event, Revision};

/// What a key or a change costs besides its own bytes.
pub(crate) const OVERHEAD_BYTES: usize = 64;

/// The kept revisions.
#[derive(Debug, Default)]
pub(crate) struct History {
    batches: VecDeque<Arc<Batch>>,
    bytes: usize,
}

impl History {
    /// How many revisions there are.
    pub(crate) fn len(&self) -> usize {
        self.batches.len()
    }

    /// What they cost.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The revisions, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Batch>> {
        self.batches.iter()
    }

    /// Adds the next revision.
    pub(crate) fn push(&mut self, batch: Arc<Batch>) {
        self.bytes += cost(&batch);
        self.batches.push_back(batch);
    }

    /// Forgets the revisions before `revision`.
    pub(crate) fn forget_before(&mut self, revision: Revision) {
        while let Some(batch) = self.batches.front()
            && batch.revision < revision
        {
            self.bytes -= cost(batch);
            self.batches.pop_front();
        }
    }

    /// At most `count` revisions from `from` on.
    pub(crate) fn from(&self, from: Revision, count: usize) -> Vec<Arc<Batch>> {
        let start = self.batches.partition_point(|b| b.revision < from);
        self.batches.range(start..).take(count).cloned().collect()
    }
}

/// What a revision costs, in bytes.
pub(crate) fn cost(batch: &Batch) -> usize {
    let event = |event: &Event| {
        OVERHEAD_BYTES
            + match event {
                Event::Put(entry) => entry.key.as_str().len() + entry.value.len(),
                Event::Delete(key) => key.as_str().len(),
            }
    };
    batch.events.iter().map(event).sum()
}
