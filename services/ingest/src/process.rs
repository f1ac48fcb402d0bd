//! Ingest as a process of its own: settings, store, workers, a server, and an orderly end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hark_core::time::Clock;
use hark_core::{HomeId, Language};
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{self, Channel, Options};
use hark_runtime::clock::SystemClock;
use hark_runtime::config::{self, Layers, Secret};
use hark_runtime::process::Process;
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::OnFailure;
use hark_runtime::{admin, drain, telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Deps, Error, Ingest, NAMES};

/// The settings of the process.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The home that is served.
    pub home: String,
    /// Its languages, BCP-47, the one to answer in first.
    pub languages: Vec<String>,
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
    /// Where state is kept.
    pub store: hark_store::Config,
    /// Those who do the work.
    pub workers: Workers,
    /// How speakers are heard.
    pub ingest: crate::Config,
}

/// Where those are who do the work.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Workers {
    /// The inference worker's address, host:port.
    pub inference: String,
    /// The router's address, host:port.
    pub intents: String,
    /// A file with the token of the processes of the cluster.
    pub token_file: Option<PathBuf>,
    /// How they are checked, and what this process shows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<hark_tls::ClientConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            home: "home".to_owned(),
            languages: vec!["de".to_owned(), "en".to_owned()],
            log: telemetry::Config::default(),
            telemetry: telemetry::Export::default(),
            admin: admin::Config {
                listen: SocketAddr::from(([127, 0, 0, 1], 7701)),
                ..admin::Config::default()
            },
            drain: drain::Config::default(),
            server: server::Config::for_devices(),
            auth: auth::Config::default(),
            store: hark_store::Config::default(),
            workers: Workers::default(),
            ingest: crate::Config::default(),
        }
    }
}

impl Default for Workers {
    fn default() -> Self {
        Self {
            inference: "127.0.0.1:7710".to_owned(),
            intents: "127.0.0.1:7720".to_owned(),
            token_file: None,
            tls: None,
        }
    }
}

impl Workers {
    fn connect(&self) -> Result<(Channel, Channel), Error> {
        let token = self.token_file.as_deref().map(Secret::read).transpose()?;
        let options = Options {
            token,
            tls: self.tls.clone(),
            ..Options::between_nodes()
        };
        let inference = channel::connect(&self.inference, &options)?;
        Ok((inference, channel::connect(&self.intents, &options)?))
    }
}

/// Runs ingest until it is told to end.
///
/// # Errors
/// Whatever keeps it from starting: a setting, the store, an address.
pub async fn run(layers: &Layers) -> Result<(), Error> {
    let config: Config = config::load(layers)?;
    let (home, languages) = identity(&config)?;
    let frame = hark_runtime::process::Config {
        log: config.log.clone(),
        telemetry: config.telemetry.clone(),
        home: Some(config.home.clone()),
        admin: config.admin.clone(),
        drain: config.drain.clone(),
    };
    let process = Process::start("hark-ingest", &frame).await?;
    let auth = Authenticator::new(&config.auth, home.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let (inference, intents) = config.workers.connect()?;
    let health = process.health().part("store");
    let waiting = |why: &hark_core::store::Error| health.not_ready(why.to_string());
    let store = tokio::select! {
        store = hark_store::open(&config.store, Arc::clone(&clock), waiting) => store?,
        () = process.drain().requested() => return Ok(process.finish().await?),
    };
    let deps = Deps {
        home,
        languages,
        store,
        clock,
        inference,
        intents,
        health: process.health().clone(),
        drain: process.drain().clone(),
    };
    let ingest = Ingest::build(&config.ingest, deps)?;
    health.ready();
    let auth = auth.with_credentials(Arc::new(ingest.access().clone()));
    let bound = Server::new(config.server, auth, process.health())
        .services(hark_proto::FILE_DESCRIPTOR_SET, NAMES, ingest.routes())?
        .bind("--listen or server.listen")
        .await?;
    tracing::info!(address = %bound.local_addr(), "serving");
    let (tasks, drain) = (process.tasks(), process.drain().clone());
    tasks.spawn("server", OnFailure::Shutdown, bound.serve(drain));
    tasks.spawn("ingest", OnFailure::Shutdown, ingest.run());
    process.finish().await?;
    Ok(())
}

fn identity(config: &Config) -> Result<(HomeId, Vec<Language>), Error> {
    let wrong = |key, message: String| Error::Setting { key, message };
    let home = HomeId::parse(&config.home).map_err(|e| wrong("home", e.to_string()))?;
    let languages = config.languages.iter().map(|tag| Language::parse(tag));
    let languages = languages.collect::<Result<_, _>>();
    let languages = languages.map_err(|e| wrong("languages", e.to_string()))?;
    Ok((home, languages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_home_is_called_and_speaks_is_checked() {
        assert!(identity(&Config::default()).is_ok());
        let config = Config {
            languages: vec!["german".to_owned()],
            ..Config::default()
        };
        let error = identity(&config).unwrap_err().to_string();
        assert!(
            error.contains("languages") && error.contains("german"),
            "{error}"
        );
        let config = Config {
            home: "my home".to_owned(),
            ..Config::default()
        };
        assert!(
            identity(&config)
                .unwrap_err()
                .to_string()
                .contains("`home`")
        );
    }

    #[tokio::test]
    async fn addresses_of_workers_are_checked() {
        let workers = Workers {
            intents: "two words".to_owned(),
            ..Workers::default()
        };
        let error = workers.connect().unwrap_err().to_string();
        assert!(error.contains("two words"), "{error}");
        assert!(Workers::default().connect().is_ok());
    }
}
