//! What happens at the start: an etcd that comes later is waited for, one that refuses us
//! is not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hark_core::store::Error;
use hark_core::time::ManualClock;
use hark_harness::etcd::Etcd;
use hark_store::{Config, Kind, open, open_now};

use super::{config, start};
use crate::support::{newest, within};

#[tokio::test]
async fn an_etcd_that_comes_later_is_waited_for() {
    let Some(mut etcd) = Etcd::start(1) else {
        return;
    };
    etcd.kill(0).unwrap();
    let config = Config {
        kind: Kind::Etcd,
        etcd: hark_store::etcd::Config {
            request_timeout_ms: 500,
            ..config(&etcd)
        },
        ..Config::default()
    };
    let clock = Arc::new(ManualClock::default());
    let now = open_now(&config, clock.clone()).await;
    let error = now.err().unwrap().to_string();
    assert!(error.contains("can't be reached"), "{error}");

    let told = AtomicUsize::new(0);
    let waiting = |error: &Error| {
        assert!(matches!(error, Error::Unavailable(_)), "{error}");
        told.fetch_add(1, Ordering::SeqCst);
    };
    let opening = open(&config, clock.clone(), waiting);
    let coming = async {
        while told.load(Ordering::SeqCst) < 2 {
            tokio::task::yield_now().await;
        }
        etcd.restart(0).unwrap();
    };
    let (store, ()) = within(Box::pin(async { tokio::join!(opening, coming) })).await;
    let store = store.unwrap();
    assert_eq!(store.kind(), "etcd");
    newest(&*store).await;
    open_now(&config, clock).await.unwrap();
}

#[tokio::test]
async fn one_that_refuses_us_is_not_waited_for() {
    for binary in hark_harness::etcd::Binary::all() {
        let etcd = start(&binary, 1);
        etcd.enable_auth(&[]).await.unwrap();
        let config = Config {
            kind: Kind::Etcd,
            etcd: config(&etcd),
            ..Config::default()
        };
        let clock = Arc::new(ManualClock::default());
        let opened = within(Box::pin(open(&config, clock, |error| panic!("{error}")))).await;
        let error = opened.err().unwrap().to_string();
        assert!(error.contains("store.etcd.username"), "{error}");
    }
}
