//! What the programs are made of: a list of licences, their texts, a bill of materials.
//!
//! All three come from cargo's own graph and Cargo.lock, and are the same for the same
//! lock, whatever machine they are made on.

mod bom;
mod data;
mod graph;
mod notices;
mod page;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use cargo_metadata::Metadata;
use clap::Args;

use crate::workspace;
use data::Data;
use graph::Component;

/// Where the list of licences is.
pub const PAGE: &str = "docs/licences.md";

/// How to make the bill of materials.
#[derive(Args)]
pub struct Sbom {
    /// When the programs were made, as 2026-01-31T12:00:00Z. The only thing in the bill
    /// that Cargo.lock and the tree don't give; left out unless given.
    #[arg(long)]
    timestamp: Option<String>,
    /// The file to write; the standard output unless given.
    #[arg(long)]
    output: Option<PathBuf>,
}

/// What the programs are made of.
#[derive(Debug)]
pub struct Inventory {
    version: String,
    components: Vec<Component>,
    data: Vec<Data>,
}

impl Inventory {
    /// Takes stock.
    pub fn read(metadata: &Metadata) -> anyhow::Result<Self> {
        let root = workspace::root(metadata);
        let components = graph::components(metadata, &workspace::text(root, "Cargo.lock")?)?;
        let hark = components.iter().find(|c| c.name == "hark");
        Ok(Self {
            version: hark.context("no package `hark`")?.version.clone(),
            components,
            data: data::read(root)?,
        })
    }
}

/// The page of licences, as it should be.
pub fn licences_page(metadata: &Metadata) -> anyhow::Result<String> {
    Ok(page::write(&Inventory::read(metadata)?))
}

/// Writes the page of licences.
pub fn licences() -> anyhow::Result<ExitCode> {
    let metadata = workspace::read()?;
    let page = licences_page(&metadata)?;
    write(&workspace::root(&metadata).join(PAGE), &page)?;
    println!("wrote {PAGE}");
    Ok(ExitCode::SUCCESS)
}

/// Prints the texts of the licences.
pub fn notices() -> anyhow::Result<ExitCode> {
    let inventory = Inventory::read(&workspace::read()?)?;
    print!("{}", notices::write(&inventory.components)?);
    Ok(ExitCode::SUCCESS)
}

/// Writes or prints the bill of materials.
pub fn sbom(asked: &Sbom) -> anyhow::Result<ExitCode> {
    let inventory = Inventory::read(&workspace::read()?)?;
    let bom = bom::write(&inventory, asked.timestamp.as_deref())?;
    match &asked.output {
        None => print!("{bom}"),
        Some(file) => {
            write(file, &bom)?;
            let count = inventory.components.len() + inventory.data.len();
            println!("wrote {}: {count} components", file.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let folder = file.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}
