//! Finds out when a decoder began to repeat itself without end.

/// The longest round that is looked for, in tokens.
const LONGEST: usize = 16;
/// So many rounds are no longer something that a person says.
const ROUNDS: usize = 4;
/// Shorter rounds must fill so many tokens ("nein, nein, nein, nein").
const TOKENS: usize = 12;

/// How many items at the end repeat what came before them, where that is an endless
/// repetition: all rounds but the first.
pub fn repeated_tail<T, K: PartialEq>(items: &[T], key: impl Fn(&T) -> K) -> Option<usize> {
    (1..=LONGEST).find_map(|period| {
        let run = items
            .iter()
            .rev()
            .zip(items.iter().rev().skip(period))
            .take_while(|(a, b)| key(a) == key(b))
            .count();
        let rounds = run / period + 1;
        (rounds >= ROUNDS && rounds * period >= TOKENS).then_some((rounds - 1) * period)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tail(text: &str) -> Option<usize> {
        repeated_tail(text.as_bytes(), |b| *b)
    }

    #[test]
    fn endless_repetition_is_told_from_emphasis() {
        for (text, expect) in [
            ("", None),
            ("schalte das licht ein", None),
            ("neinneinnein", None),
            ("neinneinneinnein", Some(12)),
            ("aaaaaaaaaaa", None),
            ("aaaaaaaaaaaa", Some(11)),
            ("abababababab", Some(10)),
            ("so abababababab", Some(10)),
            ("abababababab!", None),
        ] {
            assert_eq!(tail(text), expect, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_ends_with_one_round(
            mut items in prop::collection::vec(0_u8..4, 0..8),
            round in prop::collection::vec(0_u8..4, 1..9),
            rounds in 12_usize..14,
        ) {
            for _ in 0..rounds {
                items.extend(&round);
            }
            let tail = repeated_tail(&items, |b| *b);
            prop_assert!(tail.is_some_and(|tail| tail < items.len()));
        }

        #[test]
        fn different_tokens_are_never_a_repetition(n in 0_u32..300) {
            let items: Vec<u32> = (0..n).collect();
            prop_assert_eq!(repeated_tail(&items, |i| *i), None);
        }
    }
}
