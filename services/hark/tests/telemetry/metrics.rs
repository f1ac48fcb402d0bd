//! docs/metrics.md says what a real Hark measures, no more and no less.

use std::path::{Path, PathBuf};

use hark_core::instruments::{self, TABLE};
use hark_harness::http;
use hark_harness::otlp::Collector;

use crate::support::{admin, say, up_telling};
use crate::util::Place;

const BEGIN: &str = "<!-- written from hark_core::instruments -->\n";
const END: &str = "<!-- end -->\n";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md")
}

/// `HARK_WRITE_DOCS=1 cargo test …` writes the page.
#[test]
fn the_page_is_written_from_the_table() {
    let text = std::fs::read_to_string(page()).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (table, after) = rest.split_once(END).unwrap();
    let expect = format!("\n{}\n", instruments::markdown());
    if std::env::var_os("HARK_WRITE_DOCS").is_some() {
        let text = format!("{before}{BEGIN}{expect}{END}{after}");
        return std::fs::write(page(), text).unwrap();
    }
    assert_eq!(
        table, expect,
        "HARK_WRITE_DOCS=1 writes docs/metrics.md anew"
    );
}

#[test]
fn what_is_scraped_is_documented_and_what_is_sent_is_the_same() {
    let collector = Collector::start().unwrap();
    let place = Place::new();
    let up = up_telling(&place, &collector.endpoint());
    say(&place, &up.address);
    collector.until_metric("hark.device.commands");
    let scraped = http::get(admin(&place), "/metrics").unwrap();
    let page = std::fs::read_to_string(page()).unwrap();
    let types = scraped.lines().filter_map(|l| l.strip_prefix("# TYPE "));
    let names: Vec<_> = types.filter_map(|l| l.split(' ').next()).collect();
    assert!(names.len() >= 10, "{scraped}");
    for name in &names {
        assert!(
            page.contains(&format!("| `{name}` |")),
            "{name} is not documented"
        );
    }
    let sent = collector.metrics();
    for row in TABLE {
        let is_scraped = names.contains(&&*row.prometheus());
        assert_eq!(is_scraped, sent.contains(row.name), "{}", row.name);
    }
    up.stop();
}
