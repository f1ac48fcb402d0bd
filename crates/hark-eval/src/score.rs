//! The differences between what was said in a clip and what was heard.

use hark_core::Language;

use crate::align::{Edits, Step, align, distance};
use crate::normalize::{same, squeezed, words};
use crate::repetition::repeats;

/// What was heard of what was said.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Words.
    pub words: Edits,
    /// Letters and digits of the reference, with one space between words.
    pub chars: usize,
    /// Their edits.
    pub char_errors: usize,
    /// Whether the whole sentence is right: letters and digits alike.
    pub exact: bool,
    /// Whether what was heard goes round in circles, and what was said does not.
    pub repeats: bool,
    /// Words that were mixed up: said, heard; one of them is empty where a word was not
    /// heard, or not said.
    pub confusions: Vec<(String, String)>,
}

/// Compares what was said with what was heard.
pub fn score(said: &str, heard: &str, language: &Language) -> Score {
    let (said, heard) = (words(said, language), words(heard, language));
    let steps = align(&said, &heard, |a, b| same(a, b));
    let edits = Edits::of(&steps);
    let confusion = |step: &Step| match *step {
        Step::Same(..) => None,
        Step::Substituted(i, j) => Some((said[i].clone(), heard[j].clone())),
        Step::Deleted(i) => Some((said[i].clone(), String::new())),
        Step::Inserted(j) => Some((String::new(), heard[j].clone())),
    };
    let letters = |words: &[String]| words.join(" ").chars().collect::<Vec<_>>();
    let (said_letters, heard_letters) = (letters(&said), letters(&heard));
    Score {
        exact: edits.errors() == 0 || squeezed(&said) == squeezed(&heard),
        chars: said_letters.len(),
        char_errors: distance(&said_letters, &heard_letters),
        repeats: repeats(&heard) && !repeats(&said),
        confusions: steps.iter().filter_map(confusion).collect(),
        words: edits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, heard: &str, errors: usize, exact: bool) {
        let score = score(said, heard, &Language::german());
        assert_eq!(
            (score.words.errors(), score.exact),
            (errors, exact),
            "{said} | {heard}"
        );
    }

    #[test]
    fn what_is_written_otherwise_is_no_error() {
        check("Schalte das Licht ein.", "schalte das licht ein", 0, true);
        check("setze eine Minute", "setze 1 Minute", 0, true);
        check("stelle auf fünfzig Prozent", "Stelle auf 50%!", 0, true);
        // Parted otherwise: two errors in words, none in letters.
        check(
            "mach das Garagentor auf",
            "mach das Garagen Tor auf",
            2,
            true,
        );
        check(
            "mach das Garagentor auf",
            "mach das Garage Tor auf",
            2,
            false,
        );
        check("um 7:30 Uhr", "um sieben Uhr dreißig", 0, true);
        check("um 7:30 Uhr", "um 730", 2, false);
        check("", "Danke.", 1, false);
        check("Pause", "", 1, false);
    }

    #[test]
    fn confusions_are_said_and_heard() {
        let score = score("schließ das Tor", "schieß Tor auf", &Language::german());
        let expect = [("schließ", "schieß"), ("das", ""), ("", "auf")];
        let expect = expect.map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(score.confusions, expect);
        assert_eq!((score.chars, score.char_errors), (15, 7));
    }

    #[test]
    fn circles_count_where_nobody_spoke_in_circles() {
        let german = Language::german();
        let circles = "an an an an an";
        assert!(score("mach an", circles, &german).repeats);
        assert!(!score(circles, circles, &german).repeats);
    }
}
