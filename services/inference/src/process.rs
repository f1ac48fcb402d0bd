//! A worker as a process of its own: settings, a server for nodes, and an orderly end.

use std::net::SocketAddr;
use std::sync::Arc;

use hark_cluster::Registration;
use hark_core::HomeId;
use hark_core::store::Store;
use hark_core::time::Clock;
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::clock::SystemClock;
use hark_runtime::config::{self, Layers};
use hark_runtime::process::Process;
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::OnFailure;
use hark_runtime::{admin, drain, telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Inference, NAMES};

/// The port that a worker listens on unless told otherwise.
const PORT: u16 = 7710;
/// The port of its metrics and health.
const ADMIN_PORT: u16 = 7711;

/// The settings of the process.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The home that this worker belongs to.
    pub home: String,
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
    /// Where it registers, so that others find it. Absent: nowhere; others need its
    /// address in their settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<hark_store::Config>,
    /// Who this process is to the others.
    pub node: hark_cluster::Config,
    /// The engine and its model.
    pub inference: crate::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            home: "home".to_owned(),
            log: telemetry::Config::default(),
            telemetry: telemetry::Export::default(),
            admin: admin::Config {
                listen: SocketAddr::from(([127, 0, 0, 1], ADMIN_PORT)),
                ..admin::Config::default()
            },
            drain: drain::Config::default(),
            server: server::Config::for_nodes(PORT),
            auth: auth::Config::default(),
            store: None,
            node: hark_cluster::Config::default(),
            inference: crate::Config::default(),
        }
    }
}

/// Runs a worker until it is told to end.
///
/// # Errors
/// Whatever keeps it from starting: a setting, the model, the address.
pub async fn run(layers: &Layers) -> Result<(), Error> {
    let config: Config = config::load(layers)?;
    let home = HomeId::parse(&config.home).map_err(|e| Error::Setting {
        setting: "home",
        message: e.to_string(),
    })?;
    let frame = hark_runtime::process::Config {
        log: config.log.clone(),
        telemetry: config.telemetry.clone(),
        home: Some(config.home.clone()),
        admin: config.admin.clone(),
        drain: config.drain.clone(),
    };
    let process = Process::start("hark-inference", &frame).await?;
    let auth = Authenticator::new(&config.auth, home.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let me = config.node.identify(&*clock)?;
    let store = match &config.store {
        Some(settings) => match store(settings, &clock, &process).await? {
            Some(store) => Some(store),
            None => return Ok(process.finish().await?),
        },
        None => None,
    };
    let inference = Inference::build(&config.inference, process.health().part("inference"))?;
    let bound = Server::new(config.server, auth, process.health())
        .services(hark_proto::FILE_DESCRIPTOR_SET, NAMES, inference.routes())?
        .services(
            hark_proto::FILE_DESCRIPTOR_SET,
            hark_cluster::NAMES,
            hark_cluster::routes(&me.id, process.drain()),
        )?
        .bind("--listen or server.listen")
        .await?;
    let address = bound.local_addr();
    let part = me.inference(address, inference.model(), inference.capacity());
    let model = &inference.description().model;
    tracing::info!(%address, node = %me.id, model, "serving");
    let drain = process.drain().clone();
    if let Some(store) = store {
        let registration = Registration::new(&home, &me, store, clock);
        let registered = registration.run(vec![part], drain.clone());
        process
            .tasks()
            .spawn("registration", OnFailure::Log, registered);
    }
    process
        .tasks()
        .spawn("server", OnFailure::Shutdown, bound.serve(drain.clone()));
    process
        .tasks()
        .spawn("inference", OnFailure::Shutdown, inference.run(drain));
    process.finish().await?;
    Ok(())
}

/// The store to register in, once it is there; `None`: it was told to end before.
async fn store(
    settings: &hark_store::Config,
    clock: &Arc<dyn Clock>,
    process: &Process,
) -> Result<Option<Arc<dyn Store>>, Error> {
    let health = process.health().part("store");
    let waiting = |why: &hark_core::store::Error| health.not_ready(why.to_string());
    let store = tokio::select! {
        store = hark_store::open(settings, Arc::clone(clock), waiting) => store?,
        () = process.drain().requested() => return Ok(None),
    };
    health.ready();
    Ok(Some(store))
}
