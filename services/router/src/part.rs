//! The part: built once, then routes for servers and a life of its own.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use hark_core::home::DeviceAdapter;
use hark_core::keys::KeySpace;
use hark_core::seats::Seats;
use hark_core::store::Store;
use hark_core::time::Clock;
use hark_runtime::drain::Drain;
use hark_runtime::health;
use hark_store::view::StoreView;
use tonic::service::Routes;

use crate::config::Config;
use crate::house::House;
use crate::instance::Instance;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::reload::SentencesFolder;
use crate::ringer::Ringer;
use crate::speech::Voices;
use crate::state::Views;
use crate::{Error, grpc};

/// The services for people and their programs.
pub const PUBLIC_NAMES: &[&str] = &["hark.v1.Home"];
/// The services for other nodes.
pub const INTERNAL_NAMES: &[&str] = &["hark.internal.v1.Intents"];

/// What a router needs.
pub struct Deps {
    /// Where state is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The home's devices.
    pub adapter: Arc<dyn DeviceAdapter>,
    /// This router's name among routers; unique.
    pub instance: String,
    /// Whether this part can do its work.
    pub health: health::Part,
    /// What ends its streams.
    pub drain: Drain,
}

/// Turns words into actions.
pub struct Router {
    house: Arc<House>,
    health: health::Part,
    drivers: Vec<BoxFuture<'static, ()>>,
    ringer: Ringer,
    sentences: Option<SentencesFolder>,
}

impl Router {
    /// Compiles the sentences and opens the views.
    ///
    /// # Errors
    /// [`Error::Setting`], [`Error::Language`] or [`Error::TimeZone`].
    pub fn build(config: &Config, deps: Deps) -> Result<Self, Error> {
        let limits = config.limits()?;
        let home = deps.adapter.home();
        let zone = jiff::tz::TimeZone::get(&home.time_zone).map_err(|_| Error::TimeZone {
            zone: home.time_zone.clone(),
        })?;
        let voices = Voices::compile(&home, config.sentences.as_deref(), config.fuzzy)?;
        let keys = KeySpace::new(&home.id);
        let (store, clock) = (&deps.store, &deps.clock);
        let open = |prefix| StoreView::open(Arc::clone(store), prefix, Arc::clone(clock));
        let (timers, timers_driver) = open(keys.timers());
        let (lists, lists_driver) = open(keys.lists());
        let key = keys.router(&deps.instance);
        let ttl = limits.lease_ttl;
        let house = House {
            instance: Instance::new(key, Arc::clone(store), Arc::clone(clock), ttl),
            ledger: Ledger::new(
                Arc::clone(store),
                Arc::clone(clock),
                keys.ledger(),
                limits.retention,
            ),
            watches: Seats::new("watches", limits.max_watches),
            sentences: Seats::new("sentences", limits.max_sentences),
            views: Views {
                keys,
                timers,
                lists,
            },
            metrics: Metrics::new(),
            store: deps.store,
            clock: deps.clock,
            adapter: deps.adapter,
            drain: deps.drain,
            voices,
            zone,
            limits,
        };
        let ringer = Ringer {
            store: Arc::clone(&house.store),
            clock: Arc::clone(&house.clock),
            views: house.views.clone(),
            voices: house.voices.clone(),
        };
        let drivers: Vec<BoxFuture<'static, ()>> =
            vec![Box::pin(timers_driver), Box::pin(lists_driver)];
        Ok(Self {
            house: Arc::new(house),
            health: deps.health,
            drivers,
            ringer,
            sentences: config.sentences.clone().map(SentencesFolder::new),
        })
    }

    /// What people and their programs call, for a server.
    pub fn public_routes(&self) -> Routes {
        grpc::public_routes(&self.house)
    }

    /// What other nodes call, for a server.
    pub fn internal_routes(&self) -> Routes {
        grpc::internal_routes(&self.house)
    }

    /// Follows the store, holds the lease, lets timers ring, until `drain` is requested;
    /// then records what is still to be recorded. It may come later than the drain that
    /// ends the streams: whoever still finishes utterances needs a router that acts.
    pub async fn run(self, drain: Drain) {
        let Self {
            house,
            health,
            drivers,
            ringer,
            sentences,
        } = self;
        let (instance, ledger) = (house.instance.clone(), house.ledger.clone());
        let ready = async {
            house.views.timers.ready().await;
            house.views.lists.ready().await;
            instance.held().await;
            health.ready();
        };
        let reload = async {
            if let Some(folder) = sentences {
                folder.follow(&house).await;
            }
        };
        let work = async {
            tokio::join!(
                futures_util::future::join_all(drivers),
                instance.hold(),
                ledger.run(),
                ringer.run(),
                reload,
                ready,
            )
        };
        tokio::select! {
            _ = work => {}
            () = drain.requested() => {}
        }
        if let Err(error) = ledger.flush().await {
            tracing::warn!(%error, "outcomes not recorded");
        }
        instance.release();
    }
}
