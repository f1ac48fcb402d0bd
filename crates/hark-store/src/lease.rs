//! A lease that is kept alive for as long as its [`Keeper`] is, and a claim on it that
//! its holder stops making well before the store would take it away.
//!
//! [`Keeper::grant`] returns the keeper and a future that keeps the lease alive; whoever
//! owns the keeper runs that future.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hark_core::store::{Error, LeaseId, Store};
use hark_core::time::{Clock, Monotonic};
use tokio::sync::watch;

/// A lease that is kept alive. Clones share it; it is revoked when the last is gone.
#[derive(Clone)]
pub struct Keeper {
    kept: Arc<Kept>,
    /// Closed when the last keeper is gone.
    _alive: Arc<watch::Sender<()>>,
    ended: watch::Receiver<bool>,
}

impl Keeper {
    /// Grants a lease and returns it with the future that keeps it alive. That future
    /// ends with `Ok` after the last clone of the keeper was dropped and the lease was
    /// revoked, and with an error when the lease is lost.
    ///
    /// # Errors
    /// [`Error::Invalid`] for too short a time, or the store can't be reached.
    pub async fn grant(
        store: Arc<dyn Store>,
        ttl: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<
        (
            Self,
            impl Future<Output = Result<(), Error>> + Send + 'static,
        ),
        Error,
    > {
        // Taken before asking: the store's time begins later, so it ends later.
        let asked = clock.monotonic();
        let id = store.grant_lease(ttl).await?;
        let kept = Arc::new(Kept {
            id,
            ttl,
            renewed_ms: AtomicU64::new(0),
            clock,
        });
        kept.renewed_at(asked);
        let (alive, all_gone) = watch::channel(());
        let (has_ended, ended) = watch::channel(false);
        let keeper = Self {
            kept: Arc::clone(&kept),
            _alive: Arc::new(alive),
            ended,
        };
        Ok((keeper, drive(store, kept, all_gone, has_ended)))
    }

    /// The lease. Keys may hang on it, but only [`claim`](Self::claim) says whether to
    /// act on it.
    pub fn lease(&self) -> LeaseId {
        self.kept.id
    }

    /// The lease, if it may be acted on now: it was renewed less than two thirds of its
    /// time ago, by the monotonic clock.
    pub fn claim(&self) -> Option<LeaseId> {
        let now = self.kept.clock.monotonic();
        let holds = !*self.ended.borrow() && may_claim(self.kept.renewed(), now, self.kept.ttl);
        holds.then_some(self.kept.id)
    }

    /// Waits until the lease is lost, or its future has ended.
    pub async fn lost(&self) {
        let mut ended = self.ended.clone();
        // An error: the future was dropped, so nothing keeps the lease alive.
        drop(ended.wait_for(|ended| *ended).await);
    }
}

/// What the keeper and its future share.
struct Kept {
    id: LeaseId,
    ttl: Duration,
    /// When the last renewal that succeeded was asked for, in milliseconds of the
    /// monotonic clock, rounded down.
    renewed_ms: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl Kept {
    fn renewed(&self) -> Monotonic {
        Monotonic(Duration::from_millis(
            self.renewed_ms.load(Ordering::SeqCst),
        ))
    }

    fn renewed_at(&self, at: Monotonic) {
        let ms = u64::try_from(at.0.as_millis()).unwrap_or(u64::MAX);
        self.renewed_ms.store(ms, Ordering::SeqCst);
    }
}

/// Whether a lease that was renewed at `renewed` may still be acted on.
fn may_claim(renewed: Monotonic, now: Monotonic, ttl: Duration) -> bool {
    now.since(renewed) < ttl * 2 / 3
}

/// How long to wait for renewal number `count`: a third of the time, or up to a tenth
/// less than that, so that leases granted together don't stay in step.
fn pause(ttl: Duration, id: LeaseId, count: u64) -> Duration {
    let seed = id.0.unsigned_abs() ^ count.rotate_left(32);
    let mixed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    let less = u32::try_from(mixed % 1000).expect("it is under 1000");
    let third = ttl / 3;
    third - third / 10 * less / 1000
}

async fn drive(
    store: Arc<dyn Store>,
    kept: Arc<Kept>,
    mut all_gone: watch::Receiver<()>,
    has_ended: watch::Sender<bool>,
) -> Result<(), Error> {
    let result = tokio::select! {
        // Nothing is ever sent: this returns when the last keeper is gone.
        _closed = all_gone.changed() => match store.revoke_lease(kept.id).await {
            Err(Error::LeaseNotFound(_)) => Ok(()),
            revoked => revoked,
        },
        error = keep(&*store, &kept) => Err(error),
    };
    has_ended.send_replace(true);
    result
}

/// Renews until the lease is lost.
async fn keep(store: &dyn Store, kept: &Kept) -> Error {
    let mut count = 0;
    let mut wait = pause(kept.ttl, kept.id, count);
    loop {
        tokio::time::sleep(wait).await;
        count += 1;
        let asked = kept.clock.monotonic();
        match store.keep_alive(kept.id).await {
            Ok(()) => {
                kept.renewed_at(asked);
                wait = pause(kept.ttl, kept.id, count);
            }
            Err(error @ (Error::LeaseNotFound(_) | Error::Invalid(_))) => return error,
            Err(error) if asked.since(kept.renewed()) >= kept.ttl => return error,
            Err(error) => {
                tracing::warn!(%error, lease = kept.id.0, "a lease could not be renewed");
                wait = pause(kept.ttl, kept.id, count) / 4;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_holds_for_less_than_two_thirds() {
        let at = |ms| Monotonic(Duration::from_millis(ms));
        let check = |now, expected| {
            let ttl = Duration::from_millis(9000);
            assert_eq!(may_claim(at(1000), at(now), ttl), expected, "{now}");
        };
        check(0, true);
        check(1000, true);
        check(6999, true);
        check(7000, false);
        check(100_000, false);
    }

    #[test]
    fn renewals_come_at_a_third_or_a_little_before_and_not_in_step() {
        let ttl = Duration::from_secs(30);
        let pauses: Vec<_> = (1..100).map(|id| pause(ttl, LeaseId(id), 3)).collect();
        for pause in &pauses {
            assert!((ttl * 9 / 30..=ttl / 3).contains(pause), "{pause:?}");
        }
        let different: std::collections::BTreeSet<_> = pauses.iter().collect();
        assert!(different.len() > 80, "{}", different.len());
    }
}
