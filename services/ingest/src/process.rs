//! Ingest as a process of its own: settings, store, workers, a server, and an orderly end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hark_cluster::{Peers, Registration};
use hark_core::cluster::Role;
use hark_core::time::Clock;
use hark_core::{HomeId, Language};
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{self, Options};
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
    /// Who this process is to the others.
    pub node: hark_cluster::Config,
    /// Those who do the work.
    pub workers: Workers,
    /// How speakers are heard.
    pub ingest: crate::Config,
}

/// Where those are who do the work. Those that registered in the store are found besides.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Workers {
    /// Addresses of inference workers, host:port. None, where the store is not shared
    /// with others either: 127.0.0.1:7710.
    pub inference: Vec<String>,
    /// Addresses of routers, host:port. None, where the store is not shared with others
    /// either: 127.0.0.1:7720.
    pub intents: Vec<String>,
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
            node: hark_cluster::Config::default(),
            workers: Workers::default(),
            ingest: crate::Config::default(),
        }
    }
}

impl Workers {
    /// The addresses that are named; the usual ones, where nobody can be found otherwise.
    fn addresses(&self, store: hark_store::Kind) -> Result<[Vec<String>; 2], Error> {
        let alone = matches!(store, hark_store::Kind::Memory | hark_store::Kind::Redb);
        let or_usual = |named: &[String], usual: &str| match named.is_empty() && alone {
            true => vec![usual.to_owned()],
            false => named.to_vec(),
        };
        let addresses = [
            or_usual(&self.inference, "127.0.0.1:7710"),
            or_usual(&self.intents, "127.0.0.1:7720"),
        ];
        for address in addresses.iter().flatten() {
            channel::check(address)?;
        }
        Ok(addresses)
    }

    fn options(&self) -> Result<Options, Error> {
        let token = self.token_file.as_deref().map(Secret::read).transpose()?;
        Ok(Options {
            token,
            tls: self.tls.clone(),
            ..Options::between_nodes()
        })
    }
}

/// Runs ingest until it is told to end.
///
/// # Errors
/// Whatever keeps it from starting: a setting, the store, an address.
pub async fn run(layers: &Layers) -> Result<(), Error> {
    let config: Config = config::load(layers)?;
    let (home, languages) = identity(&config)?;
    let process = Process::start("hark-ingest", &frame(&config)).await?;
    let auth = Authenticator::new(&config.auth, home.clone())?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let health = process.health().part("store");
    let waiting = |why: &hark_core::store::Error| health.not_ready(why.to_string());
    let store = tokio::select! {
        store = hark_store::open(&config.store, Arc::clone(&clock), waiting) => store?,
        () = process.drain().requested() => return Ok(process.finish().await?),
    };
    let me = config.node.identify(&*clock)?;
    let options = config.workers.options()?;
    let (peers, follow) = Peers::open(
        &home,
        &me.id,
        Arc::clone(&store),
        Arc::clone(&clock),
        options,
    );
    let [inference, intents] = config.workers.addresses(config.store.kind)?;
    let (inference, follow_inference) = peers.pool(Role::Inference, None, &inference);
    let (intents, follow_routers) = peers.pool(Role::Router, None, &intents);
    let deps = Deps {
        home: home.clone(),
        languages,
        store: Arc::clone(&store),
        clock: Arc::clone(&clock),
        inference,
        intents,
        peers,
        health: process.health().clone(),
        drain: process.drain().clone(),
    };
    let ingest = Ingest::build(&config.ingest, deps)?;
    health.ready();
    let auth = auth.with_credentials(Arc::new(ingest.access().clone()));
    let bound = Server::new(config.server, auth, process.health())
        .services(hark_proto::FILE_DESCRIPTOR_SET, NAMES, ingest.routes())?
        .services(
            hark_proto::FILE_DESCRIPTOR_SET,
            hark_cluster::NAMES,
            hark_cluster::routes(&me.id, process.drain()),
        )?
        .bind("--listen or server.listen")
        .await?;
    let address = bound.local_addr();
    tracing::info!(%address, node = %me.id, "serving");
    let registration = Registration::new(&home, &me, store, clock);
    let (tasks, drain) = (process.tasks(), process.drain().clone());
    tasks.spawn_background("registry", follow);
    tasks.spawn_background("inference workers", follow_inference);
    tasks.spawn_background("routers", follow_routers);
    let parts = vec![me.part(Role::Ingest, address)];
    tasks.spawn(
        "registration",
        OnFailure::Log,
        registration.run(parts, drain.clone()),
    );
    tasks.spawn("server", OnFailure::Shutdown, bound.serve(drain));
    tasks.spawn("ingest", OnFailure::Shutdown, ingest.run());
    process.finish().await?;
    Ok(())
}

fn frame(config: &Config) -> hark_runtime::process::Config {
    hark_runtime::process::Config {
        log: config.log.clone(),
        telemetry: config.telemetry.clone(),
        home: Some(config.home.clone()),
        admin: config.admin.clone(),
        drain: config.drain.clone(),
    }
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

    #[test]
    fn addresses_of_workers_are_checked_and_the_usual_ones_are_for_who_is_alone() {
        use hark_store::Kind;
        let workers = Workers {
            intents: vec!["two words".to_owned()],
            ..Workers::default()
        };
        let error = workers.addresses(Kind::Redb).unwrap_err().to_string();
        assert!(error.contains("two words"), "{error}");
        let usual = Workers::default().addresses(Kind::Redb).unwrap();
        assert_eq!(usual, [["127.0.0.1:7710"], ["127.0.0.1:7720"]]);
        let named = Workers {
            inference: vec!["a:1".to_owned(), "b:1".to_owned()],
            ..Workers::default()
        };
        let [inference, _] = named.addresses(Kind::Memory).unwrap();
        assert_eq!(inference, ["a:1", "b:1"]);
    }
}
