//! What all calls of this service have in common: limits, the workers, metrics, and the
//! seats that bound how many go on at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hark_access::Registry;
use hark_core::{HomeId, Language};
use hark_proto::Error;

use crate::answer::Silence;
use crate::config::Limits;
use crate::grpc::workers::Workers;
use crate::metrics::Metrics;
use crate::speakers::Speakers;

/// How long somebody who found no seat should wait.
const RETRY: Duration = Duration::from_secs(1);

/// What all calls have in common.
pub(crate) struct Shared {
    /// The home that is served.
    pub home: HomeId,
    /// Its languages, the first one first; at least one.
    pub languages: Vec<Language>,
    /// What is said when nobody said anything.
    pub silence: Silence,
    pub limits: Limits,
    pub workers: Workers,
    pub metrics: Metrics,
    pub speakers: Speakers,
    /// Who may come in.
    pub access: Registry,
    pub streams: Seats,
    pub recognitions: Seats,
}

impl Shared {
    /// The languages to listen for: those that were asked for, else the home's.
    pub(crate) fn languages_or_home(&self, asked: Vec<Language>) -> Vec<Language> {
        if asked.is_empty() {
            return self.languages.clone();
        }
        asked
    }
}

/// Bounds how many of something go on at once. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    what: &'static str,
    most: usize,
    taken: Arc<AtomicUsize>,
}

/// A seat; free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Seats {
    /// So many seats, for `what` (plural).
    pub(crate) fn new(what: &'static str, most: usize) -> Self {
        Self {
            what,
            most,
            taken: Arc::default(),
        }
    }

    /// Takes a seat.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED` if none is free.
    pub(crate) fn take(&self) -> Result<Seat, Error> {
        let next = |taken: usize| (taken < self.most).then_some(taken + 1);
        let (set, get) = (Ordering::AcqRel, Ordering::Acquire);
        match self.taken.fetch_update(set, get, next) {
            Ok(_) => Ok(Seat(Arc::clone(&self.taken))),
            Err(taken) => {
                let message = format!("{taken} {} go on; try again later", self.what);
                Err(Error::overloaded(message, RETRY))
            }
        }
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
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
        let error = seats.take().unwrap_err();
        assert_eq!(error.code(), hark_proto::ErrorCode::Overloaded);
        assert_eq!(error.retry_after(), Some(RETRY));
        drop(first);
        assert_eq!(seats.taken(), 1);
        seats.take().unwrap();
    }
}
