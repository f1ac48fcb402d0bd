//! Rules on any text: nothing is put off in a comment.

use super::finding::Finding;

/// What a file says when it was left unfinished.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("HA", "CK:"),
];

/// Looks for words that say that something is unfinished.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for word in UNFINISHED {
            if says(line, word) {
                findings.push(Finding::new(
                    path,
                    at + 1,
                    format!("{word} in the text"),
                    "finish it, or say plainly what is not there and why",
                ));
            }
        }
    }
    findings
}

/// Whether `line` has `word` standing alone.
fn says(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        is_edge(before) && is_edge(after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_text_is_found() {
        for word in UNFINISHED {
            let text = format!("fine\n// {word} later\n");
            let findings = check("a.rs", &text);
            assert_eq!(findings.len(), 1, "{word}");
            assert_eq!(findings[0].line(), 2);
        }
    }

    #[test]
    fn a_part_of_another_word_is_not_meant() {
        let text = format!("{}S_ARE_A_LIST {}", UNFINISHED[0], "todo: lower case");
        assert_eq!(check("a.rs", &text), []);
    }
}
