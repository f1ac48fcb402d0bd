//! Pages that are written by a program are as that program would write them now.

use cargo_metadata::Metadata;

use super::finding::Finding;
use crate::{supply, workspace};

/// Checks the list of licences. The page of settings has a test, which knows the settings.
pub fn check(metadata: &Metadata) -> anyhow::Result<Option<Finding>> {
    let expect = supply::licences_page(metadata)?;
    let page = std::fs::read_to_string(workspace::root(metadata).join(supply::PAGE));
    Ok(compare(supply::PAGE, &page.unwrap_or_default(), &expect))
}

fn compare(path: &str, page: &str, expect: &str) -> Option<Finding> {
    if page == expect {
        return None;
    }
    let same = |(a, b): &(&str, &str)| a == b;
    let line = page.lines().zip(expect.lines()).take_while(same).count() + 1;
    let what = "the page is not what Cargo.lock and the models' cards give";
    Some(Finding::new(path, line, what, "run `cargo xtask licences`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_out_of_date_is_found_where_it_differs() {
        assert_eq!(compare("a.md", "a\nb\n", "a\nb\n"), None);
        for (page, line) in [("", 1), ("a\n", 2), ("a\nc\n", 2), ("a\nb\nc\n", 3)] {
            let finding = compare("a.md", page, "a\nb\n").unwrap();
            assert_eq!(finding.line(), line, "{page:?}");
        }
    }
}
