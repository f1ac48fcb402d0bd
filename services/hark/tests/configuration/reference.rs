//! Settings as a reader meets them: sections of names, kinds, ranges, defaults and prose,
//! from a type's JSON schema and its default value.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

/// A table of the TOML file.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Its path, like `ingest.pace`; empty at the top.
    pub path: String,
    /// What it is about.
    pub about: String,
    /// What is in it, without tables.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Its path, like `server.listen`.
    pub path: String,
    /// What it may be, with its range.
    pub kind: String,
    /// What it is unless told otherwise, as TOML; `None` if it is absent.
    pub default: Option<String>,
    /// What it does.
    pub about: String,
}

impl Setting {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("HARK__{}", self.path.to_uppercase().replace('.', "__"))
    }
}

/// Every section of a process's settings; a section comes before those inside it.
pub fn of<T: JsonSchema + Serialize + Default>() -> Vec<Section> {
    let schema = schemars::schema_for!(T);
    let default = serde_json::to_value(T::default()).expect("settings are data");
    sections(schema.as_value(), &default)
}

fn sections(schema: &Value, default: &Value) -> Vec<Section> {
    let mut reader = Reader {
        schema,
        sections: Vec::new(),
    };
    reader.section("", schema, default);
    reader.sections.retain(|s| !s.settings.is_empty());
    reader.sections
}

struct Reader<'a> {
    schema: &'a Value,
    sections: Vec<Section>,
}

impl Reader<'_> {
    fn section(&mut self, path: &str, node: &Value, default: &Value) {
        let at = self.sections.len();
        self.sections.push(Section {
            path: path.to_owned(),
            about: about(node, &self.resolve(node)),
            settings: Vec::new(),
        });
        let resolved = self.resolve(node);
        for (name, node) in resolved["properties"].as_object().unwrap_or(&Map::new()) {
            let path = match path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            let default = &default[name];
            let target = self.resolve(node);
            if target["properties"].is_object() {
                self.section(&path, node, default);
            } else {
                let setting = setting(path, node, &target, default);
                self.sections[at].settings.push(setting);
            }
        }
    }

    /// What a node says in the end: a reference is followed, "or nothing" is dropped.
    fn resolve(&self, node: &Value) -> Value {
        if let Some(reference) = node["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').unwrap_or(reference);
            let target = self.schema.pointer(pointer);
            return self.resolve(target.expect("a schema refers to what it has"));
        }
        let real = |v: &&Value| v["type"] != "null";
        let any = node["anyOf"].as_array().into_iter().flatten();
        let mut alternatives = any.filter(real);
        match (alternatives.next(), alternatives.next()) {
            (Some(only), None) => self.resolve(only),
            _ => node.clone(),
        }
    }
}

fn setting(path: String, node: &Value, target: &Value, default: &Value) -> Setting {
    let mut about = about(node, target);
    for (value, meaning) in choices(target) {
        if let Some(meaning) = meaning {
            about.push_str(&format!(" `{value}`: {meaning}"));
        }
    }
    Setting {
        kind: kind(&path, target),
        default: (!default.is_null()).then(|| toml(default)),
        about,
        path,
    }
}

/// What the field says of itself; else what its type does.
fn about(node: &Value, target: &Value) -> String {
    let text = node["description"].as_str();
    let text = text.or(target["description"].as_str()).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// The values of an enumeration, and what each means.
fn choices(target: &Value) -> Vec<(String, Option<String>)> {
    let one = |v: &Value| {
        let values = match &v["const"] {
            Value::String(value) => vec![value.clone()],
            _ => strings(&v["enum"]),
        };
        let meaning = v["description"].as_str().map(str::to_owned);
        values.into_iter().map(move |v| (v, meaning.clone()))
    };
    match target["oneOf"].as_array() {
        Some(each) => each.iter().flat_map(one).collect(),
        None => strings(&target["enum"])
            .into_iter()
            .map(|v| (v, None))
            .collect(),
    }
}

fn strings(values: &Value) -> Vec<String> {
    let texts = values.as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a setting may be, in words.
fn kind(path: &str, target: &Value) -> String {
    let choices = choices(target);
    if !choices.is_empty() {
        let names: Vec<String> = choices.iter().map(|(v, _)| format!("`{v}`")).collect();
        return names.join(", ");
    }
    let types = match &target["type"] {
        Value::String(one) => vec![one.clone()],
        several => strings(several),
    };
    let simple = types.iter().find(|t| *t != "null").map(String::as_str);
    match simple {
        Some("integer" | "number") => number(path, target),
        Some("boolean") => "`true`, `false`".to_owned(),
        Some("array") => format!("list: {}", kind("", &target["items"])),
        Some("object") => "table".to_owned(),
        _ => "text".to_owned(),
    }
}

/// The unit that a name ends in, and the range where it is bounded.
fn number(path: &str, target: &Value) -> String {
    let unit = match path.rsplit('_').next() {
        Some(unit @ ("ms" | "bytes" | "hours" | "minutes" | "days")) => unit,
        Some("s" | "seconds") => "s",
        _ if target["type"] == "number" => "number",
        _ => "whole number",
    };
    let bound = |key: &str| target[key].as_f64().filter(|b| *b != 0.0);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!("{unit}, {least} to {most}"),
        (Some(least), None) => format!("{unit}, from {least}"),
        (None, Some(most)) if most <= 65_535.0 => format!("{unit}, up to {most}"),
        _ => unit.to_owned(),
    }
}

/// A value as the TOML file has it.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(toml).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read() -> Vec<Section> {
        let schema = json!({
            "description": "All.",
            "properties": {
                "file": { "type": ["string", "null"], "description": "A\nfile." },
                "server": { "$ref": "#/$defs/Server", "description": "The server." },
                "mode": { "$ref": "#/$defs/Mode" },
                "names": { "type": "array", "items": { "type": "string" } },
                "tls": { "anyOf": [{ "$ref": "#/$defs/Tls" }, { "type": "null" }] },
            },
            "$defs": {
                "Server": {
                    "description": "A server.",
                    "properties": {
                        "idle_ms": { "type": "integer", "minimum": 1, "maximum": 60000, "description": "How long." },
                        "open": { "type": "boolean" },
                    },
                },
                "Tls": {
                    "description": "Encryption.",
                    "properties": { "key_bytes": { "type": "integer", "minimum": 0 } },
                },
                "Mode": {
                    "description": "How.",
                    "oneOf": [
                        { "const": "fast", "type": "string", "description": "Soon." },
                        { "enum": ["slow", "never"], "type": "string" },
                    ],
                },
            },
        });
        let default = json!({
            "file": null,
            "server": { "idle_ms": 7, "open": false },
            "mode": "fast",
            "names": ["a", "b"],
        });
        sections(&schema, &default)
    }

    #[test]
    fn tables_become_sections() {
        let found = read();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|s| (s.path.as_str(), s.about.as_str()))
            .collect();
        let expect = [
            ("", "All."),
            ("server", "The server."),
            ("tls", "Encryption."),
        ];
        assert_eq!(found, expect);
    }

    #[test]
    fn every_setting_says_what_it_may_be_and_what_it_is() {
        let found = read();
        let settings = found.iter().flat_map(|s| &s.settings);
        let rows: Vec<[&str; 4]> = settings
            .map(|s| {
                let default = s.default.as_deref().unwrap_or("absent");
                [s.path.as_str(), &s.kind, default, &s.about]
            })
            .collect();
        let expect = [
            ["file", "text", "absent", "A file."],
            [
                "mode",
                "`fast`, `slow`, `never`",
                "\"fast\"",
                "How. `fast`: Soon.",
            ],
            ["names", "list: text", "[\"a\", \"b\"]", ""],
            ["server.idle_ms", "ms, 1 to 60000", "7", "How long."],
            ["server.open", "`true`, `false`", "false", ""],
            ["tls.key_bytes", "bytes", "absent", ""],
        ];
        assert_eq!(rows, expect);
    }

    #[test]
    fn a_setting_has_a_variable() {
        let found = read();
        let variables: Vec<String> = found[1].settings.iter().map(Setting::variable).collect();
        assert_eq!(variables, ["HARK__SERVER__IDLE_MS", "HARK__SERVER__OPEN"]);
    }
}
