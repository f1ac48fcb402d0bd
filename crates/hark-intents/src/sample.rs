//! Sentences made from templates: what can be said in a home, and what intents there are.

use std::collections::{BTreeMap, BTreeSet};

use crate::lexicon::Lexicon;
use crate::sentences::{Block, List, ListValue, Range, Sentences, Written};
use crate::template::{ListRef, Node};

/// How deep rules may use each other.
const MAX_DEPTH: usize = 16;

/// An intent that sentences have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntentInfo {
    /// Its name.
    pub name: String,
    /// The slots that some of its sentences fill.
    pub slots: BTreeSet<String>,
    /// How many templates it has.
    pub templates: usize,
}

/// A sentence that a template says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The sentence.
    pub text: String,
    /// Its intent.
    pub intent: String,
}

impl Sentences {
    /// Every intent, in the order of their names.
    pub fn intents(&self) -> Vec<IntentInfo> {
        let mut all: BTreeMap<&str, IntentInfo> = BTreeMap::new();
        for block in &self.blocks {
            let info = all.entry(&block.intent).or_insert_with(|| IntentInfo {
                name: block.intent.clone(),
                slots: BTreeSet::new(),
                templates: 0,
            });
            info.templates += block.sentences.len();
            info.slots.extend(block.slots.keys().cloned());
            let mut seen = BTreeSet::new();
            for written in &block.sentences {
                self.slots(&written.template.root, block, &mut seen, &mut info.slots);
            }
        }
        all.into_values().collect()
    }

    fn slots<'a>(
        &'a self,
        node: &'a Node,
        block: &'a Block,
        seen: &mut BTreeSet<&'a str>,
        out: &mut BTreeSet<String>,
    ) {
        match node {
            Node::Text(_) | Node::Space => {}
            Node::Sequence(parts) | Node::Alternatives(parts) | Node::Permutation(parts) => {
                for part in parts {
                    self.slots(part, block, seen, out);
                }
            }
            Node::Optional(inner) => self.slots(inner, block, seen, out),
            Node::List { slot, .. } => out.extend(slot.clone()),
            Node::Rule(name) => {
                if seen.insert(name)
                    && let Some(rule) = self.rule(name, block)
                {
                    self.slots(&rule.template.root, block, seen, out);
                }
            }
        }
    }

    fn rule<'a>(&'a self, name: &str, block: &'a Block) -> Option<&'a Written> {
        block.rules.get(name).or_else(|| self.rules.get(name))
    }
}

/// Makes sentences by chance; the same seed makes the same ones.
#[derive(Debug)]
pub struct Sampler<'a> {
    sentences: &'a Sentences,
    lexicon: &'a Lexicon,
    state: u64,
}

impl<'a> Sampler<'a> {
    /// Sentences about a home.
    pub fn new(sentences: &'a Sentences, lexicon: &'a Lexicon, seed: u64) -> Self {
        Self {
            sentences,
            lexicon,
            state: seed,
        }
    }

    /// A sentence, of one intent where one is named; every template is as likely. `None`
    /// where there is no such intent.
    pub fn draw(&mut self, intent: Option<&str>) -> Option<Sample> {
        let sentences = self.sentences;
        let blocks = sentences.blocks.iter();
        let wanted = blocks.filter(|b| intent.is_none_or(|intent| b.intent == intent));
        let all: Vec<(&Block, &Written)> = wanted
            .flat_map(|block| block.sentences.iter().map(move |s| (block, s)))
            .collect();
        let (block, written) = *all.get(self.below(all.len()))?;
        let mut text = String::new();
        self.say(&written.template.root, block, 0, &mut text);
        let words: Vec<&str> = text.split_whitespace().collect();
        Some(Sample {
            text: words.join(" "),
            intent: block.intent.clone(),
        })
    }

    /// A number below `bound`, 0 where that is 0 (SplitMix64, Steele et al. 2014).
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let z = z ^ (z >> 31);
        usize::try_from(z % (bound.max(1) as u64)).unwrap_or(0)
    }

    fn say(&mut self, node: &'a Node, block: &'a Block, depth: usize, out: &mut String) {
        match node {
            Node::Text(text) => out.push_str(text),
            Node::Space => out.push(' '),
            Node::Sequence(parts) => {
                for part in parts {
                    self.say(part, block, depth, out);
                }
            }
            Node::Alternatives(parts) => {
                if let Some(part) = parts.get(self.below(parts.len())) {
                    self.say(part, block, depth, out);
                }
            }
            Node::Optional(inner) => {
                if self.below(2) == 1 {
                    self.say(inner, block, depth, out);
                }
            }
            Node::Permutation(parts) => {
                let mut left: Vec<&Node> = parts.iter().collect();
                while !left.is_empty() {
                    let part = left.swap_remove(self.below(left.len()));
                    out.push(' ');
                    self.say(part, block, depth, out);
                }
                out.push(' ');
            }
            Node::Rule(name) => {
                let rule = self.sentences.rule(name, block);
                if let Some(rule) = rule.filter(|_| depth < MAX_DEPTH) {
                    self.say(&rule.template.root, block, depth + 1, out);
                }
            }
            Node::List { list, .. } => self.value(list, block, depth, out),
        }
    }

    fn value(&mut self, list: &'a ListRef, block: &'a Block, depth: usize, out: &mut String) {
        let name = match list {
            ListRef::Named(name) => name,
            ListRef::Range { from, to, step } => {
                let steps = (to - from) / step;
                let nth = self.below(steps as usize + 1);
                out.push_str(&(from + step * nth as u32).to_string());
                return;
            }
        };
        let lexicon = self.lexicon;
        if let Some(entries) = lexicon.lists.get(name) {
            let fits = |entry: &&crate::Entry| {
                block.requires.iter().all(|(key, condition)| {
                    let (Some(values), Some(is)) = (&condition.values, entry.context.get(key))
                    else {
                        return true;
                    };
                    values.contains(is)
                })
            };
            let entries: Vec<_> = entries.iter().filter(fits).collect();
            let entry = entries.get(self.below(entries.len()));
            let spoken = entry.map_or(&[][..], |entry| &entry.spoken);
            out.push_str(
                spoken
                    .get(self.below(spoken.len()))
                    .map_or("", String::as_str),
            );
            return;
        }
        match block
            .lists
            .get(name)
            .or_else(|| self.sentences.lists.get(name))
        {
            Some(List::Values(values)) => {
                let value: Option<&ListValue> = values.get(self.below(values.len()));
                if let Some(value) = value.filter(|_| depth < MAX_DEPTH) {
                    self.say(&value.said.template.root, block, depth + 1, out);
                }
            }
            Some(List::Range(range)) => out.push_str(&self.number(range)),
            Some(List::Wildcard { .. }) => out.push_str("Apfelkuchen"),
            None => {}
        }
    }

    fn number(&mut self, range: &Range) -> String {
        let steps = ((range.to - range.from) / range.step)
            .floor()
            .clamp(0.0, 1e6);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was just clamped"
        )]
        let nth = self.below(steps as usize + 1);
        (range.from + range.step * nth as f64).to_string()
    }
}

#[cfg(test)]
mod tests {
    use hark_core::Language;

    use super::*;
    use crate::Matcher;

    fn lexicon() -> Lexicon {
        let entry = |name: &str, domain: &str| crate::Entry {
            value: name.to_owned(),
            spoken: vec![name.to_owned()],
            context: BTreeMap::from([("domain".to_owned(), domain.to_owned())]),
        };
        let devices = [
            ("Stehlampe", "light"),
            ("Garagentor", "cover"),
            ("Radio", "media_player"),
        ];
        let lists = BTreeMap::from([
            (
                "name".to_owned(),
                devices.map(|(n, d)| entry(n, d)).to_vec(),
            ),
            ("area".to_owned(), vec![entry("Flur", "")]),
            ("floor".to_owned(), vec![entry("Keller", "")]),
        ]);
        Lexicon {
            language: Language::german(),
            lists,
        }
    }

    #[test]
    fn what_is_drawn_is_mostly_understood_as_its_intent() {
        let sentences = Sentences::builtin(&Language::german()).unwrap();
        let lexicon = lexicon();
        let matcher = Matcher::compile(&sentences, &lexicon).unwrap();
        let mut sampler = Sampler::new(&sentences, &lexicon, 7);
        let (mut right, count) = (0, 300);
        for _ in 0..count {
            let sample = sampler.draw(None).unwrap();
            let readings = matcher.readings(&sample.text);
            right += usize::from(readings.iter().any(|r| r.intent.name == sample.intent));
        }
        // Some templates ask for a device of a kind that this home does not have.
        assert!(right * 10 >= count * 7, "{right} of {count}");
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let sentences = Sentences::builtin(&Language::german()).unwrap();
        let lexicon = lexicon();
        let draw = |seed| {
            let mut sampler = Sampler::new(&sentences, &lexicon, seed);
            (0..5)
                .filter_map(|_| sampler.draw(None))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        assert_eq!(
            Sampler::new(&sentences, &lexicon, 1).draw(Some("Nope")),
            None
        );
    }

    #[test]
    fn intents_are_listed_with_their_slots() {
        let sentences = Sentences::builtin(&Language::english()).unwrap();
        let intents = sentences.intents();
        let on = intents.iter().find(|i| i.name == "HassTurnOn").unwrap();
        assert!(on.templates > 0 && on.slots.contains("area") && on.slots.contains("name"));
    }
}
