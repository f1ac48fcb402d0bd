//! New sentences without a gap: the folder is looked at every two seconds, and what has
//! changed is compiled beside what is in use, which stays if the new set has a mistake.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::house::House;

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// The most files and folders that are looked at.
const MAX_ENTRIES: usize = 5_000;

/// A folder of sentences, and what it looked like when it was last compiled.
pub(crate) struct SentencesFolder {
    path: PathBuf,
    seen: Vec<Entry>,
}

/// A file as far as a change of it shows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    path: PathBuf,
    length: u64,
    modified: Option<SystemTime>,
}

impl SentencesFolder {
    pub(crate) fn new(path: PathBuf) -> Self {
        let seen = entries(&path);
        Self { path, seen }
    }

    /// Compiles the sentences whenever they have changed. Never ends.
    pub(crate) async fn follow(mut self, house: &Arc<House>) {
        loop {
            tokio::time::sleep(EVERY).await;
            let path = self.path.clone();
            let Ok(now) = tokio::task::spawn_blocking(move || entries(&path)).await else {
                continue;
            };
            if now == self.seen {
                continue;
            }
            self.seen = now;
            self.reload(house).await;
        }
    }

    async fn reload(&self, house: &Arc<House>) {
        let (voices, home) = (house.voices.clone(), house.adapter.home());
        let path = self.path.clone();
        let compiling = tokio::task::spawn_blocking(move || voices.reload(&home, Some(&path)));
        match compiling.await {
            Ok(Ok(())) => tracing::info!(path = %self.path.display(), "new sentences in use"),
            Ok(Err(error)) => {
                tracing::error!(%error, "new sentences not in use, the ones before stay");
            }
            Err(error) => tracing::error!(%error, "new sentences not compiled"),
        }
    }
}

/// Every file below a folder, in order; what can't be read is left out and shows when the
/// sentences are compiled.
fn entries(folder: &Path) -> Vec<Entry> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let read = std::fs::read_dir(&folder).into_iter().flatten();
        for entry in read.flatten() {
            if found.len() + folders.len() > MAX_ENTRIES {
                break;
            }
            let Ok(metadata) = std::fs::metadata(entry.path()) else {
                continue;
            };
            if metadata.is_dir() {
                folders.push(entry.path());
                continue;
            }
            found.push(Entry {
                path: entry.path(),
                length: metadata.len(),
                modified: metadata.modified().ok(),
            });
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_comes_goes_or_changes_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("de");
        std::fs::create_dir(&inner).unwrap();
        let empty = entries(folder.path());
        assert!(empty.is_empty());
        std::fs::write(inner.join("a.yaml"), "language: de").unwrap();
        let one = entries(folder.path());
        assert_eq!(one.len(), 1);
        assert_eq!(entries(folder.path()), one);
        std::fs::write(inner.join("a.yaml"), "language: de # longer").unwrap();
        assert_ne!(entries(folder.path()), one);
        std::fs::remove_file(inner.join("a.yaml")).unwrap();
        assert_eq!(entries(folder.path()), empty);
        assert!(entries("/nowhere/at/all".as_ref()).is_empty());
    }
}
