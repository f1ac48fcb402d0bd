//! Rules on the project's pages: a length for the map, and no link into nothing.

use std::path::Path;

use super::finding::Finding;
use super::text;
use super::tree;

/// The page that says where things are, and the most lines it may have.
const MAP: (&str, usize) = ("ARCHITECTURE.md", 200);

/// Checks every page of the project.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree::markdown_files(root)? {
        findings.extend(text::check(&file.path, &file.text));
        findings.extend(check_length(&file.path, &file.text));
        let folder = root.join(&file.path);
        let folder = folder.parent().unwrap_or(root);
        findings.extend(check_links(&file.path, &file.text, |to| {
            folder.join(to).exists()
        }));
    }
    Ok(findings)
}

fn check_length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let (page, most) = MAP;
    (path == page && lines > most).then(|| {
        Finding::new(
            path,
            most + 1,
            format!("the page has {lines} lines; at most {most}"),
            "move details to where the code is",
        )
    })
}

/// Links to files, as opposed to addresses and places on the same page.
fn check_links(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for link in links(line) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") || exists(target) {
                continue;
            }
            findings.push(Finding::new(
                path,
                at + 1,
                format!("the link to {target} leads nowhere"),
                "correct it, or remove it",
            ));
        }
    }
    findings
}

/// What stands in `](…)` on a line.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(link, _)| link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead_links(text: &str) -> Vec<String> {
        let findings = check_links("a.md", text, |to| to == "there.md");
        findings.iter().map(|f| f.what().to_owned()).collect()
    }

    #[test]
    fn links_to_files_lead_somewhere() {
        let good = "[a](there.md), [b](there.md#c), [d](https://example.org/e) and [f](#g)";
        assert_eq!(dead_links(good), [] as [&str; 0]);
        let bad = "[a](there.md) but [b](gone.md#c)";
        assert_eq!(dead_links(bad), ["the link to gone.md leads nowhere"]);
    }

    #[test]
    fn the_map_stays_short() {
        let text = "a\n".repeat(201);
        assert!(check_length("ARCHITECTURE.md", &text).is_some());
        assert_eq!(check_length("README.md", &text), None);
        assert_eq!(check_length("ARCHITECTURE.md", &text[2..]), None);
    }
}
