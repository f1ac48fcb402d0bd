//! The processes that are the house's voice control: what each says of itself, and what
//! they are together.

use std::collections::BTreeMap;

use crate::ids::{NodeId, RunId};
use crate::language::Language;
use crate::time::Timestamp;

/// What a part of a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Hears speakers.
    Ingest,
    /// Turns audio into words.
    Inference,
    /// Turns words into actions.
    Router,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Inference, Self::Router];

    /// Its name in keys, messages and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Inference => "inference",
            Self::Router => "router",
        }
    }

    /// The role with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// The model that an inference worker runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// The engine that runs it; `fake` says that nothing is really heard.
    pub engine: String,
    /// How good it is beside the others of the house: the higher, the better.
    pub tier: u32,
    /// Languages that it was made for; empty where it is for all.
    pub languages: Vec<Language>,
}

/// One part of a node, as the node registers it in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The node. Its id outlives the process.
    pub node: NodeId,
    /// What the part does.
    pub role: Role,
    /// The life of the process: another one after each start.
    pub run: RunId,
    /// Where it is reached, host:port, the best first.
    pub addresses: Vec<String>,
    /// The name that its TLS certificate is for; empty: the node's id.
    pub tls_name: String,
    /// Hark's version.
    pub version: String,
    /// What turns audio into words; of an inference worker only.
    pub model: Option<Model>,
    /// Calls that it takes at once, waiting ones included; at least 1.
    pub capacity: u32,
    /// When the process began.
    pub started_at: Timestamp,
    /// Whether it takes no new work.
    pub draining: bool,
}

/// A node with its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// Its parts, in the order of their roles; at least one.
    pub parts: Vec<Instance>,
}

impl Node {
    /// Whether none of its parts takes new work.
    pub fn is_draining(&self) -> bool {
        self.parts.iter().all(|part| part.draining)
    }

    /// Where other nodes reach it: a part that listens for nodes before the one that
    /// listens for speakers.
    pub fn internal(&self) -> Option<&Instance> {
        let is_public = |part: &&Instance| part.role == Role::Ingest;
        self.parts.iter().min_by_key(is_public)
    }
}

/// The nodes that parts make up, in the order of their ids.
pub fn nodes(instances: impl IntoIterator<Item = Instance>) -> Vec<Node> {
    let mut nodes: BTreeMap<NodeId, Vec<Instance>> = BTreeMap::new();
    for instance in instances {
        nodes
            .entry(instance.node.clone())
            .or_default()
            .push(instance);
    }
    let node = |(id, mut parts): (NodeId, Vec<Instance>)| {
        parts.sort_by_key(|part| part.role);
        Node { id, parts }
    };
    nodes.into_iter().map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(node: &str, role: Role, draining: bool) -> Instance {
        Instance {
            node: NodeId::parse(node).unwrap(),
            role,
            run: RunId::parse("r").unwrap(),
            addresses: vec!["127.0.0.1:1".to_owned()],
            tls_name: String::new(),
            version: "0.1.0".to_owned(),
            model: None,
            capacity: 1,
            started_at: Timestamp::default(),
            draining,
        }
    }

    #[test]
    fn parts_of_one_node_are_put_together() {
        let nodes = nodes([
            instance("b", Role::Router, true),
            instance("a", Role::Router, true),
            instance("a", Role::Ingest, false),
        ]);
        let ids: Vec<_> = nodes.iter().map(|n| n.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!(nodes[0].parts.len(), 2);
        assert_eq!(nodes[0].parts[0].role, Role::Ingest);
        assert!(!nodes[0].is_draining() && nodes[1].is_draining());
        assert_eq!(nodes[0].internal().unwrap().role, Role::Router);
    }

    #[test]
    fn roles_have_names() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("cook"), None);
    }
}
