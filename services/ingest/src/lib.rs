//! Hears speakers: audio in, words, actions and replies out; and reaches them when a
//! timer rings.
//!
//! [`Config`] and [`Deps`] → [`Ingest::build`] → [`Ingest::routes`], for a server, and
//! [`Ingest::run`], which has to run beside it.

mod answer;
mod config;
mod ear;
mod error;
mod grpc;
mod metrics;
mod pace;
pub mod process;
mod session;
mod shared;
mod speakers;
mod trace;
mod words;

use std::pin::Pin;
use std::sync::Arc;

use hark_access::Registry;
use hark_cluster::{Peers, Pool};
use hark_core::seats::Seats;
use hark_core::store::Store;
use hark_core::time::Clock;
use hark_core::{HomeId, Language};
use hark_runtime::drain::Drain;
use hark_runtime::health::{self, Health};
use tonic::service::Routes;

pub use config::{Config, Endpointing, Pace};
pub use error::Error;

use answer::Silence;
use grpc::About;
use grpc::workers::Workers;
use metrics::Metrics;
use shared::Shared;
use speakers::Speakers;

/// Watches of nodes that may be open.
const MAX_WATCHES: usize = 32;

/// The services of this part, as reflection names them.
pub const NAMES: &[&str] = &[
    "hark.v1.Speech",
    "hark.v1.Recognizer",
    "hark.v1.Speakers",
    "hark.v1.Cluster",
    "hark.v1.Access",
];

/// What this part works with.
pub struct Deps {
    /// The home that is served.
    pub home: HomeId,
    /// Its languages, the one to answer in first; at least one.
    pub languages: Vec<Language>,
    /// Where the home's state is.
    pub store: Arc<dyn Store>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// The inference workers.
    pub inference: Pool,
    /// The routers.
    pub intents: Pool,
    /// The other nodes.
    pub peers: Peers,
    /// How the process does: this part adds itself, and `GetStatus` tells of all.
    pub health: Health,
    /// What tells the streams that they are to end.
    pub drain: Drain,
}

/// Hears speakers.
pub struct Ingest {
    shared: Arc<Shared>,
    routes: Routes,
    drain: Drain,
    health: health::Part,
    view: Pin<Box<dyn Future<Output = ()> + Send>>,
    access: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Ingest {
    /// Checks the settings and joins everything.
    ///
    /// # Errors
    /// [`Error::Config`] if a setting is out of range, [`Error::NoLanguage`],
    /// [`Error::Replies`].
    pub fn build(config: &Config, deps: Deps) -> Result<Self, Error> {
        let limits = config.limits()?;
        if deps.languages.is_empty() {
            return Err(Error::NoLanguage);
        }
        let about = About {
            health: deps.health.clone(),
            since: deps.clock.monotonic(),
            clock: Arc::clone(&deps.clock),
            store: Arc::clone(&deps.store),
            peers: deps.peers,
            drain: deps.drain.clone(),
        };
        let (access, access_view) =
            Registry::open(&deps.home, Arc::clone(&deps.store), Arc::clone(&deps.clock));
        let (speakers, view) =
            Speakers::open(&deps.home, deps.store, deps.clock, limits.max_attached);
        let workers = Workers::new(
            deps.inference,
            deps.intents,
            limits.transcribe_timeout,
            limits.handle_timeout,
        );
        let shared = Arc::new(Shared {
            home: deps.home,
            silence: Silence::new()?,
            languages: deps.languages,
            streams: Seats::new("streams of speech", limits.max_streams),
            recognitions: Seats::new("recognitions", limits.max_recognitions),
            watches: Seats::new("watches of nodes", MAX_WATCHES),
            limits,
            workers,
            metrics: Metrics::new(),
            speakers,
            access,
        });
        Ok(Self {
            routes: grpc::routes(&shared, &deps.drain, about),
            health: deps.health.part("ingest"),
            drain: deps.drain,
            view: Box::pin(view),
            access: Box::pin(access_view),
            shared,
        })
    }

    /// The services, for a server.
    pub fn routes(&self) -> Routes {
        self.routes.clone()
    }

    /// Who may come in: what an [`Authenticator`](hark_runtime::auth::Authenticator) of
    /// this process asks, and what gives out tokens.
    pub fn access(&self) -> &Registry {
        &self.shared.access
    }

    /// Keeps it going until the drain is requested. It is ready once it has read from the
    /// store.
    pub async fn run(self) {
        let speakers = &self.shared.speakers;
        let ready = async {
            let read = speakers.view().ready().await.is_some();
            if read && self.shared.access.ready().await {
                self.health.ready();
            }
            speakers.sweep(&self.drain).await;
        };
        tokio::select! {
            () = ready => {}
            () = self.drain.requested() => {}
            () = self.view => {}
            () = self.access => {}
        }
    }
}
