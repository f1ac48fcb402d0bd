//! What keeps the state: a file with room to grow, or an etcd.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hark_runtime::clock::SystemClock;
use hark_store::{Error, Kind, RedbStore};

use super::{Finding, members, system};
use crate::up::Config;

const CHECK: &str = "store";
/// Less is soon used up by whatever else writes to the disk.
const LITTLE: u64 = 256 << 20;
/// A store may need so much at once, to write itself anew.
const TOO_LITTLE: u64 = 16 << 20;

/// Looks at the store.
pub(super) async fn examine(config: &Config, runs: bool) -> Vec<Finding> {
    match config.store() {
        Err(error) => {
            let fix = "name a folder: --data-dir, or data_dir";
            vec![Finding::fail(CHECK, format!("{error:#}"), fix)]
        }
        Ok(store) => match store.kind {
            Kind::Memory => {
                let what = "in memory: timers, lists and states are gone when Hark ends";
                vec![Finding::warn(CHECK, what, "store.kind = \"redb\"")]
            }
            Kind::Redb => file(&store.path, runs),
            Kind::Etcd => members::examine(&store.etcd).await,
        },
    }
}

/// The machines of the store, where it is on others.
pub(super) fn endpoints(config: &Config) -> Vec<String> {
    match config.store() {
        Ok(store) if store.kind == Kind::Etcd => store.etcd.endpoints,
        _ => Vec::new(),
    }
}

fn file(path: &Path, runs: bool) -> Vec<Finding> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let there = existing(folder);
    if let Err(error) = tempfile::tempfile_in(&there) {
        let place = there.display();
        let what = format!("{place} can't be written: {error}");
        let fix = format!("chown it to who runs Hark ({place}), or choose another: --data-dir");
        return vec![Finding::fail(CHECK, what, fix)];
    }
    vec![
        content(path, open(path), runs),
        room(&there, system::free_bytes(&there)),
    ]
}

/// The folder, or the nearest one above it that exists.
fn existing(folder: &Path) -> PathBuf {
    let mut above = folder.ancestors().filter(|p| !p.as_os_str().is_empty());
    let found = above.find(|p| p.exists());
    found.unwrap_or(Path::new(".")).to_owned()
}

/// Opens the file if there is one, and lets go of it at once.
fn open(path: &Path) -> Option<Result<(), Error>> {
    let clock = Arc::new(SystemClock::new());
    path.exists()
        .then(|| RedbStore::open(path, clock).map(drop))
}

fn content(path: &Path, opened: Option<Result<(), Error>>, runs: bool) -> Finding {
    let at = path.display();
    match opened {
        None => Finding::ok(CHECK, format!("{at} will be created")),
        Some(Ok(())) => Finding::ok(CHECK, format!("{at} can be read and is whole")),
        Some(Err(Error::Locked { .. })) if runs => {
            Finding::ok(CHECK, format!("the Hark that runs has {at} open"))
        }
        Some(Err(error)) => {
            let fix = match &error {
                Error::Locked { .. } => format!("find who has it open: fuser -v {at}"),
                Error::Corrupt { .. } => format!("restore a copy, or begin anew: mv {at} {at}.bad"),
                Error::Format { .. } => "start the version of Hark that wrote it".to_owned(),
                Error::NoSpace { .. } => format!("free space on its disk: df -h {at}"),
                _ => "choose another place: --data-dir, or store.path".to_owned(),
            };
            Finding::fail(CHECK, error.to_string(), fix)
        }
    }
}

fn room(folder: &Path, free: Option<u64>) -> Finding {
    let place = folder.display();
    let fix = format!("free some (df -h {place}), or choose another disk: --data-dir");
    match free {
        Some(free) if free < TOO_LITTLE => {
            let what = format!("only {} are free at {place}", mib(free));
            Finding::fail(CHECK, what, fix)
        }
        Some(free) if free < LITTLE => {
            Finding::warn(CHECK, format!("{} are free at {place}", mib(free)), fix)
        }
        Some(free) => Finding::ok(CHECK, format!("{} are free at {place}", mib(free))),
        None => {
            let what = format!("how much is free at {place} can't be seen");
            Finding::warn(CHECK, what, format!("look yourself: df -h {place}"))
        }
    }
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn room_is_judged() {
        for (free, expect) in [
            (Some(1 << 20), Level::Fail),
            (Some(100 << 20), Level::Warn),
            (Some(10 << 30), Level::Ok),
            (None, Level::Warn),
        ] {
            let found = room(Path::new("/var"), free);
            assert_eq!(found.level, expect, "{found:?}");
            assert_eq!(found.fix.is_some(), expect != Level::Ok);
        }
    }

    #[test]
    fn each_reason_has_its_remedy() {
        let path = || PathBuf::from("/d/hark.redb");
        let check = |opened, runs, level, fix: &str| {
            let found = content(&path(), opened, runs);
            assert_eq!(found.level, level, "{found:?}");
            assert!(found.fix.unwrap_or_default().contains(fix));
        };
        let locked = || Some(Err(Error::Locked { path: path() }));
        check(None, false, Level::Ok, "");
        check(Some(Ok(())), false, Level::Ok, "");
        check(locked(), true, Level::Ok, "");
        check(locked(), false, Level::Fail, "fuser -v /d/hark.redb");
        let damaged = Error::Corrupt {
            path: path(),
            what: "meta".to_owned(),
        };
        check(Some(Err(damaged)), false, Level::Fail, "mv /d/hark.redb");
        let newer = Error::Format {
            path: path(),
            found: 9,
            known: 1,
        };
        check(Some(Err(newer)), false, Level::Fail, "version of Hark");
    }

    #[test]
    fn looking_creates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/hark.redb");
        let found = file(&path, false);
        assert!(found.iter().all(|f| f.level != Level::Fail), "{found:?}");
        assert!(!folder.path().join("a").exists());
    }
}
