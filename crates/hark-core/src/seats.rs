//! Bounds how many of something go on at once: who finds no seat is told so at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many seats for something. Clones share them.
#[derive(Debug, Clone)]
pub struct Seats {
    what: &'static str,
    most: usize,
    taken: Arc<AtomicUsize>,
}

/// One of the [`Seats`]; free again when it is dropped.
#[derive(Debug)]
pub struct Seat(Arc<AtomicUsize>);

/// No seat is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{most} {what} go on already; try again later")]
pub struct Full {
    /// What there is no seat for, in the plural.
    pub what: &'static str,
    /// How many seats there are.
    pub most: usize,
}

impl Seats {
    /// `most` seats for `what`, in the plural.
    pub fn new(what: &'static str, most: usize) -> Self {
        Self {
            what,
            most,
            taken: Arc::default(),
        }
    }

    /// Takes a seat.
    ///
    /// # Errors
    /// [`Full`] where none is free.
    pub fn take(&self) -> Result<Seat, Full> {
        let next = |taken: usize| (taken < self.most).then_some(taken + 1);
        let (set, get) = (Ordering::AcqRel, Ordering::Acquire);
        match self.taken.fetch_update(set, get, next) {
            Ok(_) => Ok(Seat(Arc::clone(&self.taken))),
            Err(_) => Err(Full {
                what: self.what,
                most: self.most,
            }),
        }
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::Acquire)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_bounded_and_come_back() {
        let seats = Seats::new("streams", 2);
        let first = seats.take().unwrap();
        let _second = seats.take().unwrap();
        let full = seats.take().unwrap_err();
        assert_eq!(full.to_string(), "2 streams go on already; try again later");
        drop(first);
        assert_eq!(seats.taken(), 1);
        seats.take().unwrap();
    }
}
