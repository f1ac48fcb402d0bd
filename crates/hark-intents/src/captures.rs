//! What was captured on the way through a sentence. Ways share their beginnings and, where
//! a part of a sentence was matched before, their ends too: joining two is one step.

use crate::program::{ListId, SlotId};

/// Captures, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Captured(u32);

impl Captured {
    pub(crate) const NONE: Self = Self(0);
}

/// Words taken for a slot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Capture {
    pub(crate) slot: SlotId,
    pub(crate) list: ListId,
    /// Bytes of the normalised text.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) what: What,
}

/// What was captured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// One of the list's values, said by these words.
    Value,
    /// A number of the list.
    Number(f64),
    /// The words themselves.
    Words,
}

/// Everything captured in one search.
#[derive(Debug)]
pub(crate) struct Captures {
    nodes: Vec<Node>,
}

#[derive(Debug)]
enum Node {
    One(Capture, u64),
    Two {
        first: Captured,
        second: Captured,
        count: u32,
        hash: u64,
    },
}

/// What hashes are multiplied by for each capture that follows.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Captures {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Vec::with_capacity(256),
        }
    }

    pub(crate) fn add(&mut self, capture: Capture) -> Captured {
        let hash = hash(&capture);
        self.push(Node::One(capture, hash))
    }

    pub(crate) fn join(&mut self, first: Captured, second: Captured) -> Captured {
        if first == Captured::NONE {
            return second;
        }
        if second == Captured::NONE {
            return first;
        }
        let (count, hash) = (self.count(second), self.hash(second));
        let before = self.hash(first).wrapping_mul(STEP.wrapping_pow(count));
        let node = Node::Two {
            first,
            second,
            count: self.count(first) + count,
            hash: before.wrapping_add(hash),
        };
        self.push(node)
    }

    /// Equal for equal captures, however they were joined.
    pub(crate) fn hash(&self, captured: Captured) -> u64 {
        match self.node(captured) {
            None => 0,
            Some(Node::One(_, hash) | Node::Two { hash, .. }) => *hash,
        }
    }

    /// In the order in which they were made.
    pub(crate) fn list(&self, captured: Captured) -> Vec<Capture> {
        let mut all = Vec::new();
        let mut todo = vec![captured];
        while let Some(next) = todo.pop() {
            match self.node(next) {
                None => {}
                Some(Node::One(capture, _)) => all.push(*capture),
                Some(Node::Two { first, second, .. }) => todo.extend([*second, *first]),
            }
        }
        all
    }

    fn count(&self, captured: Captured) -> u32 {
        match self.node(captured) {
            None => 0,
            Some(Node::One(..)) => 1,
            Some(Node::Two { count, .. }) => *count,
        }
    }

    fn node(&self, captured: Captured) -> Option<&Node> {
        let at = (captured.0 as usize).checked_sub(1)?;
        self.nodes.get(at)
    }

    fn push(&mut self, node: Node) -> Captured {
        self.nodes.push(node);
        Captured(u32::try_from(self.nodes.len()).expect("the budget bounds the captures"))
    }
}

fn hash(capture: &Capture) -> u64 {
    let what = match capture.what {
        What::Value => 1,
        What::Number(number) => number.to_bits(),
        What::Words => 2,
    };
    let parts = [
        u64::from(capture.slot.0) << 32 | u64::from(capture.list.0),
        (capture.from as u64) << 32 | capture.to as u64,
        what,
    ];
    parts.into_iter().fold(STEP, |hash, part| {
        (hash ^ part)
            .wrapping_mul(0xD6E8_FEB8_6659_FD93)
            .rotate_left(31)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_are_listed_and_compared_however_they_were_joined() {
        let mut captures = Captures::new();
        let [a, b, c] = [1, 2, 3].map(|n| {
            captures.add(Capture {
                slot: SlotId(n),
                list: ListId(0),
                from: 0,
                to: 1,
                what: What::Number(f64::from(n)),
            })
        });
        let left = captures.join(a, b);
        let left = captures.join(left, c);
        let right = captures.join(b, c);
        let right = captures.join(a, right);
        let slots = |c: &Captures, at| c.list(at).iter().map(|c| c.slot.0).collect::<Vec<_>>();
        assert_eq!(slots(&captures, left), [1, 2, 3]);
        assert_eq!(slots(&captures, right), [1, 2, 3]);
        assert_eq!(captures.hash(left), captures.hash(right));
        let other = captures.join(b, a);
        assert_ne!(captures.hash(other), captures.hash(left));
        assert_eq!(captures.join(Captured::NONE, a), a);
        assert_eq!(captures.join(a, Captured::NONE), a);
        assert!(captures.list(Captured::NONE).is_empty());
    }
}
