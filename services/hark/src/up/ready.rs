//! Tells programs that everything is ready, and where.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

use super::Running;

/// A file with the addresses. Removed when this is dropped.
#[derive(Debug)]
pub struct ReadyFile(PathBuf);

impl ReadyFile {
    /// Writes the file; who sees it sees it whole.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(path: &Path, running: &Running) -> anyhow::Result<Self> {
        let text = json!({
            "address": running.address(),
            "admin": running.admin_address(),
            "pid": std::process::id(),
        });
        let part = path.with_extension("part");
        std::fs::write(&part, format!("{text}\n"))
            .and_then(|()| std::fs::rename(&part, path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Whoever removed it before had a reason.
        let _ = std::fs::remove_file(&self.0);
    }
}
