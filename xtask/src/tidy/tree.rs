//! Which files the checks look at, and which of them are tests.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context as _;
use walkdir::{DirEntry, WalkDir};

use super::outline;

/// Folders that hold our Rust code.
const RUST_ROOTS: &[&str] = &["crates", "services", "benches", "xtask"];

/// A file, read.
#[derive(Debug, Clone)]
pub struct File {
    /// Relative to the workspace's root, with `/`.
    pub path: String,
    /// What it holds.
    pub text: String,
    /// Whether it only exists for tests or benches.
    pub is_test: bool,
}

/// Our Rust files, sorted by path.
pub fn rust_files(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    for folder in RUST_ROOTS {
        files.extend(read_all(root, folder, "rs")?);
    }
    mark_tests(&mut files);
    Ok(files)
}

/// Our proto files, sorted by path.
pub fn proto_files(root: &Path) -> anyhow::Result<Vec<File>> {
    read_all(root, "proto", "proto")
}

/// The Markdown files of the project, sorted by path.
pub fn markdown_files(root: &Path) -> anyhow::Result<Vec<File>> {
    read_all(root, ".", "md")
}

fn read_all(root: &Path, folder: &str, extension: &str) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    let walk = WalkDir::new(root.join(folder)).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(is_ours) {
        let entry = entry.with_context(|| format!("listing {folder}/"))?;
        let path = entry.path();
        if path.extension().is_none_or(|e| e != extension) {
            continue;
        }
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let relative = path.strip_prefix(root).unwrap_or(path);
        let relative = relative.strip_prefix(".").unwrap_or(relative);
        files.push(File {
            path: relative.to_string_lossy().replace('\\', "/"),
            text,
            is_test: false,
        });
    }
    Ok(files)
}

/// Not what git or cargo put there.
fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() == 0 || !(name == "target" || name == "node_modules" || name.starts_with('.'))
}

/// Marks files in `tests/` and `benches/`, and those that a `#[cfg(test)] mod x;` names.
fn mark_tests(files: &mut [File]) {
    let mut modules = BTreeSet::new();
    for file in files.iter() {
        for name in outline::test_modules(&file.text) {
            modules.insert(format!("{}/{name}", module_folder(&file.path)));
        }
    }
    for file in files {
        let stem = file.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let in_module = modules.iter().any(|m| {
            stem == m
                || stem
                    .strip_prefix(m.as_str())
                    .is_some_and(|r| r.starts_with('/'))
        });
        file.is_test =
            in_module || file.path.starts_with("benches/") || has_test_folder(&file.path);
    }
}

/// Where the modules live that the file at `path` declares.
fn module_folder(path: &str) -> &str {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "lib.rs" | "main.rs" | "mod.rs" => folder,
        _ => path.trim_end_matches(".rs"),
    }
}

fn has_test_folder(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part == "benches")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
            is_test: false,
        }
    }

    fn marked(files: &[(&str, &str)]) -> Vec<bool> {
        let mut files: Vec<File> = files.iter().map(|(p, t)| file(p, t)).collect();
        mark_tests(&mut files);
        files.iter().map(|f| f.is_test).collect()
    }

    #[test]
    fn folders_for_tests_hold_tests() {
        let files = [
            ("crates/a/src/lib.rs", ""),
            ("crates/a/tests/whole.rs", ""),
            ("benches/src/lib.rs", ""),
            ("crates/a/src/contests.rs", ""),
        ];
        assert_eq!(marked(&files), [false, true, true, false]);
    }

    #[test]
    fn a_module_declared_for_tests_is_a_test_with_all_below_it() {
        let files = [
            ("crates/a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod checks;"),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod inner;"),
            ("crates/a/src/b/inner.rs", ""),
            ("crates/a/src/checks.rs", ""),
            ("crates/a/src/checks/deep.rs", ""),
            ("crates/a/src/checksum.rs", ""),
        ];
        assert_eq!(marked(&files), [false, false, true, true, true, false]);
    }

    #[test]
    fn this_workspace_is_found_without_its_build_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let files = rust_files(&root).unwrap();
        assert!(files.iter().any(|f| f.path == "xtask/src/tidy/tree.rs"));
        assert!(files.iter().all(|f| !f.path.contains("/target/")));
        assert!(!proto_files(&root).unwrap().is_empty());
        assert!(!markdown_files(&root).unwrap().is_empty());
    }
}
