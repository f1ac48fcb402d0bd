//! Leases that are kept alive, and when their holder stops acting on them.

use std::sync::Arc;
use std::time::Duration;

use hark_core::store::{Error, Store};
use hark_core::time::{Clock, Monotonic, Timestamp};
use hark_store::Limits;
use hark_store::lease::Keeper;
use tokio::time::Instant;

use crate::support::{beside, entry, key, put_on, run, within};
use crate::view::Reachable;

const TTL: Duration = Duration::from_secs(30);

/// The paused clock of the test's runtime. The store has one of its own, which stands
/// still: here it never ends a lease by itself.
struct TestTime(Instant);

impl Clock for TestTime {
    fn wall(&self) -> Timestamp {
        Timestamp::default().plus(self.0.elapsed())
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.0.elapsed())
    }

    fn is_synchronised(&self) -> Option<bool> {
        None
    }
}

async fn keeper(
    store: &Arc<Reachable>,
) -> (Keeper, impl Future<Output = Result<(), Error>> + use<>) {
    let store = Arc::clone(store) as Arc<dyn Store>;
    let clock = Arc::new(TestTime(Instant::now()));
    Keeper::grant(store, TTL, clock).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_claimed_for_as_long_as_it_is_kept_alive() {
    let store = Reachable::new(Limits::default());
    let (keeper, driver) = keeper(&store).await;
    beside(driver, async {
        for _ in 0..100 {
            tokio::time::sleep(TTL / 4).await;
            assert_eq!(keeper.claim(), Some(keeper.lease()));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_ends_at_two_thirds_of_the_time() {
    let store = Reachable::new(Limits::default());
    let (keeper, driver) = keeper(&store).await;
    store.reach(false);
    beside(driver, async {
        tokio::time::sleep(TTL * 2 / 3 - Duration::from_millis(10)).await;
        assert!(keeper.claim().is_some());
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(keeper.claim(), None);
        // In time again: the lease was never lost.
        store.reach(true);
        tokio::time::sleep(TTL / 6).await;
        assert!(keeper.claim().is_some());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stays_away_costs_the_lease() {
    let store = Reachable::new(Limits::default());
    let (keeper, driver) = keeper(&store).await;
    store.reach(false);
    let begin = Instant::now();
    let (error, ()) = tokio::join!(driver, keeper.lost());
    assert!(matches!(error, Err(Error::Unavailable(_))), "{error:?}");
    assert!((TTL..TTL * 3 / 2).contains(&begin.elapsed()));
    assert_eq!(keeper.claim(), None);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_taken_away_is_lost_at_the_next_renewal() {
    let store = Reachable::new(Limits::default());
    let (keeper, driver) = keeper(&store).await;
    let lease = keeper.lease();
    store.revoke_lease(lease).await.unwrap();
    let (error, ()) = tokio::join!(driver, keeper.lost());
    assert_eq!(error, Err(Error::LeaseNotFound(lease)));
    assert_eq!(keeper.claim(), None);
}

#[tokio::test(start_paused = true)]
async fn the_lease_is_revoked_with_the_last_keeper() {
    let store = Reachable::new(Limits::default());
    let (keeper, driver) = keeper(&store).await;
    let lease = keeper.lease();
    run(&*store, vec![put_on(lease, &key("a"), "1")]).await;
    let other = keeper.clone();
    drop(keeper);
    let mut driver = std::pin::pin!(driver);
    let first = beside(driver.as_mut(), async {
        tokio::time::sleep(TTL * 3).await;
        other.claim()
    });
    assert_eq!(first.await, Some(lease));
    drop(other);
    assert_eq!(within(driver).await, Ok(()));
    assert_eq!(entry(&*store, &key("a")).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_without_its_driver_says_that_it_is_lost() {
    let store = Reachable::new(Limits::default());
    let (keeper, driver) = keeper(&store).await;
    drop(driver);
    within(keeper.lost()).await;
}

#[tokio::test]
async fn too_short_a_lease_is_refused() {
    let store = Reachable::new(Limits::default());
    let clock = Arc::new(TestTime(Instant::now()));
    let refused = Keeper::grant(store, Duration::from_secs(1), clock).await;
    assert!(matches!(refused.err(), Some(Error::Invalid(_))));
}
