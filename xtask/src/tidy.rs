//! `cargo xtask tidy`: the rules of the project that prose cannot enforce.
//!
//! Each rule is a function from what it looks at to findings, so that each has a test
//! that shows it failing. Nothing here changes a file.

mod access;
mod docs;
mod finding;
mod generated;
mod msrv;
mod outline;
mod packages;
mod proto;
mod sizes;
mod source;
mod text;
mod tree;

use std::path::Path;
use std::process::ExitCode;

use crate::workspace;
use finding::Finding;
use sizes::Sizes;

/// Runs every check over the workspace and prints what it found.
pub fn run() -> anyhow::Result<ExitCode> {
    let metadata = workspace::read()?;
    let root = workspace::root(&metadata);

    let mut findings = packages::check(&metadata)?;
    let sizes = check_sources(root, &mut findings)?;
    check_contract(root, &mut findings)?;
    findings.extend(docs::check(root)?);
    findings.extend(msrv::check(&metadata)?);
    findings.extend(generated::check(&metadata)?);

    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    println!("{sizes}");
    if findings.is_empty() {
        println!("tidy: nothing found");
        return Ok(ExitCode::SUCCESS);
    }
    println!("tidy: {} found", findings.len());
    Ok(ExitCode::FAILURE)
}

/// The rules on Rust files; gives how large they are.
fn check_sources(root: &Path, findings: &mut Vec<Finding>) -> anyhow::Result<Sizes> {
    let files = tree::rust_files(root)?;
    let mut sizes = Sizes::default();
    for file in &files {
        match outline::Outline::parse(&file.text, file.is_test) {
            Ok(outline) => {
                findings.extend(source::check(file, &outline));
                sizes.add(file, &outline);
            }
            Err(error) => findings.push(Finding::new(
                &file.path,
                error.span().start().line,
                format!("does not parse: {error}"),
                "make it compile first",
            )),
        }
    }
    Ok(sizes)
}

/// The rules on the proto files, and that every method of theirs has an access rule.
fn check_contract(root: &Path, findings: &mut Vec<Finding>) -> anyhow::Result<()> {
    let mut methods = Vec::new();
    for file in tree::proto_files(root)? {
        let read = proto::check(&file.path, &file.text);
        findings.extend(read.findings);
        methods.extend(read.methods);
    }
    let rules: Vec<&str> = hark_core::access::TABLE.iter().map(|r| r.path).collect();
    findings.extend(access::check(&methods, &rules));
    Ok(())
}
