//! The workspace as cargo sees it: every package that a supported platform needs.

use std::path::Path;

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand};

/// The platforms that Hark runs on. Others' dependencies are nobody's concern here.
pub const PLATFORMS: &[&str] = &["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];

/// Reads it; Cargo.lock decides, and stays as it is.
pub fn read() -> anyhow::Result<Metadata> {
    let mut options = vec!["--locked".to_owned()];
    for platform in PLATFORMS {
        options.extend(["--filter-platform".to_owned(), (*platform).to_owned()]);
    }
    MetadataCommand::new()
        .other_options(options)
        .exec()
        .context("cargo metadata: does Cargo.toml parse, and is Cargo.lock up to date?")
}

/// The workspace's folder.
pub fn root(metadata: &Metadata) -> &Path {
    metadata.workspace_root.as_std_path()
}

/// Reads a file of the workspace.
pub fn text(root: &Path, path: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(root.join(path)).with_context(|| format!("reading {path}"))
}
