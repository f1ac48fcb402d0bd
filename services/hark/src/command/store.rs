//! `hark store`: takes what the house keeps out of one store and into another, and looks
//! whether it is right.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use hark_core::keys::KeySpace;
use hark_core::store::{Key, Select, Store};
use hark_runtime::clock::SystemClock;
use hark_store::transfer::{self, Contents, Mode};
use hark_store::{Kind, check};
use serde_json::json;

use crate::cli::{StoreArgs, StoreCommand, Where};
use crate::exit::Verdict;
use crate::show::progress::Progress;
use crate::show::{self};
use crate::up::Config;

/// Does what was asked for.
///
/// # Errors
/// What kept it from being done; then nothing was done, or the store says so.
pub async fn run(args: StoreArgs) -> anyhow::Result<Verdict> {
    match args.what {
        StoreCommand::Export { file, which } => export(&file, &which).await,
        StoreCommand::Import {
            file,
            replace,
            which,
        } => import(&file, mode(replace), &which).await,
        StoreCommand::Migrate {
            from,
            to,
            replace,
            which,
        } => migrate(&from, &to, mode(replace), &which).await,
        StoreCommand::Check { which } => look(&which).await,
    }
}

fn mode(replace: bool) -> Mode {
    if replace {
        Mode::Replace
    } else {
        Mode::IntoEmpty
    }
}

/// The configured store, and where the home is in it.
struct Place {
    settings: hark_store::Config,
    prefix: Key,
}

impl Place {
    fn of(which: &Where) -> anyhow::Result<Self> {
        let config = Config::load(&which.settings())?;
        let home = config.home.description()?.home().id.clone();
        Ok(Self {
            settings: config.store()?,
            prefix: KeySpace::new(&home).root(),
        })
    }

    async fn open(&self) -> anyhow::Result<Arc<dyn Store>> {
        open(&self.settings).await
    }

    /// The store that `text` names; what it leaves open is as configured.
    fn named(&self, text: &str) -> anyhow::Result<hark_store::Config> {
        let mut settings = self.settings.clone();
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        match kind {
            "redb" => {
                settings.kind = Kind::Redb;
                if !rest.is_empty() {
                    settings.path = rest.into();
                }
            }
            "etcd" => {
                settings.kind = Kind::Etcd;
                if !rest.is_empty() {
                    settings.etcd.endpoints = rest.split(',').map(str::to_owned).collect();
                }
            }
            _ => anyhow::bail!("{text} is no store: redb, redb:FILE, etcd, or etcd:URL,URL"),
        }
        Ok(settings)
    }
}

async fn open(settings: &hark_store::Config) -> anyhow::Result<Arc<dyn Store>> {
    let clock = Arc::new(SystemClock::new());
    let store = hark_store::open_now(settings, clock).await;
    store.context("cannot open the store (--store, --data-dir, --etcd-endpoints)")
}

/// A store to read from must be there: a new file would be an empty one.
async fn open_existing(settings: &hark_store::Config) -> anyhow::Result<Arc<dyn Store>> {
    if settings.kind == Kind::Redb {
        std::fs::metadata(&settings.path)
            .with_context(|| format!("there is no store at {}", settings.path.display()))?;
    }
    open(settings).await
}

async fn export(file: &Path, which: &Where) -> anyhow::Result<Verdict> {
    let place = Place::of(which)?;
    let progress = Progress::start("reading the store");
    let store = open_existing(&place.settings).await?;
    let contents = transfer::collect(&*store, &place.prefix).await?;
    progress.say("writing the file");
    transfer::write(file, &contents)?;
    drop(progress);
    tell(which, "exported", &contents, &file.display().to_string())
}

async fn import(file: &Path, mode: Mode, which: &Where) -> anyhow::Result<Verdict> {
    let place = Place::of(which)?;
    let progress = Progress::start("checking the file");
    let contents = transfer::read(file)?;
    let store = place.open().await?;
    put(&*store, &place.prefix, &contents, mode, &progress).await?;
    drop(progress);
    tell(which, "imported", &contents, &file.display().to_string())
}

async fn migrate(from: &str, to: &str, mode: Mode, which: &Where) -> anyhow::Result<Verdict> {
    let place = Place::of(which)?;
    let (source, target) = (place.named(from)?, place.named(to)?);
    anyhow::ensure!(source != target, "{from} and {to} are the same store");
    let progress = Progress::start("reading the store");
    let source = open_existing(&source).await?;
    let contents = transfer::collect(&*source, &place.prefix).await?;
    let target = open(&target).await?;
    put(&*target, &place.prefix, &contents, mode, &progress).await?;
    drop(progress);
    tell(which, "migrated", &contents, to)
}

async fn put(
    store: &dyn Store,
    prefix: &Key,
    contents: &Contents,
    mode: Mode,
    progress: &Progress,
) -> anyhow::Result<()> {
    let all = contents.pairs.len();
    let tell = |written| progress.say(format!("writing: {written} of {all} keys"));
    Ok(transfer::import(store, prefix, contents, mode, tell).await?)
}

fn tell(which: &Where, done: &str, contents: &Contents, place: &str) -> anyhow::Result<Verdict> {
    let (keys, left_out) = (contents.pairs.len(), contents.left_out);
    if which.json {
        show::json_line(&json!({
            "done": done,
            "keys": keys,
            "left_out": left_out,
            "revision": contents.header.revision,
            "place": place,
        }))?;
    } else {
        let more = match left_out {
            0 => String::new(),
            n => format!(" ({n} of processes that run were left out)"),
        };
        show::lines(&format!("{done} {keys} keys: {place}{more}"))?;
    }
    Ok(Verdict::Done)
}

async fn look(which: &Where) -> anyhow::Result<Verdict> {
    let place = Place::of(which)?;
    let progress = Progress::start("reading the store");
    let store = open_existing(&place.settings).await?;
    let found = store.range(Select::Prefix(place.prefix.clone())).await?;
    drop(progress);
    let mut wrong = 0;
    for entry in &found.entries {
        let Some(what) = check::examine(&place.prefix, entry) else {
            continue;
        };
        wrong += 1;
        let key = entry.key.as_str();
        match which.json {
            true => show::json_line(&json!({ "key": key, "wrong": what }))?,
            false => show::lines(&format!("{key}: {what}"))?,
        }
    }
    let keys = found.entries.len();
    match which.json {
        true => show::json_line(&json!({ "keys": keys, "wrong": wrong }))?,
        false => show::lines(&format!("{keys} keys, {wrong} of them wrong"))?,
    }
    Ok(if wrong == 0 {
        Verdict::Done
    } else {
        Verdict::Failed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_have_names() {
        let place = Place {
            settings: hark_store::Config::default(),
            prefix: Key::new("/hark/v1/home/"),
        };
        assert_eq!(place.named("redb").unwrap(), place.settings);
        let file = place.named("redb:/x/y.redb").unwrap();
        assert_eq!(file.path, Path::new("/x/y.redb"));
        let etcd = place.named("etcd:http://a:1,http://b:2").unwrap();
        assert_eq!(etcd.kind, Kind::Etcd);
        assert_eq!(etcd.etcd.endpoints, ["http://a:1", "http://b:2"]);
        for wrong in ["", "memory", "postgres:x"] {
            let error = place.named(wrong).unwrap_err().to_string();
            assert!(error.contains("redb:FILE"), "{error}");
        }
    }
}
