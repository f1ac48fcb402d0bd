//! From templates and names to what the matcher walks: rules put in place, lists ready to
//! be looked up, sizes within bounds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use hark_core::Language;
use hark_core::intent::SlotValue;

use crate::error::Error;
use crate::lexicon::{Entry, Lexicon};
use crate::list::{List, Values, Wildcard};
use crate::normalize::{normalize, normalize_literal};
use crate::numbers;
use crate::sentences::{self, Block, Sentences, Written};
use crate::template::Node;

/// How many parts a template may have with its rules put in place.
const MAX_SIZE: usize = 20_000;
/// How deep rules may use each other.
const MAX_RULE_DEPTH: usize = 12;

/// Everything that can be said.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) language: Language,
    pub(crate) blocks: Vec<Compiled>,
    /// Normalised.
    pub(crate) skip_words: Vec<String>,
}

/// Sentences that mean the same.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) intent: String,
    pub(crate) slots: BTreeMap<String, SlotValue>,
    pub(crate) response: String,
    pub(crate) requires: BTreeMap<String, Vec<String>>,
    pub(crate) excludes: BTreeMap<String, Vec<String>>,
    pub(crate) sentences: Vec<Op>,
}

/// A step of matching. Parts that several sentences share are shared.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// These letters.
    Text(Box<str>),
    /// A border between words.
    Space,
    /// One after another.
    All(Arc<[Op]>),
    /// Any of them.
    Any(Arc<[Op]>),
    /// A value of a list.
    List { list: Arc<List>, slot: Arc<str> },
    /// What a rule stands for: what it matches at a place is found out once.
    Rule(Arc<Op>),
}

impl Program {
    pub(crate) fn new(sentences: &Sentences, lexicon: &Lexicon) -> Result<Self, Error> {
        numbers::prepare(&sentences.language);
        let mut compiler = Compiler {
            sentences,
            lexicon,
            rules: HashMap::new(),
            local_rules: HashMap::new(),
            lists: HashMap::new(),
            uses: BTreeSet::new(),
            size: 0,
        };
        let blocks = sentences.blocks.iter().map(|b| compiler.block(b));
        let skip_words = sentences.skip_words.iter().map(|w| normalize(w).text);
        Ok(Self {
            language: sentences.language.clone(),
            blocks: blocks.collect::<Result<_, _>>()?,
            skip_words: skip_words.filter(|w| !w.is_empty()).collect(),
        })
    }
}

struct Compiler<'a> {
    sentences: &'a Sentences,
    lexicon: &'a Lexicon,
    /// Rules put in place already.
    rules: HashMap<&'a str, Ready<'a>>,
    /// The same for rules that use something local to the current block.
    local_rules: HashMap<&'a str, Ready<'a>>,
    /// Lists ready already.
    lists: HashMap<&'a str, Arc<List>>,
    /// The lists and rules that the current rule uses.
    uses: BTreeSet<&'a str>,
    /// Size of the current template so far.
    size: usize,
}

/// A rule put in place.
#[derive(Clone)]
struct Ready<'a> {
    op: Arc<Op>,
    size: usize,
    /// All lists and rules in it, itself included.
    uses: BTreeSet<&'a str>,
}

/// Where a template is compiled.
#[derive(Clone, Copy)]
struct Place<'a> {
    written: &'a Written,
    /// `None` outside of blocks, as in a list's values.
    block: Option<&'a Block>,
    depth: usize,
}

impl<'a> Compiler<'a> {
    fn block(&mut self, block: &'a Block) -> Result<Compiled, Error> {
        self.local_rules.clear();
        let ops = block.sentences.iter().map(|written| {
            self.size = 0;
            let place = Place {
                written,
                block: Some(block),
                depth: 0,
            };
            self.op(&written.template.root, place)
        });
        let sentences = ops.collect::<Result<_, _>>()?;
        Ok(Compiled {
            intent: block.intent.clone(),
            slots: block.slots.clone(),
            response: block.response.clone(),
            requires: block.requires.clone(),
            excludes: block.excludes.clone(),
            sentences,
        })
    }

    fn op(&mut self, node: &'a Node, place: Place<'a>) -> Result<Op, Error> {
        self.grow(1, place)?;
        match node {
            Node::Text(text) => Ok(literal(text)),
            Node::Space => Ok(Op::Space),
            Node::Sequence(parts) => Ok(Op::All(self.ops(parts, place)?.into())),
            Node::Alternatives(parts) => Ok(Op::Any(self.ops(parts, place)?.into())),
            Node::Optional(inner) => {
                let inner = self.op(inner, place)?;
                Ok(Op::Any([inner, Op::All(Arc::new([]))].into()))
            }
            Node::Permutation(parts) => {
                let ops = self.ops(parts, place)?;
                let orders = permutations(ops.len());
                self.grow(orders.len() * ops.len(), place)?;
                let any = orders.into_iter().map(|order| all_in(&ops, &order));
                Ok(Op::Any(any.collect()))
            }
            Node::Rule(name) => self.rule(name, place).map(Op::Rule),
            Node::List { list, slot } => Ok(Op::List {
                list: self.list(list, place)?,
                slot: slot.as_str().into(),
            }),
        }
    }

    fn ops(&mut self, nodes: &'a [Node], place: Place<'a>) -> Result<Vec<Op>, Error> {
        nodes.iter().map(|n| self.op(n, place)).collect()
    }

    fn rule(&mut self, name: &'a str, place: Place<'a>) -> Result<Arc<Op>, Error> {
        let deeper = deeper(place)?;
        if let Some(ready) = self.ready(name, place) {
            self.grow(ready.size, place)?;
            self.uses.extend(ready.uses);
            return Ok(ready.op);
        }
        let local = place.block.and_then(|b| b.rules.get(name));
        let Some(rule) = local.or_else(|| self.sentences.rules.get(name)) else {
            return Err(unknown(place, "rule", name));
        };
        let inner = Place {
            written: rule,
            ..deeper
        };
        let (before, outer) = (self.size, std::mem::take(&mut self.uses));
        self.uses.insert(name);
        let op = Arc::new(self.op(&rule.template.root, inner)?);
        let uses = std::mem::replace(&mut self.uses, outer);
        self.uses.extend(&uses);
        let ready = Ready {
            op: Arc::clone(&op),
            size: self.size - before,
            uses,
        };
        if uses_local(&ready, place) {
            self.local_rules.insert(name, ready);
        } else {
            self.rules.insert(name, ready);
        }
        Ok(op)
    }

    /// The rule, where it was put in place before and means the same here.
    fn ready(&self, name: &str, place: Place<'_>) -> Option<Ready<'a>> {
        let ready = self.rules.get(name).filter(|r| !uses_local(r, place));
        ready.or_else(|| self.local_rules.get(name)).cloned()
    }

    fn list(&mut self, name: &'a str, place: Place<'a>) -> Result<Arc<List>, Error> {
        self.uses.insert(name);
        if let Some(local) = place.block.and_then(|b| b.lists.get(name)) {
            return Ok(Arc::new(self.defined(local, place)?));
        }
        if let Some(list) = self.lists.get(name) {
            return Ok(Arc::clone(list));
        }
        let list = if let Some(entries) = self.lexicon.lists.get(name) {
            List::Values(names(entries, name == "name"))
        } else if let Some(list) = self.sentences.lists.get(name) {
            self.defined(list, place)?
        } else {
            return Err(unknown(place, "list", name));
        };
        let list = Arc::new(list);
        self.lists.insert(name, Arc::clone(&list));
        Ok(list)
    }

    /// A list that the sentences define.
    fn defined(&mut self, list: &'a sentences::List, place: Place<'a>) -> Result<List, Error> {
        let values = match list {
            sentences::List::Range(range) => return Ok(List::Range(*range)),
            sentences::List::Wildcard {
                max_words,
                without,
                not_in,
                part_of_word,
            } => {
                let not_in = not_in.iter().map(|name| self.list(name, deeper(place)?));
                return Ok(List::Wildcard(Wildcard {
                    max_words: *max_words,
                    without: without.iter().map(|w| normalize(w).text).collect(),
                    not_in: not_in.collect::<Result<_, _>>()?,
                    part_of_word: *part_of_word,
                }));
            }
            sentences::List::Values(values) => values,
        };
        let mut out = Values::default();
        for value in values {
            let at = out.add(value.value.clone(), value.context.clone());
            if let Some(words) = plain_words(&value.said.template.root) {
                out.say(&words, at);
                continue;
            }
            let inner = Place {
                written: &value.said,
                block: None,
                ..deeper(place)?
            };
            let op = self.op(&value.said.template.root, inner)?;
            out.templates.push((op, at));
        }
        Ok(List::Values(out))
    }

    fn grow(&mut self, by: usize, place: Place<'_>) -> Result<(), Error> {
        self.size = self.size.saturating_add(by);
        if self.size > MAX_SIZE {
            return Err(too_large(place, "has more than 20,000 parts"));
        }
        Ok(())
    }
}

/// Whether the block at `place` gives a meaning of its own to something in the rule.
fn uses_local(rule: &Ready<'_>, place: Place<'_>) -> bool {
    place.block.is_some_and(|block| {
        let names = block.rules.keys().chain(block.lists.keys());
        names
            .into_iter()
            .any(|name| rule.uses.contains(name.as_str()))
    })
}

/// A place one rule or list further down.
fn deeper(place: Place<'_>) -> Result<Place<'_>, Error> {
    if place.depth >= MAX_RULE_DEPTH {
        return Err(too_large(
            place,
            "nests rules and lists more than 12 deep, or in a circle",
        ));
    }
    Ok(Place {
        depth: place.depth + 1,
        ..place
    })
}

/// Names from the home.
fn names(entries: &[Entry], devices: bool) -> Values {
    let mut out = Values::default();
    out.names = devices;
    for entry in entries {
        let value = SlotValue::Text(entry.value.clone());
        let at = out.add(value, entry.context.clone());
        for words in &entry.spoken {
            out.say(words, at);
        }
    }
    out
}

/// The words of a template that has nothing but words.
fn plain_words(node: &Node) -> Option<String> {
    match node {
        Node::Text(text) => Some(text.clone()),
        Node::Space => Some(" ".to_owned()),
        Node::Sequence(parts) => parts.iter().map(plain_words).collect(),
        _ => None,
    }
}

/// Letters; several words where there is punctuation between them.
fn literal(text: &str) -> Op {
    let normal = normalize_literal(text);
    let edge = |c: Option<char>| {
        let breaks = c.is_some_and(|c| normalize_literal(&c.to_string()).is_empty());
        breaks && !c.is_some_and(|c| "'’".contains(c))
    };
    let mut parts = Vec::new();
    if edge(text.chars().next()) {
        parts.push(Op::Space);
    }
    for (i, word) in normal.split(' ').filter(|w| !w.is_empty()).enumerate() {
        if i > 0 {
            parts.push(Op::Space);
        }
        parts.push(Op::Text(word.into()));
    }
    if edge(text.chars().next_back()) {
        parts.push(Op::Space);
    }
    match parts.len() {
        1 => parts.swap_remove(0),
        _ => Op::All(parts.into()),
    }
}

/// `ops` in that order, with a border between words after each but the last.
fn all_in(ops: &[Op], order: &[usize]) -> Op {
    let mut parts = Vec::with_capacity(order.len() * 2);
    for at in order {
        if !parts.is_empty() {
            parts.push(Op::Space);
        }
        parts.extend(ops.get(*at).cloned());
    }
    Op::All(parts.into())
}

/// Every order of `0..n`.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for next in 0..n {
        let longer = orders.iter().flat_map(|order: &Vec<usize>| {
            (0..=order.len()).map(|at| {
                let mut order = order.clone();
                order.insert(at, next);
                order
            })
        });
        orders = longer.collect();
    }
    orders
}

fn unknown(place: Place<'_>, what: &'static str, name: &str) -> Error {
    Error::Unknown {
        file: place.written.file.to_string(),
        line: place.written.line,
        template: place.written.text.clone(),
        what,
        name: name.to_owned(),
    }
}

fn too_large(place: Place<'_>, why: &'static str) -> Error {
    Error::TooLarge {
        file: place.written.file.to_string(),
        line: place.written.line,
        template: place.written.text.clone(),
        why,
    }
}
