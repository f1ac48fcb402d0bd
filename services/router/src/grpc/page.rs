//! Pages: a token is the id after which the next page begins, so that what is added or
//! removed meanwhile neither repeats nor hides anything else.

use hark_proto::Error;

/// The size of a page whose caller does not say.
const DEFAULT_SIZE: usize = 100;
/// The largest page.
const MAX_SIZE: u32 = 500;
/// What a token begins with: a form that this version reads.
const PREFIX: &str = "after:";

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page<'a> {
    size: usize,
    after: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// # Errors
    /// Names `page_size` or `page_token`.
    pub(super) fn parse(size: u32, token: &'a str) -> Result<Self, Error> {
        if size > MAX_SIZE {
            let description =
                format!("is {size}; it may be 1 to {MAX_SIZE}, or 0 for {DEFAULT_SIZE}");
            return Err(Error::invalid_field("page_size", description));
        }
        let after = match token {
            "" => None,
            token => Some(token.strip_prefix(PREFIX).ok_or_else(|| {
                let description = "is not a token that a page ended with";
                Error::invalid_field("page_token", description)
            })?),
        };
        let size = if size == 0 {
            DEFAULT_SIZE
        } else {
            size as usize
        };
        Ok(Self { size, after })
    }

    /// The page of some things, and the token of the next one. `key` must grow from one
    /// thing to the next.
    pub(super) fn of<T>(&self, things: Vec<T>, key: impl Fn(&T) -> String) -> (Vec<T>, String) {
        let is_later = |thing: &T| self.after.is_none_or(|after| *key(thing) > *after);
        let mut rest: Vec<T> = things.into_iter().filter(is_later).collect();
        if rest.len() <= self.size {
            return (rest, String::new());
        }
        rest.truncate(self.size);
        let token = rest.last().map(|last| format!("{PREFIX}{}", key(last)));
        (rest, token.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_page_is_named() {
        for (size, token, field) in [(501, "", "page_size"), (1, "seven", "page_token")] {
            let error = Page::parse(size, token).unwrap_err();
            assert_eq!(error.violations()[0].field, field);
        }
    }

    proptest! {
        #[test]
        fn pages_together_are_everything_once(count in 0_usize..40, size in 1_u32..12) {
            let all: Vec<usize> = (100..100 + count).collect();
            let (mut got, mut token) = (Vec::new(), String::new());
            loop {
                let page = Page::parse(size, &token).unwrap();
                let (part, next) = page.of(all.clone(), ToString::to_string);
                prop_assert!(part.len() <= size as usize);
                got.extend(part);
                if next.is_empty() {
                    break;
                }
                token = next;
            }
            prop_assert_eq!(got, all);
        }
    }
}
