//! Rules on our packages: which may use which, and what their manifests say.

use std::path::Path;

use anyhow::Context as _;
use cargo_metadata::{DependencyKind, Metadata, Package};

use super::finding::Finding;

/// The most direct dependencies of `hark-core`.
const CORE_DEPENDENCIES: usize = 10;

/// Crates that a service, a bench or the command line may use.
const CRATES: &[&str] = &[
    "hark-access",
    "hark-audio",
    "hark-client",
    "hark-cluster",
    "hark-core",
    "hark-eval",
    "hark-home",
    "hark-intents",
    "hark-models",
    "hark-proto",
    "hark-runtime",
    "hark-store",
    "hark-tls",
    "hark-whisper",
    "hark-whisper-cpp",
];
/// What only the binary that links everything may use besides.
const SERVICES: &[&str] = &["hark-inference", "hark-ingest", "hark-router"];

/// Which of our packages each of them may use. A package that is not here may not exist.
const EDGES: &[(&str, &[&[&str]])] = &[
    ("hark", &[CRATES, SERVICES]),
    ("hark-access", &[&["hark-core", "hark-proto", "hark-store"]]),
    ("hark-audio", &[&["hark-core"]]),
    ("hark-benches", &[CRATES, SERVICES]),
    ("hark-client", &[&["hark-core", "hark-proto", "hark-tls"]]),
    (
        "hark-cluster",
        &[&["hark-core", "hark-proto", "hark-runtime", "hark-store"]],
    ),
    ("hark-core", &[]),
    ("hark-eval", &[&["hark-core", "hark-home", "hark-intents"]]),
    ("hark-harness", &[]),
    ("hark-home", &[&["hark-core", "hark-proto"]]),
    ("hark-inference", &[CRATES]),
    ("hark-ingest", &[CRATES]),
    ("hark-intents", &[&["hark-core"]]),
    ("hark-models", &[&["hark-core", "hark-whisper"]]),
    ("hark-proto", &[&["hark-core"]]),
    ("hark-router", &[CRATES]),
    ("hark-runtime", &[&["hark-core", "hark-tls"]]),
    ("hark-store", &[&["hark-core", "hark-proto"]]),
    ("hark-tls", &[&["hark-core"]]),
    ("hark-whisper", &[&["hark-core"]]),
    ("hark-whisper-cpp", &[&["hark-core", "hark-whisper"]]),
    ("xtask", &[&["hark-core"]]),
];

/// Every rule on every package of the workspace.
pub fn check(metadata: &Metadata) -> anyhow::Result<Vec<Finding>> {
    let members = metadata.workspace_packages();
    let names: Vec<&str> = members.iter().map(|p| p.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in &members {
        let manifest = package.manifest_path.as_std_path();
        let path = relative(manifest, metadata.workspace_root.as_std_path());
        let text = std::fs::read_to_string(manifest).with_context(|| format!("reading {path}"))?;
        findings.extend(check_edges(&path, &package.name, &ours(package, &names)));
        findings.extend(check_manifest(&path, &package.name, &text)?);
        if package.name.as_str() == "hark-core" {
            findings.extend(check_core(&path, &dependencies(package)));
        }
    }
    Ok(findings)
}

fn relative(manifest: &Path, root: &Path) -> String {
    let path = manifest.strip_prefix(root).unwrap_or(manifest);
    path.to_string_lossy().replace('\\', "/")
}

/// The names of what a package links or builds with; what its tests use is its own affair.
fn dependencies(package: &Package) -> Vec<&str> {
    let product = package
        .dependencies
        .iter()
        .filter(|d| d.kind != DependencyKind::Development);
    product.map(|d| d.name.as_str()).collect()
}

fn ours<'a>(package: &'a Package, members: &[&str]) -> Vec<&'a str> {
    let mut names = dependencies(package);
    names.retain(|d| members.contains(d));
    names
}

fn check_edges(path: &str, package: &str, uses: &[&str]) -> Vec<Finding> {
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package) else {
        return vec![Finding::new(
            path,
            1,
            format!("the package {package} is in no layer"),
            "say what it may use in xtask/src/tidy/packages.rs and in ARCHITECTURE.md",
        )];
    };
    let forbidden = uses.iter().filter(|u| !allowed.concat().contains(u));
    let finding = |u: &&str| {
        Finding::new(
            path,
            1,
            format!("{package} uses {u}"),
            "put what both need into hark-core, or wire them together in a service",
        )
    };
    forbidden.map(finding).collect()
}

fn check_manifest(path: &str, package: &str, text: &str) -> anyhow::Result<Vec<Finding>> {
    let manifest: toml::Table = text.parse().with_context(|| format!("parsing {path}"))?;
    let mut findings = Vec::new();
    let inherits = manifest
        .get("lints")
        .and_then(|l| l.get("workspace"))
        .and_then(toml::Value::as_bool);
    if inherits != Some(true) {
        findings.push(Finding::new(
            path,
            1,
            "the package does not inherit the workspace's lints",
            "add `[lints] workspace = true`",
        ));
    }
    let folder = path.rsplit('/').nth(1).unwrap_or_default();
    if package != folder && package != format!("hark-{folder}") {
        findings.push(Finding::new(
            path,
            1,
            format!("the package {package} lives in the folder {folder}"),
            "give both one name; in services/ and benches/ the folder leaves out `hark-`",
        ));
    }
    Ok(findings)
}

fn check_core(path: &str, dependencies: &[&str]) -> Option<Finding> {
    let count = dependencies.len();
    (count > CORE_DEPENDENCIES).then(|| {
        Finding::new(
            path,
            1,
            format!("hark-core has {count} direct dependencies; at most {CORE_DEPENDENCIES}"),
            "core is types and decisions: put what needs a library behind a port",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(Finding::what).collect()
    }

    #[test]
    fn edges_of_the_design_pass() {
        for (package, uses) in [
            ("hark-core", &[][..]),
            ("hark-store", &["hark-core", "hark-proto"]),
            (
                "hark-router",
                &["hark-intents", "hark-store", "hark-runtime"],
            ),
            ("hark", &["hark-router", "hark-ingest", "hark-inference"]),
        ] {
            assert_eq!(check_edges("a/Cargo.toml", package, uses), [], "{package}");
        }
    }

    #[test]
    fn edges_against_the_design_are_found() {
        for (package, uses, expect) in [
            ("hark-core", "hark-proto", "hark-core uses hark-proto"),
            ("hark-audio", "hark-whisper", "hark-audio uses hark-whisper"),
            ("hark-runtime", "hark-store", "hark-runtime uses hark-store"),
            ("hark-router", "hark-ingest", "hark-router uses hark-ingest"),
            (
                "hark-client",
                "hark-runtime",
                "hark-client uses hark-runtime",
            ),
        ] {
            let findings = check_edges("a/Cargo.toml", package, &["hark-core", uses]);
            let expect: &[&str] = match package {
                "hark-core" => &["hark-core uses hark-core", expect],
                _ => &[expect],
            };
            assert_eq!(what(&findings), expect, "{package}");
        }
    }

    #[test]
    fn a_package_without_a_layer_is_found() {
        let findings = check_edges("crates/new/Cargo.toml", "new", &[]);
        assert_eq!(what(&findings), ["the package new is in no layer"]);
    }

    #[test]
    fn every_edge_names_a_package_that_has_a_layer() {
        let names: Vec<&str> = EDGES.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted(), "keep the table sorted");
        for (package, allowed) in EDGES {
            for used in allowed.concat() {
                assert!(names.contains(&used), "{package} may use {used}");
            }
        }
    }

    #[test]
    fn manifests_inherit_the_lints() {
        let check = |text| check_manifest("crates/a/Cargo.toml", "a", text).unwrap();
        assert_eq!(check("[lints]\nworkspace = true\n"), []);
        let expect = ["the package does not inherit the workspace's lints"];
        for bad in [
            "",
            "[lints]\nworkspace = false\n",
            "[lints.rust]\nunsafe_code = \"allow\"\n",
        ] {
            assert_eq!(what(&check(bad)), expect, "{bad}");
        }
    }

    #[test]
    fn folder_and_package_have_one_name() {
        let check = |path, name| check_manifest(path, name, "[lints]\nworkspace = true\n").unwrap();
        assert_eq!(check("crates/hark-audio/Cargo.toml", "hark-audio"), []);
        assert_eq!(check("services/ingest/Cargo.toml", "hark-ingest"), []);
        let findings = check("crates/sound/Cargo.toml", "hark-audio");
        let expect = ["the package hark-audio lives in the folder sound"];
        assert_eq!(what(&findings), expect);
    }

    #[test]
    fn core_stays_small() {
        assert_eq!(check_core("a", &["b"; 10]), None);
        let finding = check_core("a", &["b"; 11]).unwrap();
        assert_eq!(
            finding.what(),
            "hark-core has 11 direct dependencies; at most 10"
        );
    }
}
