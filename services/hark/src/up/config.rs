//! The settings of the whole: the process's frame, and those of each part.

use std::path::PathBuf;

use anyhow::Context as _;
use hark_core::HomeId;
use hark_home::Description;
use hark_runtime::config::{Layers, load};
use hark_runtime::{admin, auth, drain, process, server, telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::{Settings, Store};

/// The settings of `hark up`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder for state; what other settings name relatively is in it. Absent:
    /// `$XDG_DATA_HOME/hark`, or `~/.local/share/hark`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Logs.
    pub log: telemetry::Config,
    /// What else leaves the process.
    pub telemetry: telemetry::Export,
    /// Where speakers and people reach it.
    pub server: server::Config,
    /// How callers prove who they are.
    pub auth: auth::Config,
    /// The port with metrics and health.
    pub admin: admin::Config,
    /// The end.
    pub drain: drain::Config,
    /// The home.
    pub home: Home,
    /// Where state is kept.
    pub store: hark_store::Config,
    /// Who this process is to other nodes.
    pub node: hark_cluster::Config,
    /// How other nodes reach it.
    pub cluster: super::cluster::Config,
    /// How speakers are heard.
    pub ingest: hark_ingest::Config,
    /// How audio becomes words.
    pub inference: hark_inference::Config,
    /// How words become actions.
    pub router: hark_router::Config,
}

/// What the home is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Home {
    /// Its description, in TOML. Absent: the built-in virtual home.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

impl Home {
    /// Reads the description.
    ///
    /// # Errors
    /// Where the file is wrong, and how.
    pub fn description(&self) -> Result<Description, hark_home::Error> {
        match &self.file {
            Some(file) => Description::load(file),
            None => Ok(Description::builtin()),
        }
    }
}

impl Config {
    /// Reads the settings: defaults < file < environment < flags.
    ///
    /// # Errors
    /// What is wrong, and where it was given.
    pub fn load(settings: &Settings) -> anyhow::Result<Self> {
        let layers = match &settings.config {
            Some(file) => Layers::new().file(file),
            None => Layers::new(),
        };
        Ok(load(&flags(layers.process_variables(), settings))?)
    }

    /// Checks what can be checked without starting anything: the home, the model's place.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> anyhow::Result<()> {
        self.home.description()?;
        self.inference.check()?;
        if self.inference.engine != hark_inference::EngineKind::Fake {
            let model = hark_inference::pick(&self.inference())?.path;
            std::fs::metadata(&model)
                .with_context(|| format!("`inference.model`: {}", model.display()))?;
        }
        Ok(())
    }

    /// The folder for state.
    ///
    /// # Errors
    /// If none is given and there is no home folder either.
    pub fn data_dir(&self) -> anyhow::Result<PathBuf> {
        if let Some(dir) = &self.data_dir {
            return Ok(dir.clone());
        }
        hark_runtime::data_dir().context("no place for state: name one with --data-dir")
    }

    /// The store's settings, with its file in the data folder.
    ///
    /// # Errors
    /// As [`Config::data_dir`].
    pub fn store(&self) -> anyhow::Result<hark_store::Config> {
        let mut store = self.store.clone();
        if store.kind == hark_store::Kind::Redb && store.path.is_relative() {
            store.path = self.data_dir()?.join(store.path);
        }
        Ok(store)
    }

    /// How audio becomes words, with the house's own models in the data folder.
    pub fn inference(&self) -> hark_inference::Config {
        let models = || self.data_dir().ok().map(|folder| folder.join("models"));
        hark_inference::Config {
            models_dir: self.inference.models_dir.clone().or_else(models),
            ..self.inference.clone()
        }
    }

    /// Who this process is, with its id kept in the data folder.
    pub fn node(&self) -> hark_cluster::Config {
        let is_kept = self.store.kind != hark_store::Kind::Memory;
        let folder = self.data_dir().ok().filter(|_| is_kept);
        let file = || folder.map(|folder| folder.join("node-id"));
        hark_cluster::Config {
            id_file: self.node.id_file.clone().or_else(file),
            ..self.node.clone()
        }
    }

    /// Whether other nodes share the store.
    pub fn has_peers(&self) -> bool {
        !matches!(
            self.store.kind,
            hark_store::Kind::Memory | hark_store::Kind::Redb
        )
    }

    /// The settings of the process's frame; `home` is the home's id.
    pub fn frame(&self, home: &HomeId) -> process::Config {
        process::Config {
            log: self.log.clone(),
            telemetry: self.telemetry.clone(),
            home: Some(home.to_string()),
            admin: self.admin.clone(),
            drain: self.drain.clone(),
        }
    }
}

fn flags(layers: Layers, settings: &Settings) -> Layers {
    let path = |p: &Option<PathBuf>| p.as_ref().map(|p| p.display().to_string());
    let engine = settings.engine.map(|engine| engine.name().to_owned());
    let context = settings.context.map(|context| context.name().to_owned());
    let store = settings.store.map(|s| match s {
        Store::Redb => "redb".to_owned(),
        Store::Etcd => "etcd".to_owned(),
        Store::Memory => "memory".to_owned(),
    });
    let endpoints = settings.etcd_endpoints.clone();
    let layers = match endpoints.is_empty() {
        true => layers,
        false => layers.flag("--etcd-endpoints", "store.etcd.endpoints", endpoints),
    };
    let given = [
        ("--listen", "server.listen", settings.listen.clone()),
        (
            "--admin-listen",
            "admin.listen",
            settings.admin_listen.clone(),
        ),
        ("--data-dir", "data_dir", path(&settings.data_dir)),
        ("--store", "store.kind", store),
        ("--home", "home.file", path(&settings.home)),
        ("--model", "inference.model", settings.model.clone()),
        ("--context", "inference.context", context),
        ("--engine", "inference.engine", engine),
    ];
    given
        .into_iter()
        .fold(layers, |layers, (flag, key, value)| match value {
            Some(value) => layers.flag(flag, key, value),
            None => layers,
        })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_relative_store_is_in_the_data_folder() {
        let mut config = Config {
            data_dir: Some("/data".into()),
            ..Config::default()
        };
        assert_eq!(config.store().unwrap().path, Path::new("/data/hark.redb"));
        config.store.path = "/elsewhere/x.redb".into();
        assert_eq!(config.store().unwrap().path, Path::new("/elsewhere/x.redb"));
    }

    #[test]
    fn flags_say_where_they_go() {
        let settings = Settings {
            listen: Some("127.0.0.1:0".to_owned()),
            engine: Some(crate::cli::Engine::Fake),
            ..Settings::default()
        };
        let config: Config = load(&flags(Layers::new(), &settings)).unwrap();
        assert_eq!(config.server.listen.port(), 0);
        assert_eq!(config.inference.engine, hark_inference::EngineKind::Fake);

        let settings = Settings {
            store: Some(Store::Etcd),
            etcd_endpoints: vec!["http://a:2379".to_owned(), "http://b:2379".to_owned()],
            ..Settings::default()
        };
        let config: Config = load(&flags(Layers::new(), &settings)).unwrap();
        assert_eq!(config.store.kind, hark_store::Kind::Etcd);
        assert_eq!(config.store.etcd.endpoints, settings.etcd_endpoints);

        let settings = Settings {
            listen: Some("nowhere".to_owned()),
            ..Settings::default()
        };
        let error = load::<Config>(&flags(Layers::new(), &settings)).unwrap_err();
        assert!(error.to_string().contains("flag --listen"), "{error}");
    }

    #[test]
    fn what_is_printed_can_be_read_again() {
        let text = hark_runtime::config::print(&Config::default()).unwrap();
        let again: Config = toml::from_str(&text).unwrap();
        assert_eq!(hark_runtime::config::print(&again).unwrap(), text);
    }
}
