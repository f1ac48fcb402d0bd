//! Messages that were encoded once must decode to the same for ever.
//!
//! `tests/stored/<package>.txt` holds examples of every message with every field set:
//! its name, the bytes in hexadecimal, and what they say. The files only grow. After
//! an addition to the contract, append examples of it with
//!
//! ```text
//! HARK_APPEND_STORED=1 cargo test -p hark-proto --test stored
//! ```
//!
//! and commit them. Never edit or remove a line: programs that were built when it was
//! written still send those bytes.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

#[path = "stored/examples.rs"]
mod examples;
#[path = "stored/types.rs"]
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use prost_reflect::{DescriptorPool, DynamicMessage};

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Example {
    name: String,
    bytes: Vec<u8>,
    says: String,
}

#[test]
fn every_generated_type_is_checked() {
    let contract: BTreeSet<_> = examples::messages(&pool())
        .iter()
        .map(|m| m.full_name().to_owned())
        .collect();
    let checked: BTreeSet<_> = types::all().into_keys().collect();
    assert_eq!(
        checked, contract,
        "list the message in tests/stored/types.rs"
    );
}

#[test]
fn stored_messages_still_say_the_same() {
    let pool = pool();
    let types = types::all();
    let stored = stored();
    assert!(!stored.is_empty());
    for example in &stored {
        let round_trip = types
            .get(&example.name)
            .unwrap_or_else(|| panic!("{} is gone from the contract", example.name));
        let bytes = round_trip(&example.bytes)
            .unwrap_or_else(|e| panic!("a stored {} does not decode: {e}", example.name));
        assert_eq!(
            says(&pool, &example.name, &bytes),
            example.says,
            "{}",
            example.name
        );
    }
}

#[test]
fn every_field_of_the_contract_has_a_stored_example() {
    let pool = pool();
    let stored: BTreeSet<_> = stored().into_iter().map(|e| (e.name, e.bytes)).collect();
    let mut new = Vec::new();
    for message in examples::messages(&pool) {
        for bytes in examples::of(&message) {
            let name = message.full_name().to_owned();
            if !stored.contains(&(name.clone(), bytes.clone())) {
                let says = says(&pool, &name, &bytes);
                new.push(Example { name, bytes, says });
            }
        }
    }
    if std::env::var_os("HARK_APPEND_STORED").is_some() {
        return append(&new);
    }
    let names: BTreeSet<_> = new.iter().map(|e| &e.name).collect();
    assert!(
        names.is_empty(),
        "no example with every field of {names:?}; see the top of this file"
    );
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(hark_proto::FILE_DESCRIPTOR_SET).unwrap()
}

fn says(pool: &DescriptorPool, name: &str, bytes: &[u8]) -> String {
    let descriptor = pool.get_message_by_name(name).unwrap();
    DynamicMessage::decode(descriptor, bytes)
        .unwrap()
        .to_text_format()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stored")
}

fn stored() -> Vec<Example> {
    let files = std::fs::read_dir(folder())
        .unwrap()
        .map(|f| f.unwrap().path());
    let texts = files.filter(|f| f.extension().is_some_and(|e| e == "txt"));
    texts
        .flat_map(|f| parse(&std::fs::read_to_string(f).unwrap()))
        .collect()
}

fn parse(text: &str) -> Vec<Example> {
    let lines: Vec<_> = text.lines().collect();
    let example = |lines: &[&str]| match lines {
        [name, hex, says] => Example {
            name: (*name).to_owned(),
            bytes: from_hex(hex),
            says: (*says).to_owned(),
        },
        _ => panic!("an example has three lines: {lines:?}"),
    };
    lines.chunks(3).map(example).collect()
}

fn append(new: &[Example]) {
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    for example in new {
        let package = example.name.rsplit_once('.').unwrap().0;
        let file = folder().join(format!("{package}.txt"));
        let text = texts
            .entry(file.clone())
            .or_insert_with(|| std::fs::read_to_string(&file).unwrap_or_default());
        let Example { name, bytes, says } = example;
        writeln!(text, "{name}\n{}\n{says}", to_hex(bytes)).unwrap();
    }
    for (file, text) in texts {
        std::fs::write(file, text).unwrap();
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn from_hex(hex: &str) -> Vec<u8> {
    let digits = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}
