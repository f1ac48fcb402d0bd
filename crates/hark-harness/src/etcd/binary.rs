//! Which etcd programs this machine has: the packaged one on the path, and a current one
//! that `scripts/setup.sh test` built from Go modules.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// An etcd program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binary {
    /// Where it is.
    pub path: PathBuf,
    /// `[3, 4, 23]`.
    pub version: [u32; 3],
    /// Whether it knows `--unsafe-no-fsync`.
    pub(super) can_skip_syncs: bool,
}

impl Binary {
    /// The one on the path. `None`, after a line `not run: …`, where there is none.
    pub fn packaged() -> Option<Self> {
        static FOUND: OnceLock<Option<Binary>> = OnceLock::new();
        let found = FOUND.get_or_init(on_the_path).clone();
        if found.is_none() {
            println!("not run: no etcd on the path; scripts/setup.sh test installs one");
        }
        found
    }

    /// The current one. `None` where there is none; after a line `not run: …` if this
    /// machine has a Go that could have built it.
    pub fn current() -> Option<Self> {
        let found = built();
        if found.is_none() && has_go() {
            println!("not run: no current etcd was built; scripts/setup.sh test does that");
        } else if found.is_none() {
            println!("left out: there is no Go here to build a current etcd with");
        }
        found
    }

    /// All there are, oldest first.
    pub fn all() -> Vec<Self> {
        let mut all: Vec<_> = Self::packaged()
            .into_iter()
            .chain(Self::current())
            .collect();
        all.sort_by_key(|binary| binary.version);
        all
    }

    /// The newest there is. `None`, after a line `not run: …`, where there is none.
    pub fn newest() -> Option<Self> {
        built().or_else(Self::packaged)
    }

    /// `etcd 3.4.23`.
    pub fn name(&self) -> String {
        let [major, minor, patch] = self.version;
        format!("etcd {major}.{minor}.{patch}")
    }

    fn at(path: &Path) -> Option<Self> {
        let says = |flag| {
            let output = Command::new(path).arg(flag).output().ok()?;
            let text = [output.stdout, output.stderr].concat();
            Some(String::from_utf8_lossy(&text).into_owned())
        };
        Some(Self {
            path: path.to_owned(),
            version: version(&says("--version")?)?,
            can_skip_syncs: says("--help")?.contains("--unsafe-no-fsync"),
        })
    }
}

fn on_the_path() -> Option<Binary> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("etcd"))
        .find(|file| file.is_file())
        .and_then(|file| Binary::at(&file))
}

fn built() -> Option<Binary> {
    static FOUND: OnceLock<Option<Binary>> = OnceLock::new();
    FOUND.get_or_init(in_the_cache).clone()
}

/// The newest `${XDG_CACHE_HOME:-~/.cache}/hark/etcd-*/etcd`.
fn in_the_cache() -> Option<Binary> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || variable("HOME").map(|home| Path::new(&home).join(".cache"));
    let folders = std::fs::read_dir(cache.or_else(home)?.join("hark")).ok()?;
    folders
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("etcd-") && path.join("etcd").is_file()
        })
        .filter_map(|path| Binary::at(&path.join("etcd")))
        .max_by_key(|binary| binary.version)
}

/// Whether there is a Go that builds a current etcd: 1.24 or newer.
fn has_go() -> bool {
    let output = Command::new("go").arg("version").output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    text.is_ok_and(|text| go_is_new_enough(&text))
}

fn go_is_new_enough(text: &str) -> bool {
    let number = |part: Option<&str>| part.and_then(|p| p.parse::<u32>().ok());
    let version = text
        .split_whitespace()
        .find_map(|word| word.strip_prefix("go1."));
    number(version.and_then(|v| v.split('.').next())).is_some_and(|minor| minor >= 24)
}

/// The version in `etcd Version: 3.4.23`.
fn version(text: &str) -> Option<[u32; 3]> {
    let text = text
        .lines()
        .find_map(|l| l.strip_prefix("etcd Version: "))?;
    let mut numbers = text.trim().split(['.', '-', '+']).map(str::parse);
    Some([
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let check = |text, expected| assert_eq!(version(text), expected, "{text}");
        check("etcd Version: 3.4.23\nGit SHA: x", Some([3, 4, 23]));
        check("etcd Version: 3.6.0-rc.1", Some([3, 6, 0]));
        check("bash: no such file", None);
    }

    #[test]
    fn an_old_go_is_told_from_a_new_one() {
        let check = |text, expected| assert_eq!(go_is_new_enough(text), expected, "{text}");
        check("go version go1.26.8 linux/amd64", true);
        check("go version go1.24 linux/amd64", true);
        check("go version go1.19.8 linux/amd64", false);
        check("go: command not found", false);
    }
}
