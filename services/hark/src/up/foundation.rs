//! What the parts stand on: the clock, the store, the home's devices.

use std::sync::Arc;

use anyhow::Context as _;
use futures_util::future::BoxFuture;
use hark_core::home::{DeviceAdapter, Home};
use hark_core::keys::KeySpace;
use hark_core::store::{self, Store};
use hark_core::time::Clock;
use hark_home::{Description, VirtualHome};
use hark_runtime::clock::SystemClock;
use hark_runtime::drain::Drain;
use hark_runtime::health::Part;
use hark_runtime::process::Process;
use hark_runtime::tasks::{OnFailure, Tasks};

use super::Config;

/// The clock, the store and the devices.
pub(super) struct Foundation {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) adapter: Arc<dyn DeviceAdapter>,
    driver: BoxFuture<'static, ()>,
    health: Part,
}

impl Foundation {
    /// Opens the store and the home. An etcd that is out of reach is waited for; until
    /// then the process is not ready, and says why.
    pub(super) async fn open(
        config: &Config,
        description: Description,
        process: &Process,
    ) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let settings = config.store()?;
        let health = process.health().part("store");
        let waiting = |why: &store::Error| health.not_ready(why.to_string());
        let store = tokio::select! {
            store = hark_store::open(&settings, Arc::clone(&clock), waiting) => {
                store.context(match settings.kind {
                    hark_store::Kind::Etcd => "cannot open the store (--etcd-endpoints or store.etcd)",
                    _ => "cannot open the store (--data-dir or store.path)",
                })?
            }
            () = process.drain().requested() => {
                anyhow::bail!("it was told to end while it waited for the store")
            }
        };
        let keys = KeySpace::new(&description.home().id);
        hark_store::transfer::check_complete(&*store, &keys.root()).await?;
        let (adapter, driver) = VirtualHome::open(description, Arc::clone(&store)).await?;
        Ok(Self {
            clock,
            store,
            adapter,
            driver: Box::pin(driver),
            health,
        })
    }

    /// The home as it is now.
    pub(super) fn home(&self) -> Arc<Home> {
        self.adapter.home()
    }

    /// Follows the devices until the drain is requested.
    pub(super) fn run(self, tasks: &Tasks, drain: &Drain) {
        self.health.ready();
        let (driver, drain) = (self.driver, drain.clone());
        tasks.spawn("devices", OnFailure::Shutdown, async move {
            tokio::select! {
                () = driver => {}
                () = drain.requested() => {}
            }
        });
    }
}
