//! The nodes of the house, for people and programs.

use std::fmt::Write as _;
use std::time::Duration;

use hark_client::{Node, Nodes, Part};
use serde::Serialize;

use super::json::ms;
use super::style;
use super::time::{rfc3339, span};

/// Knowledge that is older than this is worth a word.
const OLD: Duration = Duration::from_secs(5);

/// A node as JSON.
#[derive(Debug, Serialize)]
pub struct NodeJson {
    id: String,
    addresses: Vec<String>,
    parts: Vec<PartJson>,
    draining: bool,
    version: String,
    started_at: Option<String>,
    model: Option<ModelJson>,
    in_flight: u32,
    is_self: bool,
    age_ms: f64,
}

#[derive(Debug, Serialize)]
struct PartJson {
    name: String,
    ready: bool,
    reason: String,
}

#[derive(Debug, Serialize)]
struct ModelJson {
    name: String,
    engine: String,
    tier: u32,
}

impl NodeJson {
    /// A node, of which the registry's knowledge is so old.
    pub fn new(node: Node, age: Duration) -> Self {
        let part = |part: Part| PartJson {
            name: part.name,
            ready: part.ready,
            reason: part.reason,
        };
        Self {
            id: node.id,
            addresses: node.addresses,
            parts: node.parts.into_iter().map(part).collect(),
            draining: node.draining,
            version: node.version,
            started_at: node.started_at.map(rfc3339),
            model: node.model.map(|m| ModelJson {
                name: m.name,
                engine: m.engine,
                tier: m.tier,
            }),
            in_flight: node.in_flight,
            is_self: node.is_self,
            age_ms: ms(age),
        }
    }
}

/// The nodes, each with its parts.
pub fn table(nodes: &Nodes) -> String {
    let mut text = String::new();
    for node in &nodes.nodes {
        line(&mut text, node);
    }
    let count = nodes.nodes.len();
    let plural = if count == 1 { "" } else { "s" };
    let _ = write!(text, "{count} node{plural}");
    if nodes.age > OLD {
        let warning = style::WARNING;
        let age = span(nodes.age);
        let _ = write!(
            text,
            "; {warning}the store was last heard {age} ago{warning:#}"
        );
    }
    text
}

fn line(text: &mut String, node: &Node) {
    let strong = style::STRONG;
    let asked = if node.is_self { " (asked)" } else { "" };
    let addresses = node.addresses.join(", ");
    let _ = write!(text, "{strong}{}{strong:#}{asked} at {addresses}", node.id);
    if !node.version.is_empty() {
        let _ = write!(text, ", Hark {}", node.version);
    }
    if let Some(model) = &node.model {
        let _ = write!(
            text,
            ", {} on {}, tier {}",
            model.name, model.engine, model.tier
        );
    }
    if node.in_flight > 0 {
        let _ = write!(text, ", {} in flight", node.in_flight);
    }
    let _ = writeln!(text);
    for part in &node.parts {
        let (style, what) = match part.ready {
            true => (style::GOOD, "serving"),
            false => (style::WARNING, &*part.reason),
        };
        let _ = writeln!(text, "  {:<10}{style}{what}{style:#}", part.name);
    }
}

#[cfg(test)]
mod tests {
    use hark_client::Model;

    use super::*;

    fn node(id: &str, reason: &str) -> Node {
        let part = |name: &str, reason: &str| Part {
            name: name.to_owned(),
            ready: reason.is_empty(),
            reason: reason.to_owned(),
        };
        Node {
            id: id.to_owned(),
            addresses: vec!["127.0.0.2:7710".to_owned()],
            parts: vec![part("inference", reason)],
            draining: false,
            version: "0.1.0".to_owned(),
            started_at: None,
            model: Some(Model {
                name: "hark-nano".to_owned(),
                engine: "candle".to_owned(),
                tier: 1,
                languages: Vec::new(),
            }),
            in_flight: 2,
            is_self: reason.is_empty(),
        }
    }

    #[test]
    fn nodes_say_how_their_parts_do_and_how_old_that_is() {
        let nodes = Nodes {
            nodes: vec![node("attic", ""), node("cellar", "suspected")],
            age: Duration::from_secs(62),
        };
        let text = anstream::adapter::strip_str(&table(&nodes)).to_string();
        let expect = "\
attic (asked) at 127.0.0.2:7710, Hark 0.1.0, hark-nano on candle, tier 1, 2 in flight
  inference serving
cellar at 127.0.0.2:7710, Hark 0.1.0, hark-nano on candle, tier 1, 2 in flight
  inference suspected
2 nodes; the store was last heard 1 min 2 s ago";
        assert_eq!(text, expect);
    }
}
