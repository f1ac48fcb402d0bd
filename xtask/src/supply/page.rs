//! The list of licences as a page for people.

use super::Inventory;
use super::graph::{Component, Scope};

const HEAD: &str = "\
# Licences

Hark is under the [Apache licence 2.0](../LICENSE). Its programs contain, and are built
with, the crates below; each is used under its own licence, and `deny.toml` says which
licences may come in. Where a crate offers a choice it is Hark's user's.

Written by `make docs` from Cargo.lock, for Linux on x86-64 and ARM64. `make licences`
collects the texts, which belong with a copy of the programs; `make sbom` writes the same
as a CycloneDX bill of materials.
";

/// The page.
pub fn write(inventory: &Inventory) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## What comes with the programs\n\n");
    page.push_str("| what | licence | file | from |\n| --- | --- | --- | --- |\n");
    for data in &inventory.data {
        let (name, licence, file, origin) = (&data.name, &data.licence, &data.file, &data.origin);
        page.push_str(&format!("| {name} | {licence} | `{file}` | {origin} |\n"));
    }
    for (title, scope) in [
        ("In the programs", Scope::Linked),
        ("Used only to build them", Scope::Build),
    ] {
        let theirs = |c: &&Component| c.scope == scope && !c.is_ours();
        let crates: Vec<&Component> = inventory.components.iter().filter(theirs).collect();
        page.push_str(&format!("\n## {title}\n\n"));
        page.push_str("| crate | version | licence |\n| --- | --- | --- |\n");
        for component in crates {
            page.push_str(&row(component));
        }
    }
    page
}

fn row(component: &Component) -> String {
    let Component {
        name,
        version,
        licence,
        repository,
        ..
    } = component;
    let name = match repository {
        Some(repository) => format!("[{name}]({})", repository.trim_end_matches('/')),
        None => name.clone(),
    };
    format!("| {name} | {version} | {licence} |\n")
}
