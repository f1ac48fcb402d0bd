//! Looks at what a home keeps in a store: whether each value is what its key promises.

use hark_core::store::{Entry, Key};
use hark_proto::value;

/// What processes that run say of themselves: it must hang on a lease.
const OF_PROCESSES: [&str; 2] = ["instance/", "router/"];
/// Keys whose being there says all.
const WITHOUT_VALUE: &str = "router/";

/// What is wrong with an entry under `prefix`, that of its home; `None`: nothing.
pub fn examine(prefix: &Key, entry: &Entry) -> Option<String> {
    let Some(rest) = entry.key.strip_prefix(prefix) else {
        return Some("is not of this home".to_owned());
    };
    if rest == "import" {
        return Some("says that an import has not finished".to_owned());
    }
    if entry.lease.is_none() && OF_PROCESSES.iter().any(|p| rest.starts_with(p)) {
        return Some("hangs on no lease: nobody will take it away".to_owned());
    }
    if rest.starts_with(WITHOUT_VALUE) {
        return None;
    }
    match value::decode(entry) {
        Ok(value) if rest.starts_with(value::place(&value)) => None,
        Ok(value) => Some(format!("holds what belongs under {}", value::place(&value))),
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use hark_core::store::{LeaseId, Revision};
    use hark_proto::stored::{StoredList, stored::Value};

    use super::*;

    fn check(key: &str, value: Vec<u8>, lease: Option<i64>, expected: Option<&str>) {
        let entry = Entry {
            key: Key::new(key),
            value,
            create_revision: Revision(1),
            mod_revision: Revision(1),
            version: 1,
            lease: lease.map(LeaseId),
        };
        let found = examine(&Key::new("/hark/v1/home/"), &entry);
        match (&found, expected) {
            (None, None) => {}
            (Some(found), Some(part)) => assert!(found.contains(part), "{key}: {found}"),
            _ => panic!("{key}: {found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn each_value_must_be_what_its_key_promises() {
        let list = || value::encode(Value::List(StoredList::default()));
        check("/hark/v1/home/list/shopping", list(), None, None);
        check(
            "/hark/v1/home/timer/1",
            list(),
            None,
            Some("belongs under list/"),
        );
        check(
            "/hark/v1/home/list/a",
            vec![0xff],
            None,
            Some("does not decode"),
        );
        check("/hark/v1/home/list/a", vec![], None, Some("of no kind"));
        check(
            "/hark/v1/other/list/a",
            list(),
            None,
            Some("not of this home"),
        );
        check("/hark/v1/home/router/a", vec![], Some(1), None);
        check("/hark/v1/home/router/a", vec![], None, Some("no lease"));
        check("/hark/v1/home/import", vec![], None, Some("not finished"));
    }
}
