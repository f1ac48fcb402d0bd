//! The words that sentences spell, found out from the graph: what a recogniser may have
//! meant where it wrote something else.
//!
//! A word may be put together from several nodes ("schalt" and "e"), and from the name of an
//! area and an ending ("Flur" and "licht"); the latter are kept with [`AREA`] in the name's
//! place. Every set has a bound, so that odd sentences cost no more than others.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::list::List;
use crate::program::{Graph, Node, NodeId, Source};

/// Stands for the name of an area in a word.
pub(crate) const AREA: char = '\u{1}';
/// The most parts of words that a node may begin or end with.
const MAX_PARTS: usize = 400;
/// The most words.
const MAX_WORDS: usize = 20_000;

/// The words of all sentences with these roots.
pub(crate) fn of(graph: &Graph, lists: &[Source], roots: &[NodeId]) -> Vec<Box<str>> {
    let mut finder = Finder {
        graph,
        lists,
        known: HashMap::new(),
        words: BTreeSet::new(),
    };
    for root in roots {
        let parts = finder.parts(*root);
        for set in [&parts.whole, &parts.head, &parts.tail] {
            finder.add(set.iter().cloned());
        }
    }
    finder.words.into_iter().map(Into::into).collect()
}

/// The parts of words that a node begins and ends with.
#[derive(Debug, Default)]
struct Parts {
    /// Without a space in them.
    whole: BTreeSet<String>,
    /// Up to the first space.
    head: BTreeSet<String>,
    /// Behind the last one.
    tail: BTreeSet<String>,
}

impl Parts {
    fn nothing() -> Self {
        Self {
            whole: BTreeSet::from([String::new()]),
            ..Self::default()
        }
    }

    fn space() -> Self {
        let nothing = || BTreeSet::from([String::new()]);
        Self {
            whole: BTreeSet::new(),
            head: nothing(),
            tail: nothing(),
        }
    }

    fn merge(&mut self, other: &Self) {
        add(&mut self.whole, other.whole.iter().cloned());
        add(&mut self.head, other.head.iter().cloned());
        add(&mut self.tail, other.tail.iter().cloned());
    }
}

struct Finder<'a> {
    graph: &'a Graph,
    lists: &'a [Source],
    known: HashMap<NodeId, Rc<Parts>>,
    words: BTreeSet<String>,
}

impl Finder<'_> {
    fn parts(&mut self, id: NodeId) -> Rc<Parts> {
        if let Some(known) = self.known.get(&id) {
            return Rc::clone(known);
        }
        let graph = self.graph;
        let parts = match graph.node(id) {
            Node::Text(text) => Parts {
                whole: BTreeSet::from([text.to_string()]),
                ..Parts::default()
            },
            Node::Space => Parts::space(),
            Node::All(nodes) => self.in_order(nodes),
            Node::Any(nodes) => {
                let mut all = Parts::default();
                for node in nodes {
                    all.merge(&self.parts(*node));
                }
                all
            }
            Node::Permutation(nodes) => {
                for node in nodes {
                    let parts = self.parts(*node);
                    for set in [&parts.whole, &parts.head, &parts.tail] {
                        self.add(set.iter().cloned());
                    }
                }
                Parts::space()
            }
            Node::List { list, .. } => self.list(list.0 as usize),
        };
        let parts = Rc::new(parts);
        self.known.insert(id, Rc::clone(&parts));
        parts
    }

    fn in_order(&mut self, nodes: &[NodeId]) -> Parts {
        let mut all = Parts::nothing();
        for node in nodes {
            let next = self.parts(*node);
            let middle = joined(&all.tail, &next.head);
            self.add(middle.into_iter());
            let mut after = Parts::default();
            add(&mut after.whole, joined(&all.whole, &next.whole));
            add(&mut after.head, all.head);
            add(&mut after.head, joined(&all.whole, &next.head));
            add(&mut after.tail, next.tail.iter().cloned());
            add(&mut after.tail, joined(&all.tail, &next.whole));
            all = after;
        }
        all
    }

    fn list(&mut self, list: usize) -> Parts {
        match self.lists.get(list) {
            Some(Source::Home(name)) if name == "area" => Parts {
                whole: BTreeSet::from([AREA.to_string()]),
                ..Parts::default()
            },
            Some(Source::Defined(list)) => match &**list {
                List::Values(values) => {
                    let said: Vec<String> = values.said().map(str::to_owned).collect();
                    let words = said.iter().flat_map(|s| s.split(' '));
                    self.add(words.map(str::to_owned));
                    let single = said.into_iter().filter(|s| !s.contains(' '));
                    let mut parts = Parts::default();
                    add(&mut parts.whole, single);
                    parts
                }
                List::Range(_) | List::Wildcard(_) => Parts::default(),
            },
            _ => Parts::default(),
        }
    }

    fn add(&mut self, words: impl Iterator<Item = String>) {
        for word in words {
            let bare = word.len() == 1 && word.starts_with(AREA);
            if !word.is_empty() && !bare && self.words.len() < MAX_WORDS {
                self.words.insert(word);
            }
        }
    }
}

fn joined(first: &BTreeSet<String>, second: &BTreeSet<String>) -> Vec<String> {
    let pairs = first
        .iter()
        .flat_map(|a| second.iter().map(move |b| format!("{a}{b}")));
    pairs.take(MAX_PARTS).collect()
}

fn add(into: &mut BTreeSet<String>, more: impl IntoIterator<Item = String>) {
    for part in more {
        if into.len() >= MAX_PARTS {
            return;
        }
        into.insert(part);
    }
}
