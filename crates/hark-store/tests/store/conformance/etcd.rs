//! Real etcds for the suite. One is used by one case at a time, and by the next one once
//! it is empty again; the last case of a kind stops them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use etcd_client::{Client, DeleteOptions};
use hark_core::store::{Key, Store};
use hark_harness::etcd::{Binary, Etcd, Options};
use hark_store::{EtcdStore, etcd};

use super::{CASES, Harness};

/// Which etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    Packaged,
    Current,
}

/// Those of one kind that no case uses, and how many cases are through.
#[derive(Default)]
struct Shelf {
    idle: Vec<Etcd>,
    finished: usize,
}

type Kind = (Which, usize);

static SHELVES: Mutex<BTreeMap<Kind, Shelf>> = Mutex::new(BTreeMap::new());

/// An etcd under test.
pub struct Real {
    kind: Kind,
    etcd: Option<Etcd>,
    store: EtcdStore,
}

/// An empty etcd of that kind, if this machine has it.
pub async fn harness(which: Which, members: usize) -> Option<Real> {
    let binary = match which {
        Which::Packaged => Binary::packaged()?,
        Which::Current => Binary::current()?,
    };
    let kind = (which, members);
    let idle = SHELVES.lock().unwrap().entry(kind).or_default().idle.pop();
    let options = Options {
        members,
        ..Options::default()
    };
    let etcd = idle.unwrap_or_else(|| Etcd::start_with(&binary, &options).unwrap());
    empty(&etcd).await;
    let config = etcd::Config {
        endpoints: etcd.endpoints(),
        ..etcd::Config::default()
    };
    Some(Real {
        kind,
        etcd: Some(etcd),
        store: EtcdStore::open(&config).unwrap(),
    })
}

/// Ends all leases and deletes all keys, so that nothing happens by itself any more.
async fn empty(etcd: &Etcd) {
    let mut client = Client::connect(etcd.endpoints(), None).await.unwrap();
    for lease in client.leases().await.unwrap().leases() {
        client.lease_revoke(lease.id()).await.unwrap();
    }
    let all = DeleteOptions::new().with_all_keys();
    client.delete("", Some(all)).await.unwrap();
}

#[async_trait::async_trait]
impl Harness for Real {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    /// etcd has no clock to be moved by hand.
    async fn advance(&self, by: Duration) {
        tokio::time::sleep(by).await;
    }

    fn key(&self, name: &str) -> Key {
        Key::new(format!("/hark/v1/case/{name}"))
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let mut shelves = SHELVES.lock().unwrap();
        let shelf = shelves.entry(self.kind).or_default();
        shelf.finished += 1;
        // One in which a case failed is not used again.
        shelf
            .idle
            .extend(self.etcd.take().filter(|_| !std::thread::panicking()));
        let over = (shelf.finished == CASES).then(|| std::mem::take(&mut shelf.idle));
        drop(shelves);
        drop(over);
    }
}
