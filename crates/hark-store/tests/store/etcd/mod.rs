//! What only a store of several machines has to survive: members that die, hang and come
//! back, and an etcd that says no.

mod compacted;
mod faults;
mod large;
mod model;
mod quorum;
mod refusals;
mod start;

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use hark_core::store::{Error, Key, Store};
use hark_harness::etcd::{Binary, Etcd, Options};
use hark_store::{EtcdStore, etcd};

use crate::support::Random;

/// Short, so that a member that hangs costs a test little.
const REQUEST_TIMEOUT_MS: u64 = 2_000;

/// A store in this etcd.
fn store(etcd: &Etcd) -> EtcdStore {
    EtcdStore::open(&config(etcd)).unwrap()
}

fn config(etcd: &Etcd) -> etcd::Config {
    etcd::Config {
        endpoints: etcd.endpoints(),
        request_timeout_ms: REQUEST_TIMEOUT_MS,
        ..etcd::Config::default()
    }
}

fn start(binary: &Binary, members: usize) -> Etcd {
    println!("{} of {members}", binary.name());
    let options = Options {
        members,
        ..Options::default()
    };
    Etcd::start_with(binary, &options).unwrap()
}

/// Numbers that differ in each run; `HARK_SEED` brings back those of a run that failed.
fn random() -> Random {
    let given = std::env::var("HARK_SEED").ok();
    let fresh = || RandomState::new().hash_one(0_u8);
    let seed = given.map_or_else(fresh, |seed| seed.parse().unwrap());
    println!("HARK_SEED={seed}");
    Random(seed)
}

fn root() -> Key {
    Key::new("/hark/v1/home/")
}

fn under(name: &str) -> Key {
    Key::new(format!("/hark/v1/home/{name}"))
}

/// Waits until the store answers again.
async fn answers(store: &dyn Store) {
    let select = || hark_core::store::Select::Key(under("anything"));
    let until = async {
        while let Err(error) = store.range(select()).await {
            assert!(matches!(error, Error::Unavailable(_)), "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    crate::support::within(until).await;
}
