//! What the parts stand on: the clock, the store, the home's devices.

use std::sync::Arc;

use anyhow::Context as _;
use futures_util::future::BoxFuture;
use hark_core::home::{DeviceAdapter, Home};
use hark_core::store::Store;
use hark_core::time::Clock;
use hark_home::{Description, VirtualHome};
use hark_runtime::clock::SystemClock;
use hark_runtime::drain::Drain;
use hark_runtime::tasks::{OnFailure, Tasks};

use super::Config;

/// The clock, the store and the devices.
pub(super) struct Foundation {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) store: Arc<dyn Store>,
    pub(super) adapter: Arc<dyn DeviceAdapter>,
    driver: BoxFuture<'static, ()>,
}

impl Foundation {
    /// Opens the store and the home.
    pub(super) async fn open(config: &Config, description: Description) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let settings = config.store()?;
        let store = hark_store::open(&settings, Arc::clone(&clock))
            .context("cannot open the store (--data-dir or store.path)")?;
        let (adapter, driver) = VirtualHome::open(description, Arc::clone(&store)).await?;
        Ok(Self {
            clock,
            store,
            adapter,
            driver: Box::pin(driver),
        })
    }

    /// The home as it is now.
    pub(super) fn home(&self) -> Arc<Home> {
        self.adapter.home()
    }

    /// Follows the devices until the drain is requested.
    pub(super) fn run(self, tasks: &Tasks, drain: &Drain) {
        let (driver, drain) = (self.driver, drain.clone());
        tasks.spawn("devices", OnFailure::Shutdown, async move {
            tokio::select! {
                () = driver => {}
                () = drain.requested() => {}
            }
        });
    }
}
