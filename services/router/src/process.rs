//! A router as a process of its own: settings, store, home, a server, and an orderly end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hark_access::Registry;
use hark_cluster::Registration;
use hark_core::cluster::Role;
use hark_core::time::Clock;
use hark_home::{Description, VirtualHome};
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::clock::SystemClock;
use hark_runtime::config::{Layers, load};
use hark_runtime::process::Process;
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::OnFailure;
use hark_runtime::{admin, drain, telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Deps, Error, INTERNAL_NAMES, PUBLIC_NAMES, Router};

/// The port that a router listens on unless told otherwise.
const PORT: u16 = 7720;

/// The settings of the process.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Logs.
    pub log: telemetry::Config,
    /// What else leaves the process.
    pub telemetry: telemetry::Export,
    /// The port with metrics and health.
    pub admin: admin::Config,
    /// The end.
    pub drain: drain::Config,
    /// Where to listen.
    pub server: server::Config,
    /// How callers prove who they are.
    pub auth: auth::Config,
    /// A file that describes the home, in TOML. Absent: the built-in virtual home.
    pub home: Option<PathBuf>,
    /// Where state is kept.
    pub store: hark_store::Config,
    /// Who this process is to the others.
    pub node: hark_cluster::Config,
    /// How words become actions.
    pub router: crate::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log: telemetry::Config::default(),
            telemetry: telemetry::Export::default(),
            admin: admin::Config::default(),
            drain: drain::Config::default(),
            server: server::Config::for_nodes(PORT),
            auth: auth::Config::default(),
            home: None,
            store: hark_store::Config::default(),
            node: hark_cluster::Config::default(),
            router: crate::Config::default(),
        }
    }
}

/// Runs a router until it is told to end.
///
/// # Errors
/// Whatever keeps it from starting: a setting, the home, the store, the address.
pub async fn run(file: Option<&Path>) -> Result<(), Error> {
    let layers = file.map_or_else(Layers::new, |path| Layers::new().file(path));
    let config: Config = load(&layers.process_variables())?;
    let description = match &config.home {
        Some(file) => Description::load(file)?,
        None => Description::builtin(),
    };
    let frame = hark_runtime::process::Config {
        log: config.log.clone(),
        telemetry: config.telemetry.clone(),
        home: Some(description.home().id.to_string()),
        admin: config.admin.clone(),
        drain: config.drain.clone(),
    };
    let process = Process::start("hark-router", &frame).await?;
    let home = description.home().id.clone();
    let auth = Authenticator::new(&config.auth, home.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let health = process.health().part("store");
    let waiting = |why: &hark_core::store::Error| health.not_ready(why.to_string());
    let store = tokio::select! {
        store = hark_store::open(&config.store, Arc::clone(&clock), waiting) => store?,
        () = process.drain().requested() => return Ok(process.finish().await?),
    };
    let me = config.node.identify(&*clock)?;
    let registration = Registration::new(&home, &me, Arc::clone(&store), Arc::clone(&clock));
    let (adapter, devices) = VirtualHome::open(description, Arc::clone(&store)).await?;
    let (access, access_driver) = Registry::open(&home, Arc::clone(&store), Arc::clone(&clock));
    let auth = auth.with_credentials(Arc::new(access));
    let deps = Deps {
        store,
        clock,
        adapter,
        instance: uuid::Uuid::now_v7().to_string(),
        health: process.health().part("router"),
        drain: process.drain().clone(),
    };
    let router = Router::build(&config.router, deps)?;
    health.ready();
    let descriptors = hark_proto::FILE_DESCRIPTOR_SET;
    let bound = Server::new(config.server, auth, process.health())
        .services(descriptors, PUBLIC_NAMES, router.public_routes())?
        .services(descriptors, INTERNAL_NAMES, router.internal_routes())?
        .services(
            descriptors,
            hark_cluster::NAMES,
            hark_cluster::routes(&me.id, process.drain()),
        )?
        .bind("server.listen")
        .await?;
    let part = me.part(Role::Router, bound.local_addr());
    tracing::info!(address = %bound.local_addr(), node = %me.id, "serving");
    let (tasks, drain) = (process.tasks(), process.drain().clone());
    let stop = drain.clone();
    tasks.spawn("devices", OnFailure::Shutdown, async move {
        tokio::select! {
            () = devices => {}
            () = access_driver => {}
            () = stop.requested() => {}
        }
    });
    let registered = registration.run(vec![part], drain.clone());
    tasks.spawn("registration", OnFailure::Log, registered);
    tasks.spawn("server", OnFailure::Shutdown, bound.serve(drain.clone()));
    tasks.spawn("router", OnFailure::Shutdown, router.run(drain));
    process.finish().await?;
    Ok(())
}
