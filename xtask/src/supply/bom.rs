//! The bill of materials, in CycloneDX 1.6 as JSON (ECMA-424).
//!
//! The same lock and tree give the same bytes; only `timestamp` comes from outside.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Inventory;
use super::data::Data;
use super::graph::{Component, Scope};
use crate::workspace::PLATFORMS;

/// How the whole is named among the components.
const ROOT: &str = "hark";

/// Writes it.
pub fn write(inventory: &Inventory, timestamp: Option<&str>) -> anyhow::Result<String> {
    let mut bom = bom(inventory);
    bom["serialNumber"] = json!(serial(&serde_json::to_vec(&bom)?));
    if let Some(timestamp) = timestamp {
        anyhow::ensure!(
            is_timestamp(timestamp),
            "`{timestamp}` is no time; write it as 2026-01-31T12:00:00Z"
        );
        bom["metadata"]["timestamp"] = json!(timestamp);
    }
    Ok(serde_json::to_string_pretty(&bom)? + "\n")
}

fn bom(inventory: &Inventory) -> Value {
    let crates = inventory.components.iter().map(of_crate);
    let data = inventory.data.iter().map(of_data);
    json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "",
        "version": 1,
        "metadata": {
            "tools": { "components": [{ "type": "application", "name": "cargo xtask sbom" }] },
            "component": {
                "type": "application",
                "bom-ref": ROOT,
                "name": "Hark",
                "version": inventory.version,
                "description": "Voice control that a house owns.",
                "licenses": [{ "expression": "Apache-2.0" }],
            },
            "properties": [{ "name": "hark:platforms", "value": PLATFORMS.join(",") }],
        },
        "components": data.chain(crates).collect::<Vec<Value>>(),
        "dependencies": dependencies(inventory),
    })
}

fn of_crate(component: &Component) -> Value {
    let mut value = json!({
        "type": if component.is_program { "application" } else { "library" },
        "bom-ref": component.purl(),
        "name": component.name,
        "version": component.version,
        "scope": match component.scope {
            Scope::Linked => "required",
            Scope::Build => "excluded",
        },
        "licenses": [{ "expression": component.licence }],
        "purl": component.purl(),
    });
    if let Some(about) = &component.about {
        value["description"] = json!(about);
    }
    if let Some(sha256) = &component.sha256 {
        value["hashes"] = hashes(sha256);
    }
    if let Some(repository) = component
        .repository
        .as_ref()
        .filter(|_| !component.is_ours())
    {
        value["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    value
}

fn of_data(data: &Data) -> Value {
    let is_model = data.file.ends_with(".bin") && !data.name.contains(' ');
    json!({
        "type": if is_model { "machine-learning-model" } else { "data" },
        "bom-ref": reference(data),
        "name": data.name,
        "description": data.origin,
        "scope": "required",
        "hashes": hashes(&data.sha256),
        "licenses": [{ "expression": data.licence }],
        "properties": [{ "name": "hark:file", "value": data.file }],
    })
}

fn reference(data: &Data) -> String {
    format!("{}#{}", data.file, data.name.replace(' ', "-"))
}

fn hashes(sha256: &str) -> Value {
    json!([{ "alg": "SHA-256", "content": sha256 }])
}

/// Who uses whom; the whole uses its programs and what comes with them.
fn dependencies(inventory: &Inventory) -> Vec<Value> {
    let programs = inventory.components.iter().filter(|c| c.is_program);
    let mut top: Vec<String> = programs.map(Component::purl).collect();
    top.extend(inventory.data.iter().map(reference));
    top.sort();
    let one = |of: &str, uses: Value| json!({ "ref": of, "dependsOn": uses });
    let mut all = vec![one(ROOT, json!(top))];
    all.extend(inventory.data.iter().map(|d| one(&reference(d), json!([]))));
    let crates = &inventory.components;
    all.extend(crates.iter().map(|c| one(&c.purl(), json!(c.uses))));
    all
}

/// A UUID (version 8, RFC 9562) made of the content, so that the same bill has the same.
fn serial(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let mut bytes: Vec<u8> = digest.iter().copied().take(16).collect();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let (a, b, c, d, e) = (
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    );
    format!("urn:uuid:{a}-{b}-{c}-{d}-{e}")
}

/// Whether it has the shape of a time in UTC (RFC 3339), to the second.
fn is_timestamp(text: &str) -> bool {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00T00:00:00Z"
}

#[cfg(test)]
mod tests;
