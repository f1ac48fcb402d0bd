//! What a search takes for lists: values, numbers and words.

use std::rc::Rc;

use super::{Mode, Search, Way, length, worth};
use crate::captures::{Capture, What};
use crate::list::{List, Values, Wildcard, contains};
use crate::numbers;
use crate::program::{ListId, SlotId};
use crate::sentences::Range;

/// A list where a search tries it.
struct Taken {
    list: ListId,
    slot: Option<SlotId>,
    start: Way,
}

impl Search<'_, '_> {
    pub(super) fn list(
        &mut self,
        list: ListId,
        slot: Option<SlotId>,
        glued: bool,
        mut start: Way,
        out: &mut Vec<Way>,
    ) {
        if start.loose && self.rest(start.at).starts_with(' ') {
            start.at += 1;
        }
        let lists = self.lists;
        let taken = Taken { list, slot, start };
        match lists.get(list.0 as usize).map(|list| &**list) {
            Some(List::Values(values)) => self.values(values, &taken, out),
            Some(List::Range(range)) => self.range(range, &taken, out),
            Some(List::Wildcard(wildcard)) => self.wildcard(wildcard, glued, &taken, out),
            None => {}
        }
    }

    fn values(&mut self, values: &Values, taken: &Taken, out: &mut Vec<Way>) {
        let from = taken.start.at;
        let (hits, more) = values.hits(self.text, from);
        self.goes_on |= more;
        let mut last: Option<usize> = None;
        for hit in &hits {
            // Values of the same words are one capture; they part when the sentence ends.
            if last == Some(hit.end) {
                continue;
            }
            last = Some(hit.end);
            let exact = hits.iter().any(|h| h.end == hit.end && h.exact);
            let each = match (values.names, exact) {
                (_, false) if self.mode == Mode::Strict => continue,
                (_, false) => worth::LOOSE,
                (true, true) => worth::NAME,
                (false, true) => worth::KNOWN,
            };
            out.push(self.take(taken, hit.end, each, What::Value));
        }
    }

    fn range(&mut self, range: &Range, taken: &Taken, out: &mut Vec<Way>) {
        let from = taken.start.at;
        let numbers = match self.numbers.get(&from) {
            Some(numbers) => Rc::clone(numbers),
            None => {
                let found = numbers::prefixes(self.rest(from), &self.program.language);
                let found: Rc<[_]> = found.into();
                self.numbers.insert(from, Rc::clone(&found));
                found
            }
        };
        self.goes_on |= self.rest(from).is_empty();
        for (length, number) in numbers.iter() {
            if contains(range, *number) {
                let value = What::Number(number * range.multiplier);
                out.push(self.take(taken, from + length, worth::KNOWN, value));
            }
        }
    }

    fn wildcard(&mut self, wildcard: &Wildcard, glued: bool, taken: &Taken, out: &mut Vec<Way>) {
        let from = taken.start.at;
        let before = from
            .checked_sub(1)
            .and_then(|b| self.text.as_bytes().get(b));
        if before.is_some_and(|b| *b != b' ') {
            return;
        }
        let lists = self.lists;
        let known = |words: &str| {
            let lists = wildcard
                .not_in
                .iter()
                .filter_map(|l| lists.get(l.0 as usize));
            let mut values = lists.filter_map(|list| match &**list {
                List::Values(values) => Some(values),
                List::Range(_) | List::Wildcard(_) => None,
            });
            values.any(|values| values.has(words))
        };
        let ends = wildcard.ends(self.rest(from), glued, |words| !known(words));
        self.goes_on |= ends.last().is_none_or(|end| from + end == self.text.len());
        for end in ends {
            out.push(self.take(taken, from + end, worth::WILDCARD, What::Words));
        }
    }

    /// The way behind words that were taken for a list.
    fn take(&mut self, taken: &Taken, end: usize, each: u32, what: What) -> Way {
        let start = &taken.start;
        let count = length(self.text.get(start.at..end).unwrap_or(""));
        let mut way = start.moved(end, count * each);
        way.loose = self.mode == Mode::Strict && what != What::Words && self.is_border(start.at);
        if let Some(slot) = taken.slot {
            let capture = self.captures.add(Capture {
                slot,
                list: taken.list,
                from: start.at,
                to: end,
                what,
            });
            way.captured = self.captures.join(start.captured, capture);
        }
        way
    }
}
