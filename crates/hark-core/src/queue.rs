//! The order in which waiting work is done, and which of it is given up when there is
//! too much.

use std::collections::BTreeMap;

use crate::time::Monotonic;

/// How urgent work is; the more urgent is the smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkClass {
    /// The final decode of an utterance.
    Final,
    /// The final decode, before it is sure that the utterance has ended.
    Speculative,
    /// A decode while the person still talks.
    Partial,
    /// Long dictation.
    Dictation,
}

impl WorkClass {
    /// Every class, the most urgent first.
    pub const ALL: [Self; 4] = [
        Self::Final,
        Self::Speculative,
        Self::Partial,
        Self::Dictation,
    ];

    /// Its name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Speculative => "speculative",
            Self::Partial => "partial",
            Self::Dictation => "dictation",
        }
    }
}

/// A bounded queue of work: by class, then by deadline, then by arrival.
///
/// Work without a deadline comes after work of its class that has one. When the queue
/// is full, a waiting partial makes room for any work that is not itself a partial;
/// otherwise the newcomer is refused.
#[derive(Debug)]
pub struct WorkQueue<T> {
    capacity: usize,
    arrivals: u64,
    waiting: BTreeMap<Place, T>,
}

/// What became of work that was offered.
#[derive(Debug, PartialEq, Eq)]
pub enum Admission<T> {
    /// It waits.
    Admitted,
    /// It waits; this, which waited before, is given up for it.
    AdmittedFor(T),
    /// There is no room for it.
    Refused(T),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    class: WorkClass,
    has_no_deadline: bool,
    deadline: Monotonic,
    arrival: u64,
}

impl<T> WorkQueue<T> {
    /// A queue in which at most `capacity` wait.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity,
            arrivals: 0,
            waiting: BTreeMap::new(),
        }
    }

    /// How many may wait.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Offers work.
    pub fn push(&mut self, class: WorkClass, deadline: Option<Monotonic>, work: T) -> Admission<T> {
        let place = Place {
            class,
            has_no_deadline: deadline.is_none(),
            deadline: deadline.unwrap_or_default(),
            arrival: self.arrivals,
        };
        if self.waiting.len() < self.capacity {
            self.insert(place, work);
            return Admission::Admitted;
        }
        match self.last_partial().filter(|_| class != WorkClass::Partial) {
            Some(partial) => {
                let shed = self.waiting.remove(&partial);
                self.insert(place, work);
                shed.map_or(Admission::Admitted, Admission::AdmittedFor)
            }
            None => Admission::Refused(work),
        }
    }

    /// Takes the most urgent work.
    pub fn pop(&mut self) -> Option<T> {
        self.waiting.pop_first().map(|(_, work)| work)
    }

    /// Takes out all work for which `is_over` holds, in the order of urgency.
    pub fn remove_if(&mut self, mut is_over: impl FnMut(&T) -> bool) -> Vec<T> {
        let all = std::mem::take(&mut self.waiting);
        let (over, waiting) = all.into_iter().partition(|(_, work)| is_over(work));
        self.waiting = waiting;
        let over: BTreeMap<_, T> = over;
        over.into_values().collect()
    }

    fn insert(&mut self, place: Place, work: T) {
        self.arrivals += 1;
        self.waiting.insert(place, work);
    }

    fn last_partial(&self) -> Option<Place> {
        self.waiting
            .keys()
            .rev()
            .find(|p| p.class == WorkClass::Partial)
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn at(ms: u64) -> Option<Monotonic> {
        Some(Monotonic(Duration::from_millis(ms)))
    }

    #[test]
    fn class_goes_before_deadline_and_deadline_before_arrival() {
        let mut queue = WorkQueue::new(8);
        for (class, deadline, name) in [
            (WorkClass::Partial, at(1), "partial"),
            (WorkClass::Final, None, "whenever"),
            (WorkClass::Final, at(9), "later"),
            (WorkClass::Final, at(5), "soon"),
            (WorkClass::Final, at(5), "soon too"),
            (WorkClass::Speculative, at(1), "maybe"),
        ] {
            assert_eq!(queue.push(class, deadline, name), Admission::Admitted);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(
            order,
            ["soon", "soon too", "later", "whenever", "maybe", "partial"]
        );
    }

    #[test]
    fn a_full_queue_gives_up_partials_first() {
        let mut queue = WorkQueue::new(2);
        queue.push(WorkClass::Partial, None, 1);
        queue.push(WorkClass::Partial, None, 2);
        assert_eq!(
            queue.push(WorkClass::Partial, None, 3),
            Admission::Refused(3)
        );
        assert_eq!(
            queue.push(WorkClass::Final, None, 4),
            Admission::AdmittedFor(2)
        );
        assert_eq!(
            queue.push(WorkClass::Final, None, 5),
            Admission::AdmittedFor(1)
        );
        assert_eq!(queue.push(WorkClass::Final, None, 6), Admission::Refused(6));
        assert_eq!(queue.remove_if(|w| *w == 4), [4]);
        assert_eq!(queue.len(), 1);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_bound_holds(
            capacity in 0_usize..6,
            offers in prop::collection::vec((0_usize..4, prop::option::of(0_u64..9)), 0..40),
        ) {
            let mut queue = WorkQueue::new(capacity);
            let mut out = Vec::new();
            for (id, (class, deadline)) in offers.iter().enumerate() {
                let class = WorkClass::ALL[*class];
                match queue.push(class, deadline.and_then(at), (class, id)) {
                    Admission::Admitted => {}
                    Admission::AdmittedFor(shed) => {
                        prop_assert_eq!(shed.0, WorkClass::Partial);
                        out.push(shed.1);
                    }
                    Admission::Refused(refused) => out.push(refused.1),
                }
                prop_assert!(queue.len() <= capacity);
            }
            let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
            prop_assert!(rest.is_sorted_by_key(|(class, _)| *class));
            out.extend(rest.into_iter().map(|(_, id)| id));
            out.sort_unstable();
            prop_assert_eq!(out, (0..offers.len()).collect::<Vec<_>>());
        }
    }
}
