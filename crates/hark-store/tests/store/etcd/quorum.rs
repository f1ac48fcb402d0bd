//! Without a quorum everything fails with a word, in bounded time; with it everything
//! works again, and who watched has missed nothing.

use hark_core::store::{Error, Select, Store};
use hark_core::time::{Clock, ManualClock};
use hark_harness::etcd::Binary;
use hark_store::lease::Keeper;

use super::{answers, root, start, store, under};
use crate::support::{TTL, always, newest, next, put, run, told, within};

#[tokio::test]
async fn the_quorum_is_lost_and_comes_back() {
    for binary in Binary::all() {
        let mut etcd = start(&binary, 3);
        let store = store(&etcd);
        answers(&store).await;
        let from = newest(&store).await.next();
        let mut watch = store.watch(root(), from).await.unwrap();
        run(&store, vec![put(&under("before"), "1")]).await;
        for member in [0, 2] {
            etcd.kill(member).unwrap();
        }
        let write = || store.txn(always(vec![put(&under("during"), "1")]));
        for _ in 0..3 {
            let error = within(write()).await.unwrap_err();
            let typed = matches!(error, Error::Unavailable(_) | Error::Indeterminate(_));
            assert!(typed, "{error}");
        }
        let read = within(store.range(Select::Prefix(root())))
            .await
            .unwrap_err();
        assert!(matches!(read, Error::Unavailable(_)), "{read}");
        let lease = within(store.grant_lease(TTL)).await.unwrap_err();
        assert!(matches!(lease, Error::Unavailable(_)), "{lease}");

        for member in [0, 2] {
            etcd.restart(member).unwrap();
        }
        answers(&store).await;
        run(&store, vec![put(&under("after"), "1")]).await;
        assert_eq!(
            told(&root(), &next(&mut watch).await.unwrap()),
            ["+before=1"]
        );
        // A write without an answer may have come to be, each of the three.
        loop {
            match &told(&root(), &next(&mut watch).await.unwrap())[..] {
                [one] if one == "+during=1" => {}
                other => break assert_eq!(other, ["+after=1"]),
            }
        }
    }
}

/// The lease of a holder that lives outlives the loss of a member.
#[tokio::test]
async fn a_lease_is_kept_through_the_loss_of_the_leader() {
    for binary in Binary::all() {
        let mut etcd = start(&binary, 3);
        let store = std::sync::Arc::new(store(&etcd));
        answers(&*store).await;
        let clock = std::sync::Arc::new(Running(std::time::Instant::now()));
        let shared = std::sync::Arc::clone(&store);
        let (keeper, alive) = Keeper::grant(shared, TTL * 2, clock).await.unwrap();
        let key = under("router/a");
        let lease = keeper.lease();
        run(&*store, vec![crate::support::put_on(lease, &key, "1")]).await;
        let leader = etcd.wait_for_leader().unwrap();
        let outlived = async {
            etcd.kill(leader).unwrap();
            // Longer than the lease lives without being kept alive.
            tokio::time::sleep(TTL * 3).await;
            assert!(crate::support::entry(&*store, &key).await.is_some());
            assert_eq!(keeper.claim(), Some(lease));
        };
        crate::support::beside(alive, outlived).await;
    }
}

/// The machine's monotonic clock.
struct Running(std::time::Instant);

impl Clock for Running {
    fn wall(&self) -> hark_core::time::Timestamp {
        ManualClock::default().wall()
    }

    fn is_synchronised(&self) -> Option<bool> {
        None
    }

    fn monotonic(&self) -> hark_core::time::Monotonic {
        hark_core::time::Monotonic(self.0.elapsed())
    }
}
