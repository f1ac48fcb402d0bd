//! The oldest Rust that builds Hark is stated once, `rust-version` in Cargo.toml, and
//! nothing contradicts it: no dependency, no other file. That the code itself is content
//! with it is for a compiler to say (`scripts/test.sh`).

use anyhow::Context as _;
use cargo_metadata::Metadata;
use cargo_metadata::semver::Version;

use super::finding::Finding;
use crate::workspace;

/// Every rule.
pub fn check(metadata: &Metadata) -> anyhow::Result<Vec<Finding>> {
    let root = workspace::root(metadata);
    let stated = stated(&workspace::text(root, "Cargo.toml")?)?;
    let needed = metadata.packages.iter().filter_map(|package| {
        let least = package.rust_version.clone()?;
        Some((format!("{} {}", package.name, package.version), least))
    });
    let mut findings = check_needed(&stated, needed)?;
    let members = metadata.workspace_packages();
    let own = members.iter().map(|p| (p.name.as_str(), &p.rust_version));
    findings.extend(check_members(&stated, own)?);
    findings.extend(check_clippy(
        &stated,
        &workspace::text(root, "clippy.toml")?,
    )?);
    findings.extend(check_readme(&stated, &workspace::text(root, "README.md")?));
    Ok(findings)
}

/// What Cargo.toml states.
fn stated(manifest: &str) -> anyhow::Result<String> {
    let manifest: toml::Table = manifest.parse().context("parsing Cargo.toml")?;
    let package = manifest.get("workspace").and_then(|w| w.get("package"));
    let version = package.and_then(|p| p.get("rust-version")?.as_str());
    let version = version.context("Cargo.toml has no workspace.package.rust-version")?;
    Ok(version.to_owned())
}

/// `1.90` or `1.90.0`.
fn version(text: &str) -> anyhow::Result<Version> {
    let full = match text.split('.').count() {
        2 => format!("{text}.0"),
        _ => text.to_owned(),
    };
    full.parse()
        .with_context(|| format!("`{text}` is no version of Rust"))
}

fn check_needed(
    stated: &str,
    needed: impl Iterator<Item = (String, Version)>,
) -> anyhow::Result<Vec<Finding>> {
    let limit = version(stated)?;
    let too_new = needed.filter(|(_, least)| *least > limit);
    let finding = |(package, least): (String, Version)| {
        Finding::new(
            "Cargo.toml",
            1,
            format!("{package} needs Rust {least}, and rust-version is {stated}"),
            "take an older version of it (`cargo update -p NAME --precise VERSION`), or raise rust-version",
        )
    };
    Ok(too_new.map(finding).collect())
}

fn check_members<'a>(
    stated: &str,
    members: impl Iterator<Item = (&'a str, &'a Option<Version>)>,
) -> anyhow::Result<Vec<Finding>> {
    let stated = version(stated)?;
    let differs = members.filter(|(_, own)| own.as_ref() != Some(&stated));
    let finding = |(name, _)| {
        Finding::new(
            "Cargo.toml",
            1,
            format!("the package {name} has a rust-version of its own, or none"),
            "write `rust-version.workspace = true` in its Cargo.toml",
        )
    };
    Ok(differs.map(finding).collect())
}

fn check_clippy(stated: &str, clippy: &str) -> anyhow::Result<Option<Finding>> {
    let clippy: toml::Table = clippy.parse().context("parsing clippy.toml")?;
    let msrv = clippy.get("msrv").map(|m| m.as_str().unwrap_or_default());
    let agrees = msrv.is_none_or(|m| m == stated);
    Ok((!agrees).then(|| {
        Finding::new(
            "clippy.toml",
            1,
            format!("msrv is not {stated}, the rust-version in Cargo.toml"),
            "remove it: clippy reads Cargo.toml",
        )
    }))
}

fn check_readme(stated: &str, readme: &str) -> Option<Finding> {
    let sentence = format!("Rust {stated}");
    (!readme.contains(&sentence)).then(|| {
        Finding::new(
            "README.md",
            1,
            format!("the page does not say that {sentence} is enough"),
            "say so: whoever builds Hark looks there",
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
    fn the_version_is_where_it_is_stated() {
        let text = "[workspace.package]\nrust-version = \"1.90\"\n";
        assert_eq!(stated(text).unwrap(), "1.90");
        assert!(stated("[workspace.package]\n").is_err());
        assert_eq!(version("1.90").unwrap(), Version::new(1, 90, 0));
        assert_eq!(version("1.90.1").unwrap(), Version::new(1, 90, 1));
        assert!(version("new").is_err());
    }

    #[test]
    fn a_dependency_that_needs_more_is_found() {
        let needed = |minor| [("a 1.0.0".to_owned(), Version::new(1, minor, 0))].into_iter();
        assert_eq!(check_needed("1.90", needed(90)).unwrap(), []);
        let expect = ["a 1.0.0 needs Rust 1.91.0, and rust-version is 1.90"];
        assert_eq!(what(&check_needed("1.90", needed(91)).unwrap()), expect);
    }

    #[test]
    fn members_state_the_workspaces() {
        for (own, found) in [
            (Some(Version::new(1, 90, 0)), 0),
            (Some(Version::new(1, 80, 0)), 1),
            (None, 1),
        ] {
            let findings = check_members("1.90", [("a", &own)].into_iter()).unwrap();
            assert_eq!(findings.len(), found, "{own:?}");
        }
    }

    #[test]
    fn no_other_file_says_otherwise() {
        assert_eq!(check_clippy("1.90", "").unwrap(), None);
        assert_eq!(check_clippy("1.90", "msrv = \"1.90\"").unwrap(), None);
        assert!(check_clippy("1.90", "msrv = \"1.80\"").unwrap().is_some());
        assert_eq!(check_readme("1.90", "It builds with Rust 1.90."), None);
        assert!(check_readme("1.90", "It builds with Rust 1.80.").is_some());
    }
}
