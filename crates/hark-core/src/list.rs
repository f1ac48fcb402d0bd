//! What is on a list, and how it changes. Each change gives the whole list that is to
//! be, so that carrying it out twice is the same as once.

/// The most items of a list.
pub const MAX_ITEMS: usize = 200;
/// The longest item, in characters.
pub const MAX_ITEM_CHARS: usize = 200;

/// An item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What it says.
    pub text: String,
    /// Whether it is done.
    pub completed: bool,
}

/// What a change makes of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// These items.
    Items(Vec<Item>),
    /// Nothing: it is so already.
    Already,
    /// Nothing: there is no such item.
    Unknown,
    /// Nothing: there is no room.
    Full,
}

/// Adds an item; one that is done is to be done again.
pub fn add(items: &[Item], text: &str) -> Change {
    if let Some(at) = position(items, text) {
        return match items[at].completed {
            true => Change::Items(marked(items, at, false)),
            false => Change::Already,
        };
    }
    if items.len() >= MAX_ITEMS || text.chars().count() > MAX_ITEM_CHARS {
        return Change::Full;
    }
    let new = Item {
        text: text.to_owned(),
        completed: false,
    };
    Change::Items(items.iter().cloned().chain([new]).collect())
}

/// Takes an item off.
pub fn remove(items: &[Item], text: &str) -> Change {
    let Some(at) = position(items, text) else {
        return Change::Unknown;
    };
    let mut rest = items.to_vec();
    rest.remove(at);
    Change::Items(rest)
}

/// Marks an item as done.
pub fn complete(items: &[Item], text: &str) -> Change {
    match position(items, text) {
        None => Change::Unknown,
        Some(at) if items[at].completed => Change::Already,
        Some(at) => Change::Items(marked(items, at, true)),
    }
}

fn position(items: &[Item], text: &str) -> Option<usize> {
    let same = |item: &Item| item.text.to_lowercase() == text.to_lowercase();
    items.iter().position(same)
}

fn marked(items: &[Item], at: usize, completed: bool) -> Vec<Item> {
    let mut items = items.to_vec();
    items[at].completed = completed;
    items
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(texts: &[&str]) -> Vec<Item> {
        let item = |text: &&str| Item {
            text: text.trim_start_matches('+').to_owned(),
            completed: text.starts_with('+'),
        };
        texts.iter().map(item).collect()
    }

    #[test]
    fn lists_change_as_people_expect() {
        let list = items(&["Milch", "+Brot"]);
        for (got, expect) in [
            (
                add(&list, "Eier"),
                Change::Items(items(&["Milch", "+Brot", "Eier"])),
            ),
            (add(&list, "milch"), Change::Already),
            (add(&list, "Brot"), Change::Items(items(&["Milch", "Brot"]))),
            (add(&list, &"x".repeat(201)), Change::Full),
            (remove(&list, "MILCH"), Change::Items(items(&["+Brot"]))),
            (remove(&list, "Eier"), Change::Unknown),
            (
                complete(&list, "Milch"),
                Change::Items(items(&["+Milch", "+Brot"])),
            ),
            (complete(&list, "Brot"), Change::Already),
            (complete(&list, "Eier"), Change::Unknown),
        ] {
            assert_eq!(got, expect);
        }
    }

    #[test]
    fn a_full_list_takes_no_more() {
        let full: Vec<_> = (0..MAX_ITEMS).map(|i| i.to_string()).collect();
        let full: Vec<_> = full.iter().map(String::as_str).collect();
        assert_eq!(add(&items(&full), "more"), Change::Full);
    }

    proptest! {
        #[test]
        fn what_was_added_is_there_already_and_can_be_removed(
            texts in proptest::collection::vec("[a-f]{1,3}", 0..6), text in "[a-f]{1,3}",
        ) {
            let mut list = Vec::new();
            for text in &texts {
                if let Change::Items(next) = add(&list, text) {
                    list = next;
                }
            }
            if let Change::Items(with) = add(&list, &text) {
                prop_assert_eq!(add(&with, &text), Change::Already);
                prop_assert_eq!(remove(&with, &text), Change::Items(list));
            }
        }
    }
}
