//! The least edits that make one sequence of another (Wagner and Fischer, 1974), and
//! which ones.

use serde::Serialize;

/// What an insertion or a deletion costs.
const EDIT: u64 = 1 << 32;
/// What a substitution costs: the less of them, the more words are the same.
const SUBSTITUTION: u64 = EDIT + 1;

/// One step from the reference to what was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The same at these places.
    Same(usize, usize),
    /// Heard as something else.
    Substituted(usize, usize),
    /// In the reference, not heard.
    Deleted(usize),
    /// Heard, not in the reference.
    Inserted(usize),
}

/// How many steps of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Edits {
    /// The same.
    pub same: usize,
    /// Heard as something else.
    pub substitutions: usize,
    /// Not heard.
    pub deletions: usize,
    /// Heard though not said.
    pub insertions: usize,
}

impl Edits {
    /// Of an alignment.
    pub fn of(steps: &[Step]) -> Self {
        let mut edits = Self::default();
        for step in steps {
            match step {
                Step::Same(..) => edits.same += 1,
                Step::Substituted(..) => edits.substitutions += 1,
                Step::Deleted(_) => edits.deletions += 1,
                Step::Inserted(_) => edits.insertions += 1,
            }
        }
        edits
    }

    /// All that is not the same.
    pub fn errors(&self) -> usize {
        self.substitutions + self.deletions + self.insertions
    }

    /// The length of the reference.
    pub fn reference(&self) -> usize {
        self.same + self.substitutions + self.deletions
    }

    /// Adds those of another alignment.
    pub fn add(&mut self, other: &Self) {
        self.same += other.same;
        self.substitutions += other.substitutions;
        self.deletions += other.deletions;
        self.insertions += other.insertions;
    }
}

/// Aligns two sequences with the least edits. Of several alignments with as few, one with
/// the fewest substitutions, and those early.
///
/// Takes time and memory in proportion to the product of the lengths.
pub fn align<T>(reference: &[T], heard: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<Step> {
    let width = heard.len() + 1;
    let costs = costs(reference, heard, &same);
    let cost = |i: usize, j: usize| costs[i * width + j];
    let (mut i, mut j) = (reference.len(), heard.len());
    let mut steps = Vec::new();
    while i > 0 || j > 0 {
        let is_same = i > 0 && j > 0 && same(&reference[i - 1], &heard[j - 1]);
        let step = if is_same && cost(i, j) == cost(i - 1, j - 1) {
            Step::Same(i - 1, j - 1)
        } else if i > 0 && cost(i, j) == cost(i - 1, j) + EDIT {
            Step::Deleted(i - 1)
        } else if j > 0 && cost(i, j) == cost(i, j - 1) + EDIT {
            Step::Inserted(j - 1)
        } else {
            Step::Substituted(i - 1, j - 1)
        };
        match step {
            Step::Same(..) | Step::Substituted(..) => (i, j) = (i - 1, j - 1),
            Step::Deleted(_) => i -= 1,
            Step::Inserted(_) => j -= 1,
        }
        steps.push(step);
    }
    steps.reverse();
    steps
}

/// How many edits make one sequence of another.
pub fn distance<T: PartialEq>(reference: &[T], heard: &[T]) -> usize {
    let costs = costs(reference, heard, &T::eq);
    costs.last().map_or(0, |cost| (cost / EDIT) as usize)
}

/// The costs of all beginnings, row by row: `(reference + 1) × (heard + 1)`.
fn costs<T>(reference: &[T], heard: &[T], same: &impl Fn(&T, &T) -> bool) -> Vec<u64> {
    let width = heard.len() + 1;
    let mut costs = Vec::with_capacity((reference.len() + 1) * width);
    costs.extend((0..).map(|j| j * EDIT).take(width));
    for (i, said) in reference.iter().enumerate() {
        let above = i * width;
        let mut left = costs[above] + EDIT;
        costs.push(left);
        for (j, word) in heard.iter().enumerate() {
            let here = match same(said, word) {
                true => 0,
                false => SUBSTITUTION,
            };
            let edited = costs[above + j + 1].min(left) + EDIT;
            left = edited.min(costs[above + j] + here);
            costs.push(left);
        }
    }
    costs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn edits_are_the_least() {
        for (reference, heard, [same, substitutions, deletions, insertions]) in [
            ("", "", [0, 0, 0, 0]),
            ("abc", "abc", [3, 0, 0, 0]),
            ("abc", "", [0, 0, 3, 0]),
            ("", "abc", [0, 0, 0, 3]),
            ("abc", "axc", [2, 1, 0, 0]),
            ("kitten", "sitting", [4, 2, 0, 1]),
            ("abcd", "acd", [3, 0, 1, 0]),
            ("ab", "ba", [1, 0, 1, 1]),
            ("ab", "xyb", [1, 1, 0, 1]),
        ] {
            let edits = Edits::of(&align(&chars(reference), &chars(heard), char::eq));
            let expect = Edits {
                same,
                substitutions,
                deletions,
                insertions,
            };
            assert_eq!(edits, expect, "{reference} {heard}");
        }
    }

    /// The steps take the reference and what was heard from begin to end.
    fn walks(steps: &[Step], a: &[u8], b: &[u8]) -> bool {
        let (mut i, mut j) = (0, 0);
        let walked = steps.iter().all(|step| match *step {
            Step::Same(x, y) | Step::Substituted(x, y) => {
                let fits = (x, y) == (i, j) && (a[x] == b[y]) == matches!(step, Step::Same(..));
                (i, j) = (i + 1, j + 1);
                fits
            }
            Step::Deleted(x) => {
                i += 1;
                x + 1 == i
            }
            Step::Inserted(y) => {
                j += 1;
                y + 1 == j
            }
        });
        walked && (i, j) == (a.len(), b.len())
    }

    proptest! {
        #[test]
        fn an_alignment_is_a_walk_and_its_errors_a_metric(
            a in prop::collection::vec(0_u8..4, 0..12),
            b in prop::collection::vec(0_u8..4, 0..12),
            c in prop::collection::vec(0_u8..4, 0..12),
        ) {
            let steps = align(&a, &b, u8::eq);
            prop_assert!(walks(&steps, &a, &b));
            let edits = Edits::of(&steps);
            prop_assert_eq!(edits.errors(), distance(&a, &b));
            prop_assert_eq!(edits.reference(), a.len());
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert!(distance(&a, &c) <= distance(&a, &b) + distance(&b, &c));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) >= a.len().abs_diff(b.len()));
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
        }
    }
}
