//! Which lines of a manifest are taken. The header is line 0.

use std::str::FromStr;

use crate::Error;

/// Which lines are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lines {
    /// All.
    #[default]
    All,
    /// Lines 1, 3, 5, …
    Odd,
    /// Lines 2, 4, 6, …
    Even,
    /// Each line whose number leaves that remainder.
    Every {
        /// At least 1.
        each: usize,
        /// Below `each`; 0 takes lines 10, 20, … of every tenth.
        offset: usize,
    },
    /// All lines but those.
    NotEvery {
        /// At least 1.
        each: usize,
        /// Below `each`.
        offset: usize,
    },
}

impl Lines {
    /// Whether that line is taken.
    pub fn takes(self, line: usize) -> bool {
        match self {
            Self::All => true,
            Self::Odd => line % 2 == 1,
            Self::Even => line.is_multiple_of(2),
            Self::Every { each, offset } => line % each == offset,
            Self::NotEvery { each, offset } => line % each != offset,
        }
    }
}

impl FromStr for Lines {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::Lines(text.to_owned());
        match text {
            "all" => return Ok(Self::All),
            "odd" => return Ok(Self::Odd),
            "even" => return Ok(Self::Even),
            _ => {}
        }
        let (kind, rest) = text.split_once(':').ok_or_else(bad)?;
        let (each, offset) = rest.split_once(':').unwrap_or((rest, "0"));
        let each: usize = each.parse().map_err(|_| bad())?;
        let offset: usize = offset.parse().map_err(|_| bad())?;
        if each == 0 || offset >= each {
            return Err(bad());
        }
        match kind {
            "every" => Ok(Self::Every { each, offset }),
            "not-every" => Ok(Self::NotEvery { each, offset }),
            _ => Err(bad()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_taken_as_they_are_counted() {
        for (text, expect) in [
            ("all", vec![1, 2, 3, 4, 5, 6]),
            ("odd", vec![1, 3, 5]),
            ("even", vec![2, 4, 6]),
            ("every:3", vec![3, 6]),
            ("every:3:1", vec![1, 4]),
            ("not-every:3", vec![1, 2, 4, 5]),
        ] {
            let lines: Lines = text.parse().unwrap();
            let taken: Vec<usize> = (1..7).filter(|l| lines.takes(*l)).collect();
            assert_eq!(taken, expect, "{text}");
        }
        for bad in ["", "every", "every:0", "every:3:3", "every:x", "some:3"] {
            let error = bad.parse::<Lines>().unwrap_err().to_string();
            assert!(error.contains("every:10"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn halves_and_their_complements_part_the_lines(line in 1_usize..9999, each in 1_usize..99) {
            let taken = |text: &str| text.parse::<Lines>().unwrap().takes(line);
            prop_assert_ne!(taken("odd"), taken("even"));
            let (every, rest) = (format!("every:{each}"), format!("not-every:{each}"));
            prop_assert_ne!(taken(&every), taken(&rest));
        }
    }
}
