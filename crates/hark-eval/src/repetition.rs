//! Finds where a recogniser lost itself and said the same again and again.

/// The longest round that is looked for, in words.
const LONGEST: usize = 12;
/// So many rounds are no longer something that a person says.
const ROUNDS: usize = 4;

/// Whether somewhere a round of words comes four times or more, one after the other.
pub fn repeats<T: PartialEq>(words: &[T]) -> bool {
    (1..=LONGEST).any(|period| {
        let mut run = 0;
        let pairs = words.iter().zip(words.iter().skip(period));
        pairs.into_iter().any(|(a, b)| {
            run = if a == b { run + 1 } else { 0 };
            run >= period * (ROUNDS - 1)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn four_rounds_are_a_repetition() {
        for (text, expect) in [
            ("", false),
            ("nein nein nein", false),
            ("nein nein nein nein", true),
            ("an aus an aus an aus", false),
            ("mach an aus an aus an aus an aus jetzt", true),
            ("eins zwei drei vier", false),
        ] {
            let words: Vec<_> = text.split_whitespace().collect();
            assert_eq!(repeats(&words), expect, "{text}");
        }
    }

    proptest! {
        #[test]
        fn rounds_are_found_wherever_they_are(
            before in prop::collection::vec(0_u8..9, 0..5),
            round in prop::collection::vec(0_u8..9, 1..13),
            after in prop::collection::vec(0_u8..9, 0..5),
        ) {
            prop_assert!(repeats(&[before, round.repeat(4), after].concat()));
        }

        #[test]
        fn different_words_never_repeat(n in 0_u32..60) {
            prop_assert!(!repeats(&(0..n).collect::<Vec<_>>()));
        }
    }
}
