//! Where the data of an etcd lies while it runs. A process that was killed leaves its
//! folders; the next one removes them.

use std::path::Path;
use std::sync::Once;

use tempfile::TempDir;

use crate::Error;

/// What the folders' names begin with; then comes the process that made them.
const PREFIX: &str = "hark-etcd.";

/// A new folder.
pub(super) fn create() -> Result<TempDir, Error> {
    static SWEPT: Once = Once::new();
    SWEPT.call_once(|| sweep(&std::env::temp_dir()));
    let prefix = format!("{PREFIX}{}.", std::process::id());
    Ok(tempfile::Builder::new().prefix(&prefix).tempdir()?)
}

/// Removes the folders of processes that are gone.
fn sweep(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(PREFIX).and_then(|n| n.split('.').next());
        let owner = owner.and_then(|pid| pid.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            // Another process may be at the same.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_dead_left_is_removed() {
        let parent = tempfile::tempdir().expect("there is a place for files");
        let mine = format!("{PREFIX}{}.x", std::process::id());
        // No process has this id: the kernel's are smaller.
        let dead = format!("{PREFIX}4294967295.x");
        for name in [mine.as_str(), &dead, "something-else"] {
            std::fs::create_dir(parent.path().join(name)).expect("it is new");
        }
        sweep(parent.path());
        let left = |name: &str| parent.path().join(name).exists();
        assert_eq!(
            (left(&mine), left(&dead), left("something-else")),
            (true, false, true)
        );
    }
}
