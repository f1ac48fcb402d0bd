//! How a node does, for people and programs.

use std::fmt::Write as _;

use hark_client::Status;
use serde::Serialize;

use super::json::ms;
use super::style;
use super::time::span;

/// A status as JSON.
#[derive(Debug, Serialize)]
pub struct StatusJson {
    address: String,
    version: String,
    uptime_ms: f64,
    home: String,
    languages: Vec<String>,
    ready: bool,
    parts: Vec<PartJson>,
    store: Option<StoreJson>,
    model: Option<ModelJson>,
    attached_speakers: u32,
    open_streams: u32,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PartJson {
    name: String,
    ready: bool,
    reason: String,
}

#[derive(Debug, Serialize)]
struct StoreJson {
    kind: String,
    revision: i64,
    age_ms: f64,
}

#[derive(Debug, Serialize)]
struct ModelJson {
    name: String,
    engine: String,
    languages: Vec<String>,
}

/// Whether all parts can serve.
pub fn is_ready(status: &Status) -> bool {
    status.parts.iter().all(|p| p.ready)
}

/// The status of the node at `address`, as JSON.
pub fn json(address: &str, status: &Status) -> StatusJson {
    let texts = |l: &[hark_core::Language]| l.iter().map(ToString::to_string).collect();
    let part = |p: &hark_client::Part| PartJson {
        name: p.name.clone(),
        ready: p.ready,
        reason: p.reason.clone(),
    };
    StatusJson {
        address: address.to_owned(),
        version: status.version.clone(),
        uptime_ms: ms(status.uptime),
        home: status.home.to_string(),
        languages: texts(&status.languages),
        ready: is_ready(status),
        parts: status.parts.iter().map(part).collect(),
        store: status.store.as_ref().map(|s| StoreJson {
            kind: s.kind.clone(),
            revision: s.revision.0,
            age_ms: ms(s.age),
        }),
        model: status.model.as_ref().map(|m| ModelJson {
            name: m.name.clone(),
            engine: m.engine.clone(),
            languages: texts(&m.languages),
        }),
        attached_speakers: status.attached_speakers,
        open_streams: status.open_streams,
        warnings: status.warnings.clone(),
    }
}

/// The status of the node at `address`, for people.
pub fn text(address: &str, status: &Status) -> String {
    let mut text = String::new();
    let strong = style::STRONG;
    let (version, uptime) = (&status.version, span(status.uptime));
    let _ = writeln!(
        text,
        "{strong}Hark {version}{strong:#} at {address}, up for {uptime}"
    );
    let languages = list(&status.languages);
    row(&mut text, "home", &format!("{} ({languages})", status.home));
    if let Some(model) = &status.model {
        let languages = match model.languages.is_empty() {
            true => "all languages".to_owned(),
            false => list(&model.languages),
        };
        let what = format!("{} on {} ({languages})", model.name, model.engine);
        row(&mut text, "model", &what);
    }
    if let Some(store) = &status.store {
        let what = format!("{}, revision {}", store.kind, store.revision);
        row(&mut text, "store", &what);
    }
    for part in &status.parts {
        let (style, what) = match part.ready {
            true => (style::GOOD, "ready"),
            false => (style::WARNING, &*part.reason),
        };
        row(&mut text, &part.name, &format!("{style}{what}{style:#}"));
    }
    let (speakers, streams) = (status.attached_speakers, status.open_streams);
    row(
        &mut text,
        "speakers",
        &format!("{speakers} attached, {streams} streams"),
    );
    for warning in &status.warnings {
        let style = style::WARNING;
        row(&mut text, "warning", &format!("{style}{warning}{style:#}"));
    }
    text.trim_end().to_owned()
}

fn row(text: &mut String, name: &str, what: &str) {
    let _ = writeln!(text, "  {name:<10}{what}");
}

fn list(languages: &[hark_core::Language]) -> String {
    let texts: Vec<_> = languages.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hark_client::Part;
    use hark_core::{HomeId, Language};

    use super::*;

    #[test]
    fn what_is_not_ready_says_why() {
        let status = Status {
            version: "0.1.0".to_owned(),
            uptime: Duration::from_secs(62),
            home: HomeId::parse("home").unwrap(),
            languages: vec![Language::german(), Language::english()],
            parts: vec![Part {
                name: "inference".to_owned(),
                ready: false,
                reason: "the engine broke".to_owned(),
            }],
            store: None,
            model: None,
            attached_speakers: 1,
            open_streams: 0,
            warnings: vec!["anybody may call".to_owned()],
        };
        assert!(!is_ready(&status));
        let text = text("127.0.0.1:7700", &status);
        let expect = "Hark 0.1.0 at 127.0.0.1:7700, up for 1 min 2 s\n  home      home (de, en)\n  \
                      inference the engine broke\n  speakers  1 attached, 0 streams\n  warning   anybody may call";
        assert_eq!(anstream::adapter::strip_str(&text).to_string(), expect);
    }
}
