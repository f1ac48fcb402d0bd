//! `hark store …`, as a person types it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Settings, Store as Kind};

/// `hark store`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct Store {
    /// What to do with it.
    #[command(subcommand)]
    pub what: StoreCommand,
}

const EXAMPLES: &str = "\
Examples:
  hark store export house.hark                       take a copy; of redb while Hark is stopped
  hark store import house.hark                       into an empty store, while none runs
  hark store import house.hark --replace             instead of what is there
  hark store migrate --from redb --to etcd:http://a:2379,http://b:2379
  hark store check --json                            is every value what its key promises?

An export is checked whole before anything is written. While an import runs, and after
one that was cut off, nothing starts on that store: repeat it with --replace. What says
which processes run is left out; they write it anew.

Exit status: 0 done (check: nothing is wrong), 1 anything else.";

/// What to do with the store.
#[derive(Debug, Clone, Subcommand)]
pub enum StoreCommand {
    /// Write what it holds to a new file
    Export {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Which store
        #[command(flatten)]
        which: Where,
    },
    /// Put what a file holds into it
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Delete what is there first
        #[arg(long)]
        replace: bool,
        /// Which store
        #[command(flatten)]
        which: Where,
    },
    /// Copy what one store holds to another
    Migrate {
        /// From where: redb, redb:FILE, etcd, or etcd:URL,URL
        #[arg(long, value_name = "STORE")]
        from: String,
        /// To where
        #[arg(long, value_name = "STORE")]
        to: String,
        /// Delete what is there first
        #[arg(long)]
        replace: bool,
        /// What the names alone mean
        #[command(flatten)]
        which: Where,
    },
    /// Check that each value is what its key promises
    Check {
        /// Which store
        #[command(flatten)]
        which: Where,
    },
}

/// Which store, and how to tell.
#[derive(Debug, Clone, Args)]
pub struct Where {
    /// Settings, in TOML
    #[arg(long, value_name = "FILE", env = "HARK_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder for state [default: $XDG_DATA_HOME/hark]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The home, in TOML [default: the built-in one]
    #[arg(long, value_name = "FILE")]
    pub home: Option<PathBuf>,
    /// What keeps the state [default: redb]
    #[arg(long, value_enum)]
    pub store: Option<Kind>,
    /// The members of the etcd [default: http://127.0.0.1:2379]
    #[arg(long, value_name = "URL,URL", value_delimiter = ',')]
    pub etcd_endpoints: Vec<String>,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

impl Where {
    /// The settings that these flags are a part of.
    pub fn settings(&self) -> Settings {
        Settings {
            config: self.config.clone(),
            data_dir: self.data_dir.clone(),
            home: self.home.clone(),
            store: self.store,
            etcd_endpoints: self.etcd_endpoints.clone(),
            ..Settings::default()
        }
    }
}
