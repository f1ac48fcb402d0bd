//! The frame of a process: what starts before its parts and ends after them.
//!
//! The end goes: unready → drain → grace → flush. Parts that register themselves
//! elsewhere take that back when the drain is requested.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::drain::{Drain, Signals};
use crate::health::Health;
use crate::tasks::{OnFailure, Tasks};
use crate::telemetry::Telemetry;
use crate::{Error, admin, drain, systemd, telemetry};

/// What every process has settings for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Logs.
    pub log: telemetry::Config,
    /// What else leaves the process.
    pub telemetry: telemetry::Export,
    /// The home that it serves, where that is known.
    #[serde(skip)]
    pub home: Option<String>,
    /// The port with metrics and health.
    pub admin: admin::Config,
    /// The end.
    pub drain: drain::Config,
}

/// A running process.
#[derive(Debug)]
pub struct Process {
    config: drain::Config,
    tasks: Tasks,
    health: Health,
    admin: SocketAddr,
    admin_tasks: Tasks,
    admin_stop: CancellationToken,
    telemetry: Telemetry,
}

impl Process {
    /// Starts telemetry, takes over signals and opens the admin port. `name` is the
    /// process's, like `hark-ingest`.
    ///
    /// # Errors
    /// [`Error::Telemetry`], [`Error::Signals`], [`Error::Open`] or [`Error::Bind`].
    pub async fn start(name: &'static str, config: &Config) -> Result<Self, Error> {
        let identity = telemetry::Identity {
            service: name,
            home: config.home.clone(),
        };
        let telemetry = Telemetry::start(&config.log, &config.telemetry, &identity)?;
        let drain = Drain::new();
        let signals = Signals::install()?;
        let health = Health::new();
        let admin = admin::bind(&config.admin, &health).await?;
        let address = admin.local_addr();
        tracing::info!(process = name, admin = %address, "starting");

        // The admin port and the signals outlive the tasks of the parts.
        let admin_tasks = Tasks::new(drain.clone());
        let admin_stop = CancellationToken::new();
        let stop = admin_stop.clone();
        admin_tasks.spawn("admin", OnFailure::Log, admin.serve(stop.clone()));
        let listen = signals.drive(drain.clone());
        admin_tasks.spawn("signals", OnFailure::Log, async move {
            stop.run_until_cancelled(listen).await;
        });
        Ok(Self {
            config: config.drain.clone(),
            tasks: Tasks::new(drain),
            health,
            admin: address,
            admin_tasks,
            admin_stop,
            telemetry,
        })
    }

    /// The tasks of the process's parts.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// What asks the process to end.
    pub fn drain(&self) -> &Drain {
        self.tasks.drain()
    }

    /// Whether the parts can do their work.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// The address of the admin port.
    pub fn admin_addr(&self) -> SocketAddr {
        self.admin
    }

    /// Waits for a signal, a request or a failure that can't be lived with; then ends all
    /// in order.
    ///
    /// # Errors
    /// [`Error::Task`]: the failure.
    pub async fn finish(self) -> Result<(), Error> {
        let ended = self.drain().requested();
        systemd::follow(&self.health, ended).await;
        self.health.drain();
        let result = self.tasks.finish(self.config.grace()).await;
        self.admin_stop.cancel();
        let admin = self.admin_tasks.finish(self.config.grace()).await;
        tracing::info!("ended");
        self.telemetry.shutdown().await;
        result.and(admin)
    }
}
