//! Walks the graph of all sentences over one text.
//!
//! A walk is a set of ways, each a place in the text with what was captured on the way
//! there; a step takes all of them through a node. What a node that many sentences share
//! matches at a place is found out once, and at each place only the few best ways stay:
//! the work is bounded by nodes × places, and by a budget besides, whatever the sentences
//! and the text.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::captures::{Captured, Captures};
use crate::hasher::Fast;
use crate::list::List;
use crate::program::{Facts, Node, NodeId, Program};

mod lists;

/// How many ways may lead to one place.
const WAYS_PER_PLACE: usize = 6;
/// How many results there is room for at first; most sentences need no more.
const MEMO: usize = 512;
/// How many words (or phrases) may be skipped in a row.
const MAX_SKIPPED: usize = 8;

/// What a letter is worth by what it matched, in thousandths.
mod worth {
    /// Spelled by a template, or given by a list or number.
    pub(in crate::search) const KNOWN: u32 = 1000;
    /// The same, with other spaces.
    pub(in crate::search) const LOOSE: u32 = 980;
    /// In a device's or list's name from the home.
    pub(in crate::search) const NAME: u32 = 1050;
    /// In a skipped word.
    pub(in crate::search) const SKIPPED: u32 = 900;
    /// In a wildcard.
    pub(in crate::search) const WILDCARD: u32 = 100;
}

/// How exactly the text has to be what the sentences say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Skip words may be left out anywhere, names have their spaces as people write them.
    Spoken,
    /// As Home Assistant's matcher has it: every word counts.
    Strict,
}

/// A place in the text and how it was reached.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    at: usize,
    /// Whether a value ends here, behind which a space may be missing.
    loose: bool,
    /// The worth of the letters so far, in thousandths.
    pub(crate) worth: u32,
    /// The letters that sentences spelled.
    pub(crate) literal: u32,
    pub(crate) captured: Captured,
}

impl Way {
    fn start(at: usize, loose: bool) -> Self {
        Self {
            at,
            loose,
            worth: 0,
            literal: 0,
            captured: Captured::NONE,
        }
    }

    fn moved(&self, to: usize, worth: u32) -> Self {
        Self {
            at: to,
            loose: false,
            worth: self.worth.saturating_add(worth),
            ..*self
        }
    }
}

/// A whole sentence that the text says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) sentence: usize,
    pub(crate) way: Way,
}

/// One text, searched with all sentences.
pub(crate) struct Search<'t, 'p> {
    /// Normalised.
    text: &'t str,
    program: &'p Program,
    lists: &'p [Arc<List>],
    mode: Mode,
    /// Steps that may still be taken.
    budget: usize,
    /// What shared nodes matched, by node, place and whether a value ended there.
    memo: HashMap<(NodeId, usize, bool), Rc<[Way]>, Fast>,
    /// Numbers by where they begin.
    numbers: HashMap<usize, Rc<[(usize, f64)]>, Fast>,
    /// What may be skipped, by place.
    skipped: HashMap<usize, Rc<[(usize, u32)]>, Fast>,
    pub(crate) captures: Captures,
    /// Whether some sentence goes on behind the text.
    pub(crate) goes_on: bool,
    found: Vec<Said>,
}

impl<'t, 'p> Search<'t, 'p> {
    /// Searches a normalised text; gives up after `budget` steps.
    pub(crate) fn new(
        text: &'t str,
        program: &'p Program,
        lists: &'p [Arc<List>],
        mode: Mode,
        budget: usize,
    ) -> Self {
        Self {
            text,
            program,
            lists,
            mode,
            budget,
            memo: HashMap::with_capacity_and_hasher(MEMO, Fast::default()),
            numbers: HashMap::default(),
            skipped: HashMap::default(),
            captures: Captures::new(),
            goes_on: false,
            found: Vec::new(),
        }
    }

    /// Every way in which a sentence says the whole text; nothing where finding them out
    /// would take more than the budget.
    pub(crate) fn run(&mut self) -> Vec<Said> {
        let mut start = Vec::new();
        self.skip(Way::start(0, false), &mut start);
        self.walk(0, &start);
        if self.budget == 0 {
            return Vec::new();
        }
        std::mem::take(&mut self.found)
    }

    fn walk(&mut self, branch: usize, ways: &[Way]) {
        let program = self.program;
        let Some(branch) = program.tree.get(branch) else {
            return;
        };
        for sentence in &branch.ends {
            for way in ways {
                let mut skipped = Vec::new();
                self.skip(*way, &mut skipped);
                let whole = skipped.into_iter().find(|way| way.at == self.text.len());
                let sentence = *sentence;
                self.found.extend(whole.map(|way| Said { sentence, way }));
            }
        }
        let mut next = Vec::new();
        for (node, after) in &branch.next {
            next.clear();
            self.step(*node, ways, &mut next);
            if !next.is_empty() {
                let ways = self.best(std::mem::take(&mut next));
                self.walk(*after, &ways);
            }
        }
    }

    /// Takes ways through a node.
    fn step(&mut self, node: NodeId, ways: &[Way], out: &mut Vec<Way>) {
        let program = self.program;
        let (facts, what) = program.graph.both(node);
        for way in ways {
            if !self.may_begin(facts, way) {
                continue;
            }
            if self.budget == 0 {
                return;
            }
            self.budget -= 1;
            match what {
                Node::Text(text) => self.letters(text, way, out),
                Node::Space => self.space(way, out),
                _ if facts.shared => {
                    let ends = self.through(node, way.at, way.loose);
                    for end in ends.iter() {
                        let joined = self.joined(way, end);
                        out.push(joined);
                    }
                }
                _ => self.enter(node, *way, out),
            }
        }
    }

    fn joined(&mut self, way: &Way, end: &Way) -> Way {
        Way {
            worth: way.worth.saturating_add(end.worth),
            literal: way.literal.saturating_add(end.literal),
            captured: self.captures.join(way.captured, end.captured),
            ..*end
        }
    }

    /// A look at the next byte, before anything is done.
    fn may_begin(&mut self, facts: &Facts, way: &Way) -> bool {
        if facts.nullable {
            return true;
        }
        let bytes = self.text.as_bytes();
        match bytes.get(way.at) {
            None => {
                self.goes_on = true;
                false
            }
            Some(b' ') if way.loose => true,
            Some(byte) => facts.first.contains(*byte),
        }
    }

    /// What a node matches at a place does not depend on how the place was reached.
    fn through(&mut self, node: NodeId, at: usize, loose: bool) -> Rc<[Way]> {
        let key = (node, at, loose);
        if let Some(known) = self.memo.get(&key) {
            return Rc::clone(known);
        }
        let mut out = Vec::new();
        self.enter(node, Way::start(at, loose), &mut out);
        let out: Rc<[Way]> = self.best(out).into();
        self.memo.insert(key, Rc::clone(&out));
        out
    }

    fn enter(&mut self, node: NodeId, start: Way, out: &mut Vec<Way>) {
        let program = self.program;
        match program.graph.node(node) {
            Node::Text(_) | Node::Space => self.step(node, &[start], out),
            Node::Any(parts) => {
                for part in parts {
                    self.step(*part, &[start], out);
                }
            }
            Node::All(parts) => {
                let Some((first, more)) = parts.split_first() else {
                    out.push(start);
                    return;
                };
                let mut ways = Vec::new();
                self.step(*first, &[start], &mut ways);
                for part in more {
                    if ways.is_empty() {
                        return;
                    }
                    let mut next = Vec::new();
                    self.step(*part, &ways, &mut next);
                    ways = self.best(next);
                }
                out.append(&mut ways);
            }
            Node::Permutation(parts) => self.permutation(parts, start, out),
            Node::List { list, slot, glued } => self.list(*list, *slot, *glued, start, out),
        }
    }

    /// All parts in any order: ways by the set of parts they took.
    fn permutation(&mut self, parts: &[NodeId], start: Way, out: &mut Vec<Way>) {
        let sets = 1_usize << parts.len();
        let mut by_set: Vec<Vec<Way>> = vec![Vec::new(); sets];
        if let Some(none) = by_set.first_mut() {
            self.space(&start, none);
        }
        for set in 0..sets {
            let ways = by_set.get_mut(set).map(std::mem::take).unwrap_or_default();
            let ways = self.best(ways);
            if set + 1 == sets {
                out.extend(ways);
                return;
            }
            for (at, part) in parts.iter().enumerate() {
                let with = set | 1 << at;
                if ways.is_empty() || with == set {
                    continue;
                }
                let (mut ends, mut spaced) = (Vec::new(), Vec::new());
                self.step(*part, &ways, &mut ends);
                for end in &ends {
                    self.space(end, &mut spaced);
                }
                if let Some(next) = by_set.get_mut(with) {
                    next.append(&mut spaced);
                }
            }
        }
    }

    fn rest(&self, at: usize) -> &'t str {
        self.text.get(at..).unwrap_or("")
    }

    fn letters(&mut self, text: &str, way: &Way, out: &mut Vec<Way>) {
        let rest = self.rest(way.at);
        let from = match rest.strip_prefix(' ') {
            Some(_) if way.loose => way.at + 1,
            _ => way.at,
        };
        let rest = self.rest(from);
        if rest.starts_with(text) {
            let count = length(text);
            let mut moved = way.moved(from + text.len(), count * worth::KNOWN);
            moved.literal += count;
            out.push(moved);
        } else if text.starts_with(rest) {
            self.goes_on = true;
        }
    }

    /// A border between words, and what may be skipped behind it.
    fn space(&mut self, way: &Way, out: &mut Vec<Way>) {
        if self.rest(way.at).starts_with(' ') {
            self.skip(way.moved(way.at + 1, 0), out);
        } else if way.loose || self.is_border(way.at) {
            out.push(way.moved(way.at, 0));
        }
    }

    fn is_border(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|b| self.text.as_bytes().get(b));
        at == self.text.len() || before.is_none_or(|b| *b == b' ')
    }

    /// The way itself, and those behind words that may be skipped there.
    fn skip(&mut self, way: Way, out: &mut Vec<Way>) {
        out.push(way);
        if self.mode == Mode::Strict || self.program.skip_words.is_empty() {
            return;
        }
        let skipped = match self.skipped.get(&way.at) {
            Some(known) => Rc::clone(known),
            None => {
                let found: Rc<[_]> = self.skipped_from(way.at).into();
                self.skipped.insert(way.at, Rc::clone(&found));
                found
            }
        };
        out.extend(skipped.iter().map(|(end, worth)| way.moved(*end, *worth)));
    }

    /// The places behind words that may be skipped at a place, and what those are worth.
    fn skipped_from(&self, at: usize) -> Vec<(usize, u32)> {
        let mut ends = vec![(at, 0)];
        for next in 0..MAX_SKIPPED {
            let Some((at, before)) = ends.get(next).copied() else {
                break;
            };
            let rest = self.rest(at);
            let words = rest.strip_prefix(' ').unwrap_or(rest);
            let start = self.text.len() - words.len();
            let fresh = start == 0 || self.text.as_bytes().get(start - 1) == Some(&b' ');
            if !fresh {
                continue;
            }
            for word in &self.program.skip_words {
                let Some(after) = words.strip_prefix(word.as_str()) else {
                    continue;
                };
                let end = match after.strip_prefix(' ') {
                    Some(after) => self.text.len() - after.len(),
                    None if after.is_empty() => self.text.len(),
                    None => continue,
                };
                if ends.iter().all(|known| known.0 != end) {
                    ends.push((end, before + length(word) * worth::SKIPPED));
                }
            }
        }
        ends.split_off(1)
    }

    /// The best ways to each place; of those with the same captures, one.
    fn best(&self, mut ways: Vec<Way>) -> Vec<Way> {
        if ways.len() < 2 {
            return ways;
        }
        ways.sort_by(|a, b| {
            let place = (a.at, a.loose).cmp(&(b.at, b.loose));
            place.then(b.worth.cmp(&a.worth))
        });
        let mut kept: Vec<Way> = Vec::with_capacity(ways.len());
        for way in ways {
            let same_place = |k: &&Way| k.at == way.at && k.loose == way.loose;
            let here = kept.iter().rev().take_while(same_place);
            let hash = self.captures.hash(way.captured);
            let (mut count, mut known) = (0, false);
            for other in here {
                count += 1;
                known |= self.captures.hash(other.captured) == hash;
            }
            if !known && count < WAYS_PER_PLACE {
                kept.push(way);
            }
        }
        kept
    }
}

/// How many letters a normalised text has, in bytes without spaces.
pub(crate) fn length(text: &str) -> u32 {
    let count = text.bytes().filter(|b| *b != b' ').count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
