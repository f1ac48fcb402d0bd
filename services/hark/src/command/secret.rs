//! Files that nobody but their owner may read.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A new file, still empty.
pub struct SecretFile {
    file: File,
    path: PathBuf,
}

/// Creates a file that only its owner may read.
///
/// # Errors
/// If it is there already, or can't be created.
pub fn create(path: &Path) -> anyhow::Result<SecretFile> {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let file = file.with_context(|| format!("cannot create {}", path.display()))?;
    let path = path.to_owned();
    Ok(SecretFile { file, path })
}

/// Writes a file that only its owner may read, in the place of one that may be there. Who
/// reads it reads the old one or the new one.
///
/// # Errors
/// If it can't be written.
pub fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let part = path.with_extension("part");
    // A rest of an attempt that was cut off.
    let _ = std::fs::remove_file(&part);
    create(&part)?.write(text)?;
    std::fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
}

impl SecretFile {
    /// Removes it again: there is nothing to keep in it.
    pub fn discard(self) {
        // Whoever removed it before had a reason.
        let _ = std::fs::remove_file(&self.path);
    }

    /// Writes a line, and makes sure that it is on the disk.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(mut self, text: &str) -> anyhow::Result<()> {
        let text = text.trim_end();
        writeln!(self.file, "{text}")
            .and_then(|()| self.file.sync_all())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn secrets_are_their_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        create(&path).unwrap().write("one").unwrap();
        let error = format!("{:#}", create(&path).err().unwrap());
        assert!(
            error.contains("token") && error.contains("exists"),
            "{error}"
        );
        replace(&path, "two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two\n");
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
