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

#[cfg(test)]
mod tests {
    use super::*;
    use hark_core::store::Key;

    fn history(revisions: std::ops::RangeInclusive<i64>) -> History {
        let mut history = History::default();
        for revision in revisions.map(Revision) {
            let events = vec![Event::Delete(Key::new("key"))];
            history.push(Arc::new(Batch { revision, events }));
        }
        history
    }

    #[test]
    fn what_is_forgotten_costs_nothing() {
        let mut history = history(5..=9);
        assert_eq!(history.bytes(), 5 * (OVERHEAD_BYTES + 3));
        history.forget_before(Revision(8));
        assert_eq!(history.len(), 2);
        history.forget_before(Revision(100));
        assert_eq!((history.len(), history.bytes()), (0, 0));
    }

    #[test]
    fn it_is_read_from_anywhere_in_pieces() {
        let check = |from, count, expected: &[i64]| {
            let read = history(5..=9).from(Revision(from), count);
            let read: Vec<_> = read.iter().map(|b| b.revision.0).collect();
            assert_eq!(read, expected, "{count} from {from}");
        };
        check(5, 10, &[5, 6, 7, 8, 9]);
        check(0, 2, &[5, 6]);
        check(8, 10, &[8, 9]);
        check(10, 10, &[]);
    }
}
