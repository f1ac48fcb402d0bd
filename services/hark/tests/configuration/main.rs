//! docs/configuration.md says what every program can be told, as the settings' own types
//! say it. `make docs` writes it anew.

mod page;
mod reference;

use std::path::Path;

/// Where the page is, from this package.
const PAGE: &str = "../../docs/configuration.md";

#[test]
fn the_page_of_settings_is_what_the_types_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let expect = page::write();
    if std::env::var_os("HARK_WRITE_DOCS").is_some_and(|v| v == "1") {
        std::fs::write(&file, &expect).unwrap();
    }
    let page = std::fs::read_to_string(&file).unwrap_or_default();
    let same = |(a, b): &(&str, &str)| a == b;
    let line = page.lines().zip(expect.lines()).take_while(same).count();
    assert!(
        page == expect,
        "docs/configuration.md is out of date from line {}: run `make docs` (or this test \
         with HARK_WRITE_DOCS=1) and commit it\n- {}\n+ {}",
        line + 1,
        page.lines().nth(line).unwrap_or("(its end)"),
        expect.lines().nth(line).unwrap_or("(its end)"),
    );
}
