//! Puts whole revisions together from what a watch's stream brings: one answer may hold
//! many revisions, and one revision may come in several answers.

use hark_core::store::{Batch, Error, Event, Revision};

/// The most events of one revision: a prefix with so many keys that is deleted at once.
const MOST_EVENTS: usize = 1_000_000;

/// The revision that is not whole yet.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    revision: Revision,
    events: Vec<Event>,
}

impl Assembler {
    /// Takes the events of one answer, in order, and returns the revisions that are whole
    /// now. `goes_on`: the last revision goes on in the next answer.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for a revision beyond all bounds.
    pub(crate) fn push(
        &mut self,
        events: impl IntoIterator<Item = (Revision, Event)>,
        goes_on: bool,
    ) -> Result<Vec<Batch>, Error> {
        let mut whole = Vec::new();
        for (revision, event) in events {
            if revision != self.revision {
                whole.extend(self.take());
                self.revision = revision;
            }
            if self.events.len() >= MOST_EVENTS {
                let what = format!("more than {MOST_EVENTS} changes in revision {revision}");
                return Err(Error::TooLarge(what));
            }
            self.events.push(event);
        }
        if !goes_on {
            whole.extend(self.take());
        }
        Ok(whole)
    }

    /// Whether nothing waits for its other half.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Forgets a half.
    pub(crate) fn clear(&mut self) {
        self.events.clear();
    }

    fn take(&mut self) -> Option<Batch> {
        let events = std::mem::take(&mut self.events);
        (!events.is_empty()).then_some(Batch {
            revision: self.revision,
            events,
        })
    }
}

#[cfg(test)]
mod tests {
    use hark_core::store::Key;
    use proptest::prelude::*;

    use super::*;

    fn batches(sizes: &[usize]) -> Vec<Batch> {
        let batch = |(revision, size): (i64, &usize)| Batch {
            revision: Revision(revision),
            events: (0..*size)
                .map(|n| Event::Delete(Key::new(format!("{revision}/{n}"))))
                .collect(),
        };
        (1..).zip(sizes).map(batch).collect()
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_same_revisions_come_out(
            sizes in prop::collection::vec(1..6_usize, 0..12),
            cuts in prop::collection::vec(any::<bool>(), 80),
        ) {
            let expected = batches(&sizes);
            let all: Vec<_> = expected
                .iter()
                .flat_map(|b| b.events.iter().map(|e| (b.revision, e.clone())))
                .collect();
            let mut assembler = Assembler::default();
            let mut found = Vec::new();
            let mut answer = Vec::new();
            for (at, event) in all.iter().enumerate() {
                answer.push(event.clone());
                let next = all.get(at + 1).map(|(revision, _)| *revision);
                // etcd marks each answer of a split one but the last.
                let goes_on = next == Some(event.0);
                if cuts[at] || next.is_none() {
                    found.extend(assembler.push(std::mem::take(&mut answer), goes_on).unwrap());
                }
            }
            prop_assert_eq!(found, expected);
            prop_assert!(assembler.is_empty());
        }
    }

    #[test]
    fn a_half_is_not_given_out() {
        let expected = batches(&[2]);
        let batch = &expected[0];
        let mut assembler = Assembler::default();
        let first = (batch.revision, batch.events[0].clone());
        assert_eq!(assembler.push([first.clone()], true).unwrap(), []);
        assert!(!assembler.is_empty());
        assembler.clear();
        let second = (batch.revision, batch.events[1].clone());
        assert_eq!(assembler.push([first, second], false).unwrap(), expected);
    }
}
