//! What all calls of this service have in common: limits, the workers, metrics, and the
//! seats that bound how many go on at once.

use hark_access::Registry;
use hark_core::seats::Seats;
use hark_core::{HomeId, Language};

use crate::answer::Silence;
use crate::config::Limits;
use crate::grpc::workers::Workers;
use crate::metrics::Metrics;
use crate::speakers::Speakers;

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
    pub watches: Seats,
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
