//! A worker as a process of its own: settings, a server for nodes, and an orderly end.

use std::net::SocketAddr;

use hark_core::HomeId;
use hark_runtime::auth::{self, Authenticator};
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
    let auth = Authenticator::new(&config.auth, home)?;
    let inference = Inference::build(&config.inference, process.health().part("inference"))?;
    let bound = Server::new(config.server, auth, process.health())
        .services(hark_proto::FILE_DESCRIPTOR_SET, NAMES, inference.routes())?
        .bind("--listen or server.listen")
        .await?;
    let model = &inference.description().model;
    tracing::info!(address = %bound.local_addr(), model, "serving");
    let drain = process.drain().clone();
    process
        .tasks()
        .spawn("server", OnFailure::Shutdown, bound.serve(drain.clone()));
    process
        .tasks()
        .spawn("inference", OnFailure::Shutdown, inference.run(drain));
    process.finish().await?;
    Ok(())
}
