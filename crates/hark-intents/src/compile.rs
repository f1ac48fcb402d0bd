//! From templates to the graph that the matcher walks: rules put in place, lists ready to
//! be looked up, sizes within bounds.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::error::Error;
use crate::expand;
use crate::list::{List, Values, Wildcard};
use crate::normalize::{normalize, normalize_literal};
use crate::numbers;
use crate::program::{
    Branch, Graph, ListId, Meaning, Node, NodeId, Program, Sentence, SlotId, Source,
};
use crate::sentences::{self, Block, ListValue, Range, Sentences, Written};
use crate::template::{self, ListRef};
use crate::words;

/// How many nodes there may be.
const MAX_NODES: usize = 2_000_000;
/// How deep rules may use each other.
const MAX_RULE_DEPTH: usize = 16;

/// Compiles sentences; `home` says which lists the home has.
pub(crate) fn program(
    sentences: &Sentences,
    home: &dyn Fn(&str) -> bool,
) -> Result<Program, Error> {
    numbers::prepare(&sentences.language);
    let skip_words = sentences.skip_words.iter().map(|w| normalize(w).text);
    let mut compiler = Compiler {
        sentences,
        home,
        program: Program {
            language: sentences.language.clone(),
            graph: Graph::default(),
            lists: Vec::new(),
            slots: Vec::new(),
            meanings: Vec::new(),
            sentences: Vec::new(),
            tree: vec![Branch::default()],
            skip_words: skip_words.filter(|w| !w.is_empty()).collect(),
            words: Vec::new(),
        },
        roots: Vec::new(),
        rules: HashMap::new(),
        local_rules: HashMap::new(),
        lists: HashMap::new(),
        uses: BTreeSet::new(),
    };
    for block in &sentences.blocks {
        compiler.block(block)?;
    }
    let mut program = compiler.program;
    program.graph.seal();
    program.words = words::of(&program.graph, &program.lists, &compiler.roots);
    Ok(program)
}

struct Compiler<'a> {
    sentences: &'a Sentences,
    home: &'a dyn Fn(&str) -> bool,
    program: Program,
    /// The sentences' nodes.
    roots: Vec<NodeId>,
    /// Rules put in place already, by name and whether what follows may be glued to them.
    rules: HashMap<(&'a str, bool), Ready<'a>>,
    /// The same for rules that use something local to the current block.
    local_rules: HashMap<(&'a str, bool), Ready<'a>>,
    /// Lists ready already.
    lists: HashMap<&'a str, ListId>,
    /// The lists and rules that the current rule uses.
    uses: BTreeSet<&'a str>,
}

/// A rule put in place.
#[derive(Clone)]
struct Ready<'a> {
    node: NodeId,
    /// All lists and rules in it, itself included.
    uses: BTreeSet<&'a str>,
}

/// Where a template is compiled.
#[derive(Clone, Copy)]
struct Place<'a> {
    written: &'a Written,
    block: &'a Block,
    depth: usize,
    /// Whether what follows may be written without a space.
    glued: bool,
}

impl<'a> Compiler<'a> {
    fn block(&mut self, block: &'a Block) -> Result<(), Error> {
        self.local_rules.clear();
        let meaning = self.program.meanings.len();
        let keywords = block.keywords.iter().map(|w| normalize(w).text);
        self.program.meanings.push(Meaning {
            intent: block.intent.clone(),
            slots: block.slots.clone(),
            response: block.response.clone(),
            requires: block.requires.clone(),
            excludes: block.excludes.clone(),
            keywords: keywords.collect(),
        });
        for written in &block.sentences {
            let place = Place {
                written,
                block,
                depth: 0,
                glued: false,
            };
            self.sentence(&written.template.root, place, meaning)?;
        }
        Ok(())
    }

    fn sentence(
        &mut self,
        root: &'a template::Node,
        place: Place<'a>,
        meaning: usize,
    ) -> Result<(), Error> {
        let node = self.node(root, place)?;
        self.roots.push(node);
        let ways = match root {
            template::Node::Alternatives(parts) => parts.as_slice(),
            _ => std::slice::from_ref(root),
        };
        let sentence = self.program.sentences.len();
        let open = |node: Option<&template::Node>| node.is_some_and(|n| self.is_wildcard(n, place));
        let parts = match root {
            template::Node::Sequence(parts) => parts.as_slice(),
            _ => std::slice::from_ref(root),
        };
        self.program.sentences.push(Sentence {
            meaning,
            begins_open: open(parts.first()),
            ends_open: open(parts.last()),
        });
        for way in 0..ways.len() {
            let way = match self.program.graph.node(node) {
                Node::Any(each) if ways.len() > 1 => each.get(way).copied().unwrap_or(node),
                _ => node,
            };
            let steps = match self.program.graph.node(way) {
                Node::All(steps) => steps.to_vec(),
                _ => vec![way],
            };
            self.program.plant(&steps, sentence);
        }
        Ok(())
    }

    fn is_wildcard(&self, node: &template::Node, place: Place<'a>) -> bool {
        let template::Node::List {
            list: ListRef::Named(name),
            ..
        } = node
        else {
            return false;
        };
        let local = place.block.lists.get(name);
        let list = local.or_else(|| self.sentences.lists.get(name));
        matches!(list, Some(sentences::List::Wildcard { .. }))
    }

    fn node(&mut self, node: &'a template::Node, place: Place<'a>) -> Result<NodeId, Error> {
        if self.program.graph.len() > MAX_NODES {
            return Err(too_large(place, "makes more than 2,000,000 nodes"));
        }
        let node = match node {
            template::Node::Text(text) => return Ok(self.literal(text)),
            template::Node::Space => Node::Space,
            template::Node::Sequence(parts) => Node::All(self.in_order(parts, place)?.into()),
            template::Node::Alternatives(parts) => Node::Any(self.each(parts, place)?.into()),
            template::Node::Optional(inner) => {
                let inner = match &**inner {
                    template::Node::Alternatives(parts) => self.each(parts, place)?,
                    other => vec![self.node(other, place)?],
                };
                let nothing = self.program.graph.add(Node::All([].into()));
                Node::Any(inner.into_iter().chain([nothing]).collect())
            }
            template::Node::Permutation(parts) => {
                Node::Permutation(self.each(parts, place)?.into())
            }
            template::Node::Rule(name) => return self.rule(name, place),
            template::Node::List { list, slot } => Node::List {
                list: self.list(list, place)?,
                slot: slot.as_deref().map(|name| self.slot(name)),
                glued: place.glued,
            },
        };
        Ok(self.program.graph.add(node))
    }

    fn each(
        &mut self,
        nodes: &'a [template::Node],
        place: Place<'a>,
    ) -> Result<Vec<NodeId>, Error> {
        nodes.iter().map(|n| self.node(n, place)).collect()
    }

    fn in_order(
        &mut self,
        nodes: &'a [template::Node],
        place: Place<'a>,
    ) -> Result<Vec<NodeId>, Error> {
        let mut out = Vec::with_capacity(nodes.len());
        for (at, node) in nodes.iter().enumerate() {
            let after = nodes.get(at + 1..).unwrap_or_default();
            let glued = may_be_glued(after).unwrap_or(place.glued);
            let node = self.node(node, Place { glued, ..place })?;
            // Sequences in sequences are one, so that sentences share their beginnings.
            match self.program.graph.node(node) {
                Node::All(steps) => out.extend(steps.iter().copied()),
                _ => out.push(node),
            }
        }
        Ok(out)
    }

    /// Letters; several words where there is punctuation between them.
    fn literal(&mut self, text: &str) -> NodeId {
        let normal = normalize_literal(text);
        let edge = |c: Option<char>| {
            let breaks = c.is_some_and(|c| normalize_literal(&c.to_string()).is_empty());
            breaks && !c.is_some_and(|c| "'’".contains(c))
        };
        let sign = |word: &str| matches!(word, "%" | "°");
        let graph = &mut self.program.graph;
        let space = graph.add(Node::Space);
        let mut parts = Vec::new();
        if edge(text.chars().next()) || normal.starts_with(sign_char) {
            parts.push(space);
        }
        for (i, word) in normal.split(' ').filter(|w| !w.is_empty()).enumerate() {
            if i > 0 {
                parts.push(space);
            }
            parts.push(graph.add(Node::Text(word.into())));
        }
        let ends_with_sign = normal.split(' ').next_back().is_some_and(sign);
        if edge(text.chars().next_back()) || ends_with_sign {
            parts.push(space);
        }
        match parts.len() {
            1 => parts.swap_remove(0),
            _ => graph.add(Node::All(parts.into())),
        }
    }

    fn slot(&mut self, name: &str) -> SlotId {
        let slots = &mut self.program.slots;
        let at = slots.iter().position(|s| s == name).unwrap_or_else(|| {
            slots.push(name.to_owned());
            slots.len() - 1
        });
        SlotId(u32::try_from(at).expect("a template has a name for each of them"))
    }

    fn rule(&mut self, name: &'a str, place: Place<'a>) -> Result<NodeId, Error> {
        let deeper = deeper(place)?;
        if let Some(ready) = self.ready(name, place) {
            self.uses.extend(ready.uses);
            // A second use makes it worth remembering.
            let again = self.program.graph.node(ready.node).clone();
            return Ok(self.program.graph.add(again));
        }
        let local = place.block.rules.get(name);
        let Some(rule) = local.or_else(|| self.sentences.rules.get(name)) else {
            return Err(unknown(place, "rule", name));
        };
        let inner = Place {
            written: rule,
            ..deeper
        };
        let outer = std::mem::take(&mut self.uses);
        self.uses.insert(name);
        let node = self.node(&rule.template.root, inner)?;
        let uses = std::mem::replace(&mut self.uses, outer);
        self.uses.extend(&uses);
        let ready = Ready { node, uses };
        if uses_local(&ready, place.block) {
            self.local_rules.insert((name, place.glued), ready);
        } else {
            self.rules.insert((name, place.glued), ready);
        }
        Ok(node)
    }

    /// The rule, where it was put in place before and means the same here.
    fn ready(&self, name: &'a str, place: Place<'_>) -> Option<Ready<'a>> {
        let key = (name, place.glued);
        let ready = self.rules.get(&key);
        let ready = ready.filter(|r| !uses_local(r, place.block));
        ready.or_else(|| self.local_rules.get(&key)).cloned()
    }

    fn list(&mut self, list: &'a ListRef, place: Place<'a>) -> Result<ListId, Error> {
        let name = match list {
            ListRef::Named(name) => name.as_str(),
            ListRef::Range { from, to, step } => {
                let range = Range {
                    from: f64::from(*from),
                    to: f64::from(*to),
                    step: f64::from(*step),
                    parts: 1.0,
                    multiplier: 1.0,
                };
                return Ok(self.add_list(Source::Defined(Arc::new(List::Range(range)))));
            }
        };
        self.named_list(name, place)
    }

    fn named_list(&mut self, name: &'a str, place: Place<'a>) -> Result<ListId, Error> {
        self.uses.insert(name);
        if let Some(local) = place.block.lists.get(name) {
            let list = self.defined(local, place, Some(place.block))?;
            return Ok(self.add_list(Source::Defined(Arc::new(list))));
        }
        if let Some(id) = self.lists.get(name) {
            return Ok(*id);
        }
        let source = if (self.home)(name) {
            Source::Home(name.to_owned())
        } else if let Some(list) = self.sentences.lists.get(name) {
            Source::Defined(Arc::new(self.defined(list, deeper(place)?, None)?))
        } else {
            return Err(unknown(place, "list", name));
        };
        let id = self.add_list(source);
        self.lists.insert(name, id);
        Ok(id)
    }

    fn add_list(&mut self, source: Source) -> ListId {
        self.program.lists.push(source);
        let at = self.program.lists.len() - 1;
        ListId(u32::try_from(at).expect("a file has a line for each of them"))
    }

    /// A list that the sentences define.
    fn defined(
        &mut self,
        list: &'a sentences::List,
        place: Place<'a>,
        local: Option<&'a Block>,
    ) -> Result<List, Error> {
        match list {
            sentences::List::Range(range) => Ok(List::Range(*range)),
            sentences::List::Wildcard {
                max_words,
                without,
                not_in,
                part_of_word,
            } => {
                let not_in = not_in
                    .iter()
                    .map(|name| self.named_list(name, deeper(place)?));
                Ok(List::Wildcard(Wildcard {
                    max_words: *max_words,
                    without: without.iter().map(|w| normalize(w).text).collect(),
                    not_in: not_in.collect::<Result<_, _>>()?,
                    part_of_word: *part_of_word,
                }))
            }
            sentences::List::Values(values) => self.values(values, local).map(List::Values),
        }
    }

    fn values(&self, values: &'a [ListValue], local: Option<&'a Block>) -> Result<Values, Error> {
        let mut out = Values::default();
        let rule = |name: &str| {
            let local = local.and_then(|b| b.rules.get(name));
            local.or_else(|| self.sentences.rules.get(name))
        };
        for value in values {
            let said = &value.said;
            let spellings = expand::spellings(&said.template.root, &rule);
            let spellings = spellings.map_err(|why| Error::TooLarge {
                file: said.file.to_string(),
                line: said.line,
                template: said.text.clone(),
                why,
            })?;
            let at = out.add(value.value.clone(), value.context.clone());
            for words in spellings {
                out.say(&words, at);
            }
        }
        Ok(out)
    }
}

/// Whether the first of `nodes` may be written right behind what is before them; `None`
/// where they may be nothing at all.
fn may_be_glued(nodes: &[template::Node]) -> Option<bool> {
    for node in nodes {
        match node {
            template::Node::Space => return Some(false),
            template::Node::Optional(inner) if begins_with_space(inner) => {}
            _ => return Some(true),
        }
    }
    None
}

fn begins_with_space(node: &template::Node) -> bool {
    match node {
        template::Node::Space => true,
        template::Node::Sequence(parts) => parts.first().is_some_and(begins_with_space),
        template::Node::Alternatives(parts) => parts.iter().all(begins_with_space),
        _ => false,
    }
}

fn sign_char(c: char) -> bool {
    matches!(c, '%' | '°')
}

/// Whether the block gives a meaning of its own to something in the rule.
fn uses_local(rule: &Ready<'_>, block: &Block) -> bool {
    let mut names = block.rules.keys().chain(block.lists.keys());
    names.any(|name| rule.uses.contains(name.as_str()))
}

/// A place one rule or list further down.
fn deeper(place: Place<'_>) -> Result<Place<'_>, Error> {
    if place.depth >= MAX_RULE_DEPTH {
        return Err(too_large(
            place,
            "nests rules and lists more than 16 deep, or in a circle",
        ));
    }
    Ok(Place {
        depth: place.depth + 1,
        ..place
    })
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
