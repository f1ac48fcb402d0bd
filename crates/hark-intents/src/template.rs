//! The sentence-template language: what a template is and how its text is read.
//!
//! | written | means |
//! | --- | --- |
//! | `licht im flur` | these words; case and punctuation don't matter |
//! | `(a|b c)` | one of these |
//! | `[a]`, `[a|b]` | this, one of these, or nothing; also inside a word: `schalt[e]` |
//! | `(a;b;c)` | all of these, in any order (at most 6) |
//! | `{area}` | a value of the list `area`, into the slot of that name |
//! | `{colour:color}` | a value of the list `colour`, into the slot `color` |
//! | `{0..100:brightness}`, `{0..100,5:brightness}` | a number, also in steps |
//! | `{name:@words}`, `{@name}` | a value that goes into no slot |
//! | `<name>` | what the expansion rule `name` stands for |
//! | `\(` | the next character as it is |
//!
//! After [Home Assistant's template syntax](https://developers.home-assistant.io/docs/voice/intent-recognition/template-sentence-syntax/).

use std::str::FromStr;

/// The longest template, in bytes.
pub const MAX_BYTES: usize = 16_384;
/// How deep groups may nest.
pub const MAX_DEPTH: usize = 24;
/// How many parts may come in any order.
pub const MAX_PERMUTATION: usize = 6;

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// What it consists of.
    pub root: Node,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// Letters without spaces, as written.
    Text(String),
    /// A border between words.
    Space,
    /// One after another.
    Sequence(Vec<Node>),
    /// One of them.
    Alternatives(Vec<Node>),
    /// This or nothing.
    Optional(Box<Node>),
    /// All of them, in any order.
    Permutation(Vec<Node>),
    /// A value of a list.
    List {
        /// The list.
        list: ListRef,
        /// The slot that gets the value; `None` where it goes into none.
        slot: Option<String>,
    },
    /// An expansion rule.
    Rule(String),
}

/// The list that a template names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListRef {
    /// One that is defined elsewhere.
    Named(String),
    /// Numbers, written on the spot.
    Range {
        /// The smallest.
        from: u32,
        /// The largest.
        to: u32,
        /// From one to the next; at least 1.
        step: u32,
    },
}

impl ListRef {
    /// `0..100` or `0..100,5`.
    fn range(text: &str) -> Option<Self> {
        let (from, rest) = text.split_once("..")?;
        let (to, step) = rest.split_once(',').unwrap_or((rest, "1"));
        let number = |text: &str| text.parse::<u32>().ok();
        let (from, to, step) = (number(from)?, number(to)?, number(step)?);
        (from <= to && step > 0).then_some(Self::Range { from, to, step })
    }
}

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {why}")]
pub struct Error {
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub why: &'static str,
}

impl FromStr for Template {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            let why = "it is longer than 16,384 bytes";
            return Err(Error { column: 1, why });
        }
        let mut parser = Parser {
            chars: text.chars().collect(),
            at: 0,
        };
        let root = parser.choice(0)?;
        match parser.peek() {
            None => Ok(Self { root }),
            Some(_) => Err(parser.error("this bracket was never opened")),
        }
    }
}

struct Parser {
    chars: Vec<char>,
    at: usize,
}

impl Parser {
    /// Parts separated by `|` or `;`, up to a closing bracket or the end.
    fn choice(&mut self, depth: usize) -> Result<Node, Error> {
        if depth > MAX_DEPTH {
            return Err(self.error("brackets nest deeper than 24"));
        }
        let mut parts = vec![self.sequence(depth)?];
        let mut separator = None;
        while let Some(c @ ('|' | ';')) = self.peek() {
            if separator.is_some_and(|s| s != c) {
                return Err(self.error("`|` and `;` can't be mixed in one group"));
            }
            separator = Some(c);
            self.at += 1;
            parts.push(self.sequence(depth)?);
        }
        match separator {
            None => Ok(parts.swap_remove(0)),
            Some('|') => Ok(Node::Alternatives(parts)),
            Some(_) if parts.len() > MAX_PERMUTATION => {
                Err(self.error("more than 6 parts in any order"))
            }
            Some(_) => Ok(Node::Permutation(parts)),
        }
    }

    fn sequence(&mut self, depth: usize) -> Result<Node, Error> {
        let mut parts = Vec::new();
        let mut text = String::new();
        while let Some(c) = self.peek() {
            match c {
                '|' | ';' | ')' | ']' => break,
                '\\' => {
                    self.at += 1;
                    let Some(escaped) = self.peek() else {
                        return Err(self.error("nothing follows the `\\`"));
                    };
                    text.push(escaped);
                    self.at += 1;
                    continue;
                }
                '(' | '[' | '{' | '<' | '}' | '>' => {}
                c if c.is_whitespace() => {}
                c => {
                    text.push(c);
                    self.at += 1;
                    continue;
                }
            }
            flush(&mut text, &mut parts);
            let part = self.part(c, depth)?;
            if part != Node::Space || parts.last() != Some(&Node::Space) {
                parts.push(part);
            }
        }
        flush(&mut text, &mut parts);
        Ok(match parts.len() {
            1 => parts.swap_remove(0),
            _ => Node::Sequence(parts),
        })
    }

    /// What starts with `first`, which is not a letter.
    fn part(&mut self, first: char, depth: usize) -> Result<Node, Error> {
        let opened = self.at;
        self.at += 1;
        match first {
            '(' => {
                let inner = self.choice(depth + 1)?;
                self.close(')', opened)?;
                Ok(inner)
            }
            '[' => {
                let inner = self.choice(depth + 1)?;
                self.close(']', opened)?;
                Ok(Node::Optional(Box::new(inner)))
            }
            '{' => self.list(opened),
            '<' => self.name('>', opened).map(Node::Rule),
            '}' | '>' => {
                self.at = opened;
                Err(self.error("this bracket was never opened"))
            }
            _ => Ok(Node::Space),
        }
    }

    fn list(&mut self, opened: usize) -> Result<Node, Error> {
        let inner = self.name('}', opened)?;
        let (list, slot) = inner.split_once(':').unwrap_or((&inner, &inner));
        let (list, slot) = (list.strip_prefix('@').unwrap_or(list), slot);
        let is_range = list.contains("..");
        let range = ListRef::range(list);
        let wrong = list.is_empty() || slot.is_empty() || slot.contains(':');
        if wrong || (is_range && (range.is_none() || !inner.contains(':'))) {
            self.at = opened;
            return Err(self.error("write `{list}`, `{list:slot}` or `{from..to:slot}`"));
        }
        Ok(Node::List {
            list: range.unwrap_or_else(|| ListRef::Named(list.to_owned())),
            slot: (!slot.starts_with('@')).then(|| slot.to_owned()),
        })
    }

    /// A name up to `end`.
    fn name(&mut self, end: char, opened: usize) -> Result<String, Error> {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == end && !name.is_empty() {
                return Ok(name);
            }
            if !(c.is_alphanumeric() || matches!(c, '_' | ':' | '-' | '@' | '.' | ',')) {
                break;
            }
            name.push(c);
        }
        self.at = opened;
        Err(self
            .error("a name of letters, digits, `_` and `-` and its closing bracket must follow"))
    }

    fn close(&mut self, bracket: char, opened: usize) -> Result<(), Error> {
        if self.peek() == Some(bracket) {
            self.at += 1;
            return Ok(());
        }
        self.at = opened;
        Err(self.error("this bracket is never closed"))
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn error(&self, why: &'static str) -> Error {
        Error {
            column: self.at + 1,
            why,
        }
    }
}

fn flush(text: &mut String, parts: &mut Vec<Node>) {
    if !text.is_empty() {
        parts.push(Node::Text(std::mem::take(text)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expect: &str) {
        let got = match text.parse::<Template>() {
            Ok(template) => show(&template.root),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expect, "{text}");
    }

    /// A template with every choice in brackets of its own.
    fn show(node: &Node) -> String {
        let join = |parts: &[Node], by: &str| {
            let shown: Vec<_> = parts.iter().map(show).collect();
            shown.join(by)
        };
        match node {
            Node::Text(text) => text.clone(),
            Node::Space => "_".to_owned(),
            Node::Sequence(parts) => join(parts, ""),
            Node::Alternatives(parts) => format!("({})", join(parts, "|")),
            Node::Permutation(parts) => format!("({})", join(parts, ";")),
            Node::Optional(inner) => format!("[{}]", show(inner)),
            Node::List { list, slot } => {
                let list = match list {
                    ListRef::Named(name) => name.clone(),
                    ListRef::Range { from, to, step } => format!("{from}..{to},{step}"),
                };
                format!("{{{list}:{}}}", slot.as_deref().unwrap_or("@"))
            }
            Node::Rule(name) => format!("<{name}>"),
        }
    }

    #[test]
    fn templates_are_read() {
        for (text, expect) in [
            ("licht  im flur", "licht_im_flur"),
            ("schalt[e] (a|b c)", "schalt[e]_(a|b_c)"),
            ("a|b", "(a|b)"),
            ("[a|b]c", "[(a|b)]c"),
            ("(a;b)", "(a;b)"),
            ("{area}", "{area:area}"),
            ("{colour:color} <x_1>", "{colour:color}_<x_1>"),
            ("{0..100:x}{1..9,2:y}", "{0..100,1:x}{1..9,2:y}"),
            ("{name:@n}{@n}", "{name:@}{n:@}"),
            (r"\(a\)", "(a)"),
            ("(|a)", "(|a)"),
            ("[[die ]Farbe ]x", "[[die_]Farbe_]x"),
            ("", ""),
        ] {
            check(text, expect);
        }
    }

    #[test]
    fn an_error_says_where() {
        for (text, expect) in [
            ("a (b", "column 3: this bracket is never closed"),
            ("a (b]", "column 3: this bracket is never closed"),
            ("a b)", "column 4: this bracket was never opened"),
            ("a }", "column 3: this bracket was never opened"),
            (
                "(a|b;c)",
                "column 5: `|` and `;` can't be mixed in one group",
            ),
            (
                "(a;b;c;d;e;f;g)",
                "column 15: more than 6 parts in any order",
            ),
            (
                "x {}",
                "column 3: a name of letters, digits, `_` and `-` and its closing bracket must follow",
            ),
            (
                "{a:b:c}",
                "column 1: write `{list}`, `{list:slot}` or `{from..to:slot}`",
            ),
            (
                "{9..1:x}",
                "column 1: write `{list}`, `{list:slot}` or `{from..to:slot}`",
            ),
            (
                "{1..9}",
                "column 1: write `{list}`, `{list:slot}` or `{from..to:slot}`",
            ),
            ("a\\", "column 3: nothing follows the `\\`"),
        ] {
            check(text, expect);
        }
        check(&"(".repeat(40), "column 26: brackets nest deeper than 24");
        check(
            &"a".repeat(20_000),
            "column 1: it is longer than 16,384 bytes",
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in r"[ab \[\](){}<>|;:\\ü]{0,60}") {
            let _ = text.parse::<Template>();
        }
    }
}
