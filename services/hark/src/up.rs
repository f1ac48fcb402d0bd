//! All of Hark in one process: ingest, inference and router as they are in a cluster,
//! joined by connections in memory. Only the public API listens.
//!
//! [`start`] takes [`Config`] to [`Running`]; what can fail at start-up fails there, with
//! the setting or the file named.

mod cluster;
mod config;
mod foundation;
mod inside;
mod owner;
mod parts;
mod ready;

use std::net::SocketAddr;
use std::sync::Arc;

use hark_core::HomeId;
use hark_core::engine::Description;
use hark_core::home::Home;
use hark_core::time::Clock as _;
use hark_inference::Picked;
use hark_runtime::auth::Authenticator;
use hark_runtime::clock::SystemClock;
use hark_runtime::drain::Drain;
use hark_runtime::process::Process;
use hark_runtime::server::{Bound, Server};
use hark_runtime::tasks::{OnFailure, Tasks};

pub use config::Config;
pub use owner::path as owner_token;
pub use ready::ReadyFile;

use cluster::Cluster;
use foundation::Foundation;
use parts::Parts;

/// Everything, running and ready.
#[derive(Debug)]
pub struct Running {
    process: Process,
    address: SocketAddr,
    model: Description,
    picked: Option<Picked>,
    home: Arc<Home>,
    store: hark_store::Config,
}

/// Starts everything, and waits until it is ready.
///
/// # Errors
/// Whatever keeps it from starting: a setting, the home, the store, the model, an
/// address.
pub async fn start(config: &Config) -> anyhow::Result<Running> {
    let description = config.home.description()?;
    let frame = config.frame(&description.home().id);
    let process = Process::start("hark", &frame).await?;
    // The parts end after the servers, which need them for what they still finish.
    let inner = Drain::new();
    let foundation = Foundation::open(config, description, &process).await?;
    let home = foundation.home();
    let me = config.node().identify(&*foundation.clock)?;
    let mut cluster = Cluster::open(me, &config.cluster, &config.auth, &foundation)?;
    let parts = Parts::build(config, &foundation, &mut cluster, &process)?;
    let auth = Authenticator::new(&config.auth, home.id.clone())?;
    let auth = auth.with_credentials(Arc::new(parts.access().clone()));
    let bound = bind(config, auth, &process, &parts).await?;
    let address = bound.local_addr();
    let internal = internal(config, &home.id, &cluster, &process, &parts).await?;
    let (model, picked) = (parts.model().clone(), parts.picked().cloned());
    let (access, clock) = (parts.access().clone(), Arc::clone(&foundation.clock));

    let (tasks, drain) = (process.tasks(), process.drain().clone());
    let internal_address = internal.as_ref().map(Bound::local_addr);
    let registered = parts.registered(&cluster.me, address, internal_address);
    cluster.run(registered, &foundation, tasks, &drain);
    let ended = Arc::new(End(inner.clone()));
    if let Some(internal) = internal {
        serve(tasks, "internal api", internal, &drain, &ended);
    }
    serve(tasks, "public api", bound, &drain, &ended);
    drop(ended);
    foundation.run(tasks, &inner);
    parts.run(tasks, &inner);
    wait_until_ready(&process).await?;
    let data_dir = config.data_dir()?;
    if let Err(error) = owner::ensure(&access, &*clock, &data_dir).await {
        tracing::warn!(error = format!("{error:#}"), "the owner has no token");
    }
    let store = config.store()?;
    Ok(Running {
        process,
        address,
        model,
        picked,
        home,
        store,
    })
}

impl Running {
    /// Where speakers and people reach it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics and health are.
    pub fn admin_address(&self) -> SocketAddr {
        self.process.admin_addr()
    }

    /// What turns audio into words.
    pub fn model(&self) -> &Description {
        &self.model
    }

    /// Which model that is, and why; none with the fake engine.
    pub fn picked(&self) -> Option<&Picked> {
        self.picked.as_ref()
    }

    /// The home.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Whether the clock is known to be right; `None` where that can't be told.
    pub fn is_synchronised(&self) -> Option<bool> {
        SystemClock::new().is_synchronised()
    }

    /// Where state is kept.
    pub fn store(&self) -> &hark_store::Config {
        &self.store
    }

    /// What its owner should know.
    pub fn warnings(&self) -> Vec<String> {
        self.process.health().snapshot().warnings
    }

    /// Asks it to end.
    pub fn stop(&self) {
        self.process.drain().request();
    }

    /// Waits until it is told to end, and ends in order.
    ///
    /// # Errors
    /// The failure that it could not live with, if that was the reason.
    pub async fn finish(self) -> anyhow::Result<()> {
        Ok(self.process.finish().await?)
    }
}

/// Serves until the drain, and keeps the parts going until then.
fn serve(tasks: &Tasks, name: &'static str, bound: Bound, drain: &Drain, ended: &Arc<End>) {
    let (drain, ended) = (drain.clone(), Arc::clone(ended));
    tasks.spawn(name, OnFailure::Shutdown, async move {
        let _ended = ended;
        bound.serve(drain).await
    });
}

/// Ends the parts when it is dropped, however the servers came to their end.
#[derive(Debug)]
struct End(Drain);

impl Drop for End {
    fn drop(&mut self) {
        self.0.request();
    }
}

async fn internal(
    config: &Config,
    home: &HomeId,
    cluster: &Cluster,
    process: &Process,
    parts: &Parts,
) -> anyhow::Result<Option<Bound>> {
    if !config.has_peers() {
        return Ok(None);
    }
    let auth = cluster::nodes_only(&config.auth, home)?;
    let auth = auth.with_credentials(Arc::new(parts.access().clone()));
    let (server, node) = (&config.server, &cluster.me.id);
    let services = parts.internal();
    let bound = cluster::bind(&config.cluster, server, auth, node, process, services);
    Ok(Some(bound.await?))
}

async fn bind(
    config: &Config,
    auth: Authenticator,
    process: &Process,
    parts: &Parts,
) -> anyhow::Result<Bound> {
    let descriptors = hark_proto::FILE_DESCRIPTOR_SET;
    let server = Server::new(config.server.clone(), auth, process.health())
        .services(descriptors, hark_ingest::NAMES, parts.ingest_routes())?
        .services(descriptors, hark_router::PUBLIC_NAMES, parts.home_routes())?;
    Ok(server.bind("--listen or server.listen").await?)
}

async fn wait_until_ready(process: &Process) -> anyhow::Result<()> {
    tokio::select! {
        () = process.health().ready() => Ok(()),
        () = process.drain().requested() => {
            anyhow::bail!("it was told to end before it was ready")
        }
    }
}
