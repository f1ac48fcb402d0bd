//! Where settings come from.

use std::fmt;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};

use super::PREFIX;
use crate::Error;

/// What settings are read from, lowest first: a file, variables, flags.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    file: Option<PathBuf>,
    variables: Vec<(String, String)>,
    flags: Vec<(String, String, toml::Value)>,
}

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is a default, or absent.
    Default,
    /// In a file.
    File(PathBuf),
    /// In an environment variable.
    Variable(String),
    /// On the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the settings"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

impl Layers {
    /// Nothing but the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The variables of this process.
    #[must_use]
    pub fn process_variables(self) -> Self {
        let lossy = |s: std::ffi::OsString| s.to_string_lossy().into_owned();
        self.variables(std::env::vars_os().map(|(k, v)| (lossy(k), lossy(v))))
    }

    /// These variables; only those that begin with [`PREFIX`] count.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = variables.into_iter().filter(|(k, _)| k.starts_with(PREFIX));
        self.variables.extend(ours);
        self.variables.sort();
        self
    }

    /// A TOML file, which must be there.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// A flag of the command line (as the person writes it, like `--listen`) and the
    /// setting that it gives (like `server.listen`).
    #[must_use]
    pub fn flag(mut self, flag: &str, key: &str, value: impl Into<toml::Value>) -> Self {
        let flag = (flag.to_owned(), key.to_owned(), value.into());
        self.flags.push(flag);
        self
    }

    /// Each layer with its origin, lowest first.
    pub(super) fn read(&self) -> Result<Vec<Layer>, Error> {
        let mut layers = Vec::new();
        if let Some(path) = &self.file {
            layers.push(read_file(path)?);
        }
        for (name, raw) in &self.variables {
            let key = name[PREFIX.len()..].to_lowercase();
            let value = raw.parse().unwrap_or_else(|_| Value::from(raw.as_str()));
            let origin = Origin::Variable(name.clone());
            layers.push(Layer {
                raw: Some(raw.clone()),
                ..Layer::of_one(origin, key.rsplit("__"), value)
            });
        }
        for (name, key, value) in &self.flags {
            let origin = Origin::Flag(name.clone());
            layers.push(Layer::of_one(origin, key.rsplit('.'), plain(value)));
        }
        Ok(layers)
    }
}

/// Settings of one origin.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) values: Dict,
    /// The whole text, of a layer that is one variable.
    pub(super) raw: Option<String>,
}

impl Layer {
    /// One setting; the keys of its path come innermost first.
    fn of_one<'a>(
        origin: Origin,
        innermost_first: impl Iterator<Item = &'a str>,
        value: Value,
    ) -> Self {
        let nest = |inner: Value, key: &str| Value::from(Dict::from([(key.to_owned(), inner)]));
        let values = match innermost_first.fold(value, nest) {
            Value::Dict(_, dict) => dict,
            _ => Dict::new(),
        };
        Self {
            origin,
            values,
            raw: None,
        }
    }

    /// Whether this layer gives a setting, or something below it.
    pub(super) fn gives(&self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else {
            return true;
        };
        let mut at = self.values.get(first);
        for key in rest {
            at = match at {
                Some(Value::Dict(_, dict)) => dict.get(key),
                Some(Value::Array(_, items)) => key.parse().ok().and_then(|i: usize| items.get(i)),
                _ => None,
            };
        }
        at.is_some()
    }
}

fn read_file(path: &Path) -> Result<Layer, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    let table: toml::Table = toml::from_str(&text).map_err(|e| Error::Syntax {
        path: path.to_owned(),
        message: e.to_string().trim_end().to_owned(),
    })?;
    let values = table.iter().map(|(k, v)| (k.clone(), plain(v)));
    Ok(Layer {
        origin: Origin::File(path.to_owned()),
        values: values.collect(),
        raw: None,
    })
}

fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::String(s) => Value::from(s.as_str()),
        toml::Value::Integer(i) => Value::from(*i),
        toml::Value::Float(f) => Value::from(*f),
        toml::Value::Boolean(b) => Value::from(*b),
        toml::Value::Datetime(d) => Value::from(d.to_string()),
        toml::Value::Array(items) => Value::from(items.iter().map(plain).collect::<Vec<_>>()),
        toml::Value::Table(table) => {
            let entries = table.iter().map(|(k, v)| (k.clone(), plain(v)));
            Value::from(entries.collect::<Dict>())
        }
    }
}
