//! Which crates are in the programs, and which only build them.
//!
//! From every binary but xtask's along normal and build dependencies; what only tests and
//! benches use is left out. Cargo unifies features over the workspace, so a crate that a
//! test's features bring in may be listed although no program has it, never the reverse.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, Metadata, Node, Package, PackageId, TargetKind};

/// Whether a crate ends up in a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Its code may be in a program.
    Linked,
    /// It ran while a program was built: a build script, a macro, or what those use.
    Build,
}

/// A crate.
#[derive(Debug, Clone)]
pub struct Component {
    /// As on crates.io.
    pub name: String,
    /// Its version.
    pub version: String,
    /// An SPDX expression.
    pub licence: String,
    /// What it is, in its authors' words.
    pub about: Option<String>,
    /// Where its source is kept.
    pub repository: Option<String>,
    /// SHA-256 of its archive, in hex; our own crates have none.
    pub sha256: Option<String>,
    /// Where its source is on this machine.
    pub folder: PathBuf,
    /// Whether it is a program of ours.
    pub is_program: bool,
    /// Whether it is in a program.
    pub scope: Scope,
    /// The package URLs of what it uses, sorted.
    pub uses: BTreeSet<String>,
}

impl Component {
    /// The package URL, which names it in a bill of materials.
    pub fn purl(&self) -> String {
        purl(&self.name, &self.version)
    }

    /// Whether it is of this workspace.
    pub fn is_ours(&self) -> bool {
        self.sha256.is_none()
    }
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

/// The crates of the programs, by name and version.
pub fn components(metadata: &Metadata, lock: &str) -> anyhow::Result<Vec<Component>> {
    let resolve = metadata.resolve.as_ref();
    let resolve = resolve.context("cargo metadata gave no graph")?;
    let nodes: HashMap<&PackageId, &Node> = resolve.nodes.iter().map(|n| (&n.id, n)).collect();
    let checksums = checksums(lock)?;
    let mut components = Vec::new();
    for (id, scope) in reached(metadata, &nodes) {
        let mut component = component(&metadata[id], scope)?;
        let key = (component.name.clone(), component.version.clone());
        component.sha256 = checksums.get(&key).cloned();
        let used = uses(nodes[id]).map(|(id, _)| &metadata[id]);
        component.uses = used
            .map(|p| purl(&p.name, &p.version.to_string()))
            .collect();
        components.push(component);
    }
    components.sort_by_cached_key(|c| (c.name.clone(), c.version.clone()));
    Ok(components)
}

/// Whether it makes a program that people run.
fn is_program(package: &Package) -> bool {
    let binary = |p: &Package| p.targets.iter().any(|t| t.is_kind(TargetKind::Bin));
    package.source.is_none() && package.name.as_str() != "xtask" && binary(package)
}

/// What a node uses outside its tests, and for what.
fn uses(node: &Node) -> impl Iterator<Item = (&PackageId, DependencyKind)> {
    let each = |d| {
        let d: &cargo_metadata::NodeDep = d;
        d.dep_kinds.iter().map(move |k| (&d.pkg, k.kind))
    };
    let product = |(_, kind): &(_, DependencyKind)| {
        matches!(kind, DependencyKind::Normal | DependencyKind::Build)
    };
    node.deps.iter().flat_map(each).filter(product)
}

fn reached<'a>(
    metadata: &'a Metadata,
    nodes: &HashMap<&'a PackageId, &'a Node>,
) -> HashMap<&'a PackageId, Scope> {
    let members = metadata.workspace_packages();
    let programs = members.into_iter().filter(|p| is_program(p));
    let mut open: Vec<(&PackageId, Scope)> = programs.map(|p| (&p.id, Scope::Linked)).collect();
    let mut reached: HashMap<&PackageId, Scope> = HashMap::new();
    while let Some((id, scope)) = open.pop() {
        if reached.get(id).is_some_and(|known| *known <= scope) {
            continue;
        }
        reached.insert(id, scope);
        for (used, kind) in uses(nodes[id]) {
            let is_macro = |t: &cargo_metadata::Target| t.is_kind(TargetKind::ProcMacro);
            let builds =
                kind == DependencyKind::Build || metadata[used].targets.iter().any(is_macro);
            open.push((used, if builds { Scope::Build } else { scope }));
        }
    }
    reached
}

fn component(package: &Package, scope: Scope) -> anyhow::Result<Component> {
    let licence = package.license.as_deref();
    let folder = package.manifest_path.as_std_path().parent();
    Ok(Component {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: expression(licence.with_context(|| format!("{} names no licence", package.name))?),
        about: package.description.as_deref().map(one_line),
        repository: package.repository.clone(),
        sha256: None,
        folder: folder.context("a manifest is in a folder")?.to_owned(),
        is_program: is_program(package),
        scope,
        uses: BTreeSet::new(),
    })
}

/// An SPDX expression; older manifests part alternatives with a slash.
fn expression(licence: &str) -> String {
    let parts: Vec<&str> = licence.split('/').map(str::trim).collect();
    parts.join(" OR ")
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// SHA-256 of each crate's archive, by name and version, as Cargo.lock has it.
fn checksums(lock: &str) -> anyhow::Result<BTreeMap<(String, String), String>> {
    let lock: toml::Table = lock.parse().context("parsing Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let packages = packages.context("Cargo.lock has no packages")?;
    let of = |package: &toml::Value| {
        let text = |key| Some(package.get(key)?.as_str()?.to_owned());
        Some(((text("name")?, text("version")?), text("checksum")?))
    };
    Ok(packages.iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_expressions_are_read() {
        for (given, expect) in [
            ("MIT", "MIT"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("Apache-2.0 / MIT", "Apache-2.0 OR MIT"),
            (
                "(MIT OR Apache-2.0) AND Unicode-3.0",
                "(MIT OR Apache-2.0) AND Unicode-3.0",
            ),
        ] {
            assert_eq!(expression(given), expect);
        }
    }

    #[test]
    fn a_package_url_escapes_build_metadata() {
        assert_eq!(purl("a", "1.2.3"), "pkg:cargo/a@1.2.3");
        assert_eq!(purl("a-sys", "1.0.0+2.1"), "pkg:cargo/a-sys@1.0.0%2B2.1");
    }

    #[test]
    fn checksums_are_those_of_the_lock() {
        let lock = r#"
            version = 4
            [[package]]
            name = "ours"
            version = "0.1.0"
            [[package]]
            name = "theirs"
            version = "1.0.0"
            source = "registry+https://github.com/rust-lang/crates.io-index"
            checksum = "00ff"
        "#;
        let key = ("theirs".to_owned(), "1.0.0".to_owned());
        let expect = BTreeMap::from([(key, "00ff".to_owned())]);
        assert_eq!(checksums(lock).unwrap(), expect);
        assert!(checksums("version = 4").is_err());
    }

    #[test]
    fn tests_and_tools_are_not_in_the_programs() {
        let metadata = crate::workspace::read().unwrap();
        let lock = crate::workspace::text(crate::workspace::root(&metadata), "Cargo.lock").unwrap();
        let components = components(&metadata, &lock).unwrap();
        let scope = |name: &str| components.iter().find(|c| c.name == name).map(|c| c.scope);
        for (name, expect) in [
            ("hark", Some(Scope::Linked)),
            ("hark-inference", Some(Scope::Linked)),
            ("tokio", Some(Scope::Linked)),
            ("protox", Some(Scope::Build)),
            ("serde_derive", Some(Scope::Build)),
            ("hark-benches", None),
            ("hark-harness", None),
            ("criterion", None),
            ("xtask", None),
        ] {
            assert_eq!(scope(name), expect, "{name}");
        }
        let programs: Vec<&str> = components
            .iter()
            .filter(|c| c.is_program)
            .map(|c| c.name.as_str())
            .collect();
        let expect = ["hark", "hark-inference", "hark-ingest", "hark-router"];
        assert_eq!(programs, expect);
    }
}
