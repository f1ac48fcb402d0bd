//! How pip is configured here: which index it asks, so that Hark asks the same.
//!
//! Read as pip does: the machine's files, then the person's, then the virtual
//! environment's, then `PIP_CONFIG_FILE`, then variables; what comes later counts. Of a
//! file's sections `[global]` counts, and `[download]` more. Not read: netrc and keyrings,
//! `proxy`, and the files of a Python that is no active virtual environment.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::address::Address;

/// Where pip looks if nobody says otherwise.
const PYPI: &str = "https://pypi.org/simple";

/// What of pip's configuration matters for a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pip {
    /// The indexes, the first first; none where pip is told to use none.
    pub indexes: Vec<Address>,
    /// Folders, files, and pages with links (`find-links`).
    pub find_links: Vec<String>,
    /// Hosts that may be spoken to without TLS, with a port or without.
    pub trusted_hosts: Vec<String>,
    /// Authorities that count instead of the machine's (PEM).
    pub cert: Option<PathBuf>,
}

impl Pip {
    /// As this process's environment has it.
    ///
    /// # Errors
    /// [`Error::Address`] where an index is no address.
    pub fn standard() -> Result<Self, Error> {
        Self::of(&|name| std::env::var(name).ok().filter(|v| !v.is_empty()))
    }

    /// As an environment has it.
    ///
    /// # Errors
    /// As [`Pip::standard`].
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let mut options: HashMap<String, String> = HashMap::new();
        for file in files(variable) {
            // One that isn't there or can't be read says nothing, as with pip.
            let Ok(text) = std::fs::read_to_string(&file) else {
                continue;
            };
            for section in ["global", "download"] {
                options.extend(section_of(&text, section));
            }
        }
        let mut option = |name: &str| {
            let upper = format!("PIP_{}", name.to_ascii_uppercase().replace('-', "_"));
            variable(&upper).or_else(|| options.remove(name))
        };
        let index = option("index-url").unwrap_or_else(|| PYPI.to_owned());
        let more = option("extra-index-url").unwrap_or_default();
        let without = option("no-index").is_some_and(|v| is_yes(&v));
        let words = |text: Option<String>| -> Vec<String> {
            let text = text.unwrap_or_default();
            text.split_whitespace().map(str::to_owned).collect()
        };
        let mut indexes = Vec::new();
        if !without {
            for text in std::iter::once(index.trim()).chain(more.split_whitespace()) {
                indexes.push(Address::parse(text)?.folder());
            }
        }
        let other = || {
            ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
                .iter()
                .find_map(|n| variable(n))
        };
        Ok(Self {
            indexes,
            find_links: words(option("find-links")),
            trusted_hosts: words(option("trusted-host")),
            cert: option("cert").or_else(other).map(PathBuf::from),
        })
    }
}

/// The files that there may be, the one that counts least first.
fn files(variable: &dyn Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let named = variable("PIP_CONFIG_FILE");
    if named.as_deref() == Some("/dev/null") {
        return Vec::new();
    }
    let machine = variable("XDG_CONFIG_DIRS").unwrap_or_else(|| "/etc/xdg".to_owned());
    let mut files: Vec<PathBuf> = machine
        .split(':')
        .filter(|dir| !dir.is_empty())
        .map(|dir| Path::new(dir).join("pip/pip.conf"))
        .collect();
    files.push("/etc/pip.conf".into());
    // A file that is named stands for the person's.
    let stands = named.as_ref().is_some_and(|file| Path::new(file).exists());
    if let Some(home) = variable("HOME").filter(|_| !stands) {
        let home = Path::new(&home);
        files.push(home.join(".pip/pip.conf"));
        let config = variable("XDG_CONFIG_HOME").map(PathBuf::from);
        let config = config.unwrap_or_else(|| home.join(".config"));
        files.push(config.join("pip/pip.conf"));
    }
    if let Some(environment) = variable("VIRTUAL_ENV") {
        files.push(Path::new(&environment).join("pip.conf"));
    }
    files.extend(named.map(PathBuf::from));
    files
}

/// The options of one section, as Python's `RawConfigParser` reads them.
fn section_of(text: &str, wanted: &str) -> HashMap<String, String> {
    let mut options: HashMap<String, String> = HashMap::new();
    let (mut inside, mut last) = (false, None::<String>);
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            // It goes on with the option before it.
            if let Some(value) = last.as_ref().and_then(|name| options.get_mut(name)) {
                value.push('\n');
                value.push_str(trimmed);
            }
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            (inside, last) = (section == wanted, None);
            continue;
        }
        let Some((name, value)) = trimmed.split_once(['=', ':']) else {
            continue;
        };
        let name = name.trim().to_ascii_lowercase().replace('_', "-");
        last = inside.then(|| name.clone());
        if inside {
            options.insert(name, value.trim().to_owned());
        }
    }
    options
}

fn is_yes(value: &str) -> bool {
    matches!(
        value.trim().to_ascii_lowercase().as_str(),
        "1" | "y" | "yes" | "t" | "true" | "on"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What pip's configuration is in a folder that stands for the person's home.
    fn read(files: &[(&str, &str)], variables: &[(&str, &str)]) -> Pip {
        let home = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = home.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let at = |path: &str| home.path().join(path).to_str().unwrap().to_owned();
        let variable = |name: &str| match name {
            "HOME" => Some(at("")),
            "XDG_CONFIG_DIRS" => Some(at("machine")),
            _ => {
                let found = variables.iter().find(|(n, _)| *n == name)?;
                Some(found.1.replace("~", &at("")))
            }
        };
        Pip::of(&variable).unwrap()
    }

    fn indexes(pip: &Pip) -> Vec<String> {
        pip.indexes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_anything_it_is_pypi() {
        // This machine's own /etc/pip.conf may name others.
        let pip = read(&[], &[("PIP_CONFIG_FILE", "/dev/null")]);
        assert_eq!(indexes(&pip), ["https://pypi.org/simple/"]);
        assert_eq!(pip.cert, None);
    }

    #[test]
    fn what_comes_later_counts() {
        let machine = (
            "machine/pip/pip.conf",
            "[global]\nindex-url = http://machine/",
        );
        let person = (
            ".config/pip/pip.conf",
            "[global]\nindex_url: http://person/x",
        );
        let command = (
            ".config/pip/pip.conf",
            "[download]\nindex-url=http://d/\n[global]\nindex-url=http://g/",
        );
        let venv = ("venv/pip.conf", "[global]\nindex-url = http://venv/");
        let named = ("named.conf", "[global]\nindex-url = http://named/");
        let in_venv = ("VIRTUAL_ENV", "~/venv");
        let by_name = ("PIP_CONFIG_FILE", "~/named.conf");
        for (files, variables, expect) in [
            (vec![machine], vec![], "http://machine/"),
            (vec![machine, person], vec![], "http://person/x/"),
            (vec![command], vec![], "http://d/"),
            (vec![person, venv], vec![in_venv], "http://venv/"),
            (vec![venv, named], vec![in_venv, by_name], "http://named/"),
            (
                vec![person],
                vec![("PIP_INDEX_URL", "http://v/")],
                "http://v/",
            ),
        ] {
            let pip = read(&files, &variables);
            assert_eq!(indexes(&pip), [expect], "{files:?} {variables:?}");
        }
    }

    #[test]
    fn every_option_is_read() {
        let text = "# ours\n[global]\nextra-index-url =\n    http://a/\n    ; not this\n    http://b/\n\
                    find-links = /wheels\n  http://c/\ntrusted-host = a\n\
                    cert = /etc/ca.pem\n[freeze]\nindex-url = http://no/\n";
        let pip = read(
            &[(".pip/pip.conf", text)],
            &[("PIP_INDEX_URL", "https://u:p@i/simple")],
        );
        assert_eq!(
            indexes(&pip),
            ["https://i/simple/", "http://a/", "http://b/"]
        );
        assert_eq!(pip.indexes[0].credentials().as_deref(), Some("u:p"));
        assert_eq!(pip.find_links, ["/wheels", "http://c/"]);
        assert_eq!(pip.trusted_hosts, ["a"]);
        assert_eq!(pip.cert.unwrap(), Path::new("/etc/ca.pem"));
        let none = read(&[(".pip/pip.conf", text)], &[("PIP_NO_INDEX", "yes")]);
        assert!(none.indexes.is_empty());
        let bundle = read(
            &[],
            &[
                ("REQUESTS_CA_BUNDLE", "/ca"),
                ("PIP_CONFIG_FILE", "/dev/null"),
            ],
        );
        assert_eq!(bundle.cert.unwrap(), Path::new("/ca"));
    }

    #[test]
    fn an_index_that_is_no_address_is_an_error() {
        let variable = |name: &str| match name {
            "PIP_INDEX_URL" => Some("file:///srv/simple".to_owned()),
            "PIP_CONFIG_FILE" => Some("/dev/null".to_owned()),
            _ => None,
        };
        let error = Pip::of(&variable).unwrap_err().to_string();
        assert!(error.contains("file:///srv/simple"), "{error}");
    }
}
