//! Compiled sentences: one graph of small nodes that all templates share, and a tree of the
//! sentences' beginnings over it, so that what many begin with is looked at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::SlotValue;

use crate::list::List;
use crate::sentences::Condition;

/// A node of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NodeId(pub(crate) u32);

/// A list, by its place in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ListId(pub(crate) u32);

/// The name of a slot, by its place in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SlotId(pub(crate) u32);

/// A step of matching.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// These letters.
    Text(Box<str>),
    /// A border between words.
    Space,
    /// One after another.
    All(Box<[NodeId]>),
    /// Any of them.
    Any(Box<[NodeId]>),
    /// All of them, in any order, with borders between them.
    Permutation(Box<[NodeId]>),
    /// A value of a list.
    List {
        list: ListId,
        /// `None` where the value goes into no slot.
        slot: Option<SlotId>,
        /// Whether what follows may be written without a space.
        glued: bool,
    },
}

/// What is known of a node before any text is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Facts {
    /// The bytes that what it matches may begin with.
    pub(crate) first: Bytes,
    /// Whether it may match nothing at all.
    pub(crate) nullable: bool,
    /// Whether several others have it: what it matches at a place is then remembered.
    pub(crate) shared: bool,
}

/// A set of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Bytes([u64; 4]);

impl Bytes {
    pub(crate) const ALL: Self = Self([u64::MAX; 4]);

    pub(crate) fn insert(&mut self, byte: u8) {
        if let Some(word) = self.0.get_mut(usize::from(byte >> 6)) {
            *word |= 1 << (byte & 63);
        }
    }

    pub(crate) fn contains(&self, byte: u8) -> bool {
        let word = self.0.get(usize::from(byte >> 6));
        word.is_some_and(|word| word >> (byte & 63) & 1 == 1)
    }

    fn add(&mut self, other: &Self) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }
}

/// Sentences that mean the same.
#[derive(Debug)]
pub(crate) struct Meaning {
    pub(crate) intent: String,
    pub(crate) slots: BTreeMap<String, SlotValue>,
    pub(crate) response: String,
    pub(crate) requires: BTreeMap<String, Condition>,
    pub(crate) excludes: BTreeMap<String, Condition>,
    /// One of these words has to be in the text; normalised. None where any will do.
    pub(crate) keywords: Vec<String>,
}

/// A sentence.
#[derive(Debug)]
pub(crate) struct Sentence {
    /// Its place in [`Program::meanings`].
    pub(crate) meaning: usize,
    /// Whether it begins or ends with any words at all.
    pub(crate) begins_open: bool,
    pub(crate) ends_open: bool,
}

/// A list that a program uses.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// The sentences define it.
    Defined(Arc<List>),
    /// The home has it under that name.
    Home(String),
}

/// A place in the tree of sentences.
#[derive(Debug, Default)]
pub(crate) struct Branch {
    /// What may come next, and where that leads.
    pub(crate) next: Vec<(NodeId, usize)>,
    /// The sentences that end here.
    pub(crate) ends: Vec<usize>,
}

/// Everything that can be said, without the names of a home.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) language: Language,
    pub(crate) graph: Graph,
    pub(crate) lists: Vec<Source>,
    pub(crate) slots: Vec<String>,
    pub(crate) meanings: Vec<Meaning>,
    pub(crate) sentences: Vec<Sentence>,
    /// The first is the root.
    pub(crate) tree: Vec<Branch>,
    /// Normalised.
    pub(crate) skip_words: Vec<String>,
    /// The words that sentences spell.
    pub(crate) words: Vec<Box<str>>,
}

impl Program {
    /// Adds a sentence to the tree: what it consists of, one after another.
    pub(crate) fn plant(&mut self, steps: &[NodeId], sentence: usize) {
        let mut at = 0;
        for step in steps {
            let new = self.tree.len();
            let Some(branch) = self.tree.get_mut(at) else {
                return;
            };
            match branch.next.iter().find(|next| next.0 == *step) {
                Some(known) => at = known.1,
                None => {
                    branch.next.push((*step, new));
                    self.tree.push(Branch::default());
                    at = new;
                }
            }
        }
        if let Some(branch) = self.tree.get_mut(at) {
            branch.ends.push(sentence);
        }
    }
}

/// Nodes; two that are alike are one.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    /// Each beside what is known of it, for both are looked at together.
    nodes: Vec<(Facts, Node)>,
    known: HashMap<Node, NodeId>,
}

impl Graph {
    pub(crate) fn add(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.known.get(&node) {
            if let Some((facts, _)) = self.nodes.get_mut(id.0 as usize) {
                facts.shared = true;
            }
            return *id;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).expect("the compiler bounds the nodes"));
        let facts = self.learn(&node);
        self.known.insert(node.clone(), id);
        self.nodes.push((facts, node));
        id
    }

    /// Forgets what is only needed to add more.
    pub(crate) fn seal(&mut self) {
        self.known = HashMap::new();
        self.nodes.shrink_to_fit();
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.both(id).1
    }

    pub(crate) fn facts(&self, id: NodeId) -> &Facts {
        &self.both(id).0
    }

    /// A node and what is known of it.
    pub(crate) fn both(&self, id: NodeId) -> &(Facts, Node) {
        let found = self.nodes.get(id.0 as usize);
        found.expect("ids come from this graph")
    }

    fn learn(&self, node: &Node) -> Facts {
        let mut facts = Facts::default();
        match node {
            Node::Text(text) => match text.bytes().next() {
                Some(first) => facts.first.insert(first),
                None => facts.nullable = true,
            },
            Node::Space => {
                facts.first.insert(b' ');
                facts.nullable = true;
            }
            Node::All(parts) => {
                facts.nullable = true;
                for part in parts {
                    let part = self.facts(*part);
                    facts.first.add(&part.first);
                    if !part.nullable {
                        facts.nullable = false;
                        break;
                    }
                }
            }
            Node::Any(parts) | Node::Permutation(parts) => {
                let each = parts.iter().map(|p| self.facts(*p));
                facts.nullable = match node {
                    Node::Any(_) => each.clone().any(|f| f.nullable),
                    _ => each.clone().all(|f| f.nullable),
                };
                each.for_each(|f| facts.first.add(&f.first));
                if matches!(node, Node::Permutation(_)) {
                    facts.first.insert(b' ');
                }
            }
            Node::List { .. } => facts.first = Bytes::ALL,
        }
        facts
    }
}
