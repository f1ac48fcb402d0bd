//! Spellings by their letters, so that a text is looked up in one walk, however many
//! spellings there are. Spaces don't count: `living room` is found in `livingroom`.

/// Spellings, each with the items that were put there.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
}

impl Default for Trie {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }
}

#[derive(Debug, Default)]
struct Node {
    /// The next letters, in order, each with its node.
    next: Vec<(u8, u32)>,
    items: Vec<u32>,
}

impl Node {
    fn after(&self, byte: u8) -> Option<usize> {
        let at = self.next.binary_search_by_key(&byte, |n| n.0).ok()?;
        self.next.get(at).map(|n| n.1 as usize)
    }
}

impl Trie {
    /// Puts an item at a spelling; one without letters is left out. An item is at a
    /// spelling once.
    pub(crate) fn insert(&mut self, spelling: &str, item: u32) {
        let mut at = 0;
        for byte in spelling.bytes().filter(|b| *b != b' ') {
            at = self.node_after(at, byte);
        }
        if at == 0 {
            return;
        }
        if let Some(node) = self.nodes.get_mut(at)
            && !node.items.contains(&item)
        {
            node.items.push(item);
        }
    }

    fn node_after(&mut self, at: usize, byte: u8) -> usize {
        let new = self.nodes.len();
        let Some(node) = self.nodes.get_mut(at) else {
            return 0;
        };
        match node.next.binary_search_by_key(&byte, |n| n.0) {
            Ok(found) => node.next.get(found).map_or(0, |n| n.1 as usize),
            Err(place) => {
                let id = u32::try_from(new).expect("a trie has fewer than 2^32 letters");
                node.next.insert(place, (byte, id));
                self.nodes.push(Node::default());
                new
            }
        }
    }

    /// Visits every spelling that `text` has at `from`: the place behind it and its items.
    /// Says whether the text ends where longer spellings go on.
    pub(crate) fn walk(
        &self,
        text: &str,
        from: usize,
        mut visit: impl FnMut(usize, &[u32]),
    ) -> bool {
        let mut node = self.nodes.first();
        for (at, byte) in text.bytes().enumerate().skip(from) {
            if byte == b' ' {
                if at == from {
                    return false;
                }
                continue;
            }
            let next = node.and_then(|n| n.after(byte));
            let Some(found) = next.and_then(|n| self.nodes.get(n)) else {
                return false;
            };
            if !found.items.is_empty() {
                visit(at + 1, &found.items);
            }
            node = Some(found);
        }
        node.is_some_and(|n| !n.next.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(trie: &Trie, text: &str, from: usize) -> (Vec<(usize, Vec<u32>)>, bool) {
        let mut all = Vec::new();
        let more = trie.walk(text, from, |end, items| all.push((end, items.to_vec())));
        (all, more)
    }

    #[test]
    fn spellings_are_found_at_a_place_and_may_go_on() {
        let mut trie = Trie::default();
        for (item, spelling) in ["living room", "living", "to do", "todo", ""]
            .iter()
            .enumerate()
        {
            trie.insert(spelling, u32::try_from(item).unwrap());
        }
        assert_eq!(found(&trie, "the living", 4), (vec![(10, vec![1])], true));
        let both = vec![(6, vec![1]), (11, vec![0])];
        assert_eq!(found(&trie, "living room on", 0), (both, false));
        assert_eq!(found(&trie, "to do", 0), (vec![(5, vec![2, 3])], false));
        assert_eq!(found(&trie, "li", 0), (vec![], true));
        assert_eq!(found(&trie, " living", 0), (vec![], false));
        assert_eq!(found(&trie, "", 0), (vec![], true));
    }

    proptest! {
        #[test]
        fn all_that_was_put_in_is_found(words in prop::collection::vec("[ab]{1,4}( [ab]{1,3})?", 1..20)) {
            let mut trie = Trie::default();
            for (item, word) in words.iter().enumerate() {
                trie.insert(word, u32::try_from(item).unwrap());
            }
            for (item, word) in words.iter().enumerate() {
                let (all, _) = found(&trie, word, 0);
                let item = u32::try_from(item).unwrap();
                prop_assert!(all.iter().any(|(end, items)| *end == word.len() && items.contains(&item)));
            }
        }
    }
}
