//! The texts that the licences ask to be passed on, each once, with who it is from.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;

use super::graph::{Component, Scope};

/// How the names of files begin that hold such a text.
const NAMES: &[&str] = &[
    "LICENSE",
    "LICENCE",
    "COPYING",
    "COPYRIGHT",
    "NOTICE",
    "UNLICENSE",
];
/// The longest file that is taken for one, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The texts of all that is in the programs, and of whom none was found.
pub fn write(components: &[Component]) -> anyhow::Result<String> {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut without = Vec::new();
    let theirs = |c: &&Component| c.scope == Scope::Linked && !c.is_ours();
    for component in components.iter().filter(theirs) {
        let found = texts_in(&component.folder)?;
        let named = format!(
            "{} {} ({})",
            component.name, component.version, component.licence
        );
        if found.is_empty() {
            without.push(named);
            continue;
        }
        for text in found {
            texts.entry(text).or_default().push(named.clone());
        }
    }
    Ok(assemble(&texts, &without))
}

fn texts_in(folder: &Path) -> anyhow::Result<Vec<String>> {
    let listing = || format!("listing {}", folder.display());
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(listing)? {
        let entry = entry.with_context(listing)?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        let is_text = NAMES.iter().any(|n| name.starts_with(n));
        let size = entry.metadata().with_context(listing)?;
        if is_text && size.is_file() && size.len() <= LONGEST {
            let bytes = std::fs::read(entry.path()).with_context(listing)?;
            texts.push(tidy(&String::from_utf8_lossy(&bytes)));
        }
    }
    texts.sort();
    texts.dedup();
    Ok(texts)
}

/// Without what differs between copies of one text: line ends, trailing and outer space.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

fn assemble(texts: &BTreeMap<String, Vec<String>>, without: &[String]) -> String {
    let rule = "-".repeat(80);
    let mut page =
        "Hark's programs contain the software named here, under these terms.\n".to_owned();
    for (text, of) in texts {
        page.push_str(&format!("\n{rule}\n{}\n{rule}\n\n{text}\n", of.join("\n")));
    }
    if !without.is_empty() {
        let list = without.join("\n");
        page.push_str(&format!("\n{rule}\nWithout a text of their own:\n{list}\n"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_once_with_all_who_share_it() {
        let texts = BTreeMap::from([(
            "Do as you like.".to_owned(),
            vec!["a 1".into(), "b 2".into()],
        )]);
        let page = assemble(&texts, &["c 3".to_owned()]);
        assert_eq!(page.matches("Do as you like.").count(), 1);
        assert!(page.contains("a 1\nb 2\n"), "{page}");
        assert!(
            page.ends_with("Without a text of their own:\nc 3\n"),
            "{page}"
        );
    }

    #[test]
    fn copies_that_differ_in_white_space_are_one_text() {
        assert_eq!(tidy("\nA\r\n  b  \n\n"), tidy("A\n  b"));
    }
}
