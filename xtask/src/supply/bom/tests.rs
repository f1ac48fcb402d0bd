//! The bill of this very workspace: complete, well-formed, and always the same.

use std::collections::BTreeSet;

use super::*;
use crate::workspace;

fn inventory() -> Inventory {
    Inventory::read(&workspace::read().unwrap()).unwrap()
}

fn parsed(inventory: &Inventory) -> Value {
    serde_json::from_str(&write(inventory, Some("2026-01-31T12:00:00Z")).unwrap()).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
}

#[test]
fn the_head_says_what_the_format_asks_for() {
    let bom = parsed(&inventory());
    assert_eq!(text(&bom, "bomFormat"), "CycloneDX");
    assert_eq!(text(&bom, "specVersion"), "1.6");
    assert_eq!(bom["version"], 1);
    let serial = text(&bom, "serialNumber")
        .strip_prefix("urn:uuid:")
        .unwrap();
    let groups: Vec<usize> = serial.split('-').map(str::len).collect();
    assert_eq!(groups, [8, 4, 4, 4, 12]);
    assert_eq!(&serial[14..15], "8", "a version 8 UUID");
    assert_eq!(text(&bom["metadata"], "timestamp"), "2026-01-31T12:00:00Z");
    assert_eq!(text(&bom["metadata"]["component"], "bom-ref"), ROOT);
}

#[test]
fn every_component_can_be_told_apart_and_verified() {
    let bom = parsed(&inventory());
    let mut seen = BTreeSet::new();
    for component in bom["components"].as_array().unwrap() {
        let name = text(component, "name");
        assert!(seen.insert(text(component, "bom-ref")), "{name} twice");
        assert!(!text(&component["licenses"][0], "expression").is_empty());
        let ours = name == "hark" || name.starts_with("hark-");
        if text(component, "type") == "library" && !ours {
            let content = text(&component["hashes"][0], "content");
            assert_eq!(content.len(), 64, "{name}");
            assert!(text(component, "purl").starts_with("pkg:cargo/"), "{name}");
        }
    }
    assert!(seen.len() > 100, "only {} components", seen.len());
}

#[test]
fn the_graph_has_every_component_and_nothing_else() {
    let bom = parsed(&inventory());
    let components = bom["components"].as_array().unwrap().iter();
    let mut known: BTreeSet<&str> = components.map(|c| text(c, "bom-ref")).collect();
    known.insert(ROOT);
    let nodes = bom["dependencies"].as_array().unwrap();
    let described: BTreeSet<&str> = nodes.iter().map(|n| text(n, "ref")).collect();
    assert_eq!(described, known);
    for node in nodes {
        for used in node["dependsOn"].as_array().unwrap() {
            let used = used.as_str().unwrap();
            assert!(known.contains(used), "{} uses {used}", node["ref"]);
        }
    }
}

#[test]
fn the_same_tree_gives_the_same_bill() {
    let inventory = inventory();
    let bill = write(&inventory, None).unwrap();
    assert_eq!(bill, write(&self::inventory(), None).unwrap());
    let mut other = inventory;
    other.components.pop();
    let serial = |bill: &str| parsed_text(bill)["serialNumber"].clone();
    assert_ne!(serial(&bill), serial(&write(&other, None).unwrap()));
}

fn parsed_text(bill: &str) -> Value {
    serde_json::from_str(bill).unwrap()
}

#[test]
fn a_time_is_checked() {
    for (given, fits) in [
        ("2026-01-31T12:00:00Z", true),
        ("2026-01-31T12:00:00+01:00", false),
        ("2026-01-31", false),
        ("today", false),
    ] {
        assert_eq!(is_timestamp(given), fits, "{given}");
    }
    assert!(write(&inventory(), Some("today")).is_err());
}
