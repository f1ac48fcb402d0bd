//! Keys, values, revisions and versions.

use hark_core::store::{Revision, Select};

use super::Harness;
use crate::support::{delete, entries, entry, newest, put, run};

pub async fn an_unknown_key_is_not_there(h: &impl Harness) {
    assert_eq!(entry(h.store(), &h.key("a")).await, None);
    assert_eq!(entries(h.store(), &h.prefix()).await, []);
}

pub async fn what_is_put_is_read(h: &impl Harness) {
    let revision = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let found = entry(h.store(), &h.key("a")).await.unwrap();
    assert_eq!(found.key, h.key("a"));
    assert_eq!(found.value, b"1");
    assert_eq!(found.create_revision, revision);
    assert_eq!(found.mod_revision, revision);
    assert_eq!(found.lease, None);
}

pub async fn a_key_keeps_its_create_revision(h: &impl Harness) {
    let first = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    run(h.store(), vec![put(&h.key("b"), "1")]).await;
    let last = run(h.store(), vec![put(&h.key("a"), "2")]).await;
    let found = entry(h.store(), &h.key("a")).await.unwrap();
    assert_eq!(last, Revision(first.0 + 2));
    assert_eq!((found.create_revision, found.mod_revision), (first, last));
}

pub async fn versions_count_from_one(h: &impl Harness) {
    for expected in 1..=4 {
        run(h.store(), vec![put(&h.key("a"), "same")]).await;
        let found = entry(h.store(), &h.key("a")).await.unwrap();
        assert_eq!(found.version, expected);
    }
}

pub async fn a_key_that_comes_back_starts_over(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("a"), "1")]).await;
    run(h.store(), vec![put(&h.key("a"), "2")]).await;
    run(h.store(), vec![delete(&h.key("a"))]).await;
    let again = run(h.store(), vec![put(&h.key("a"), "3")]).await;
    let found = entry(h.store(), &h.key("a")).await.unwrap();
    assert_eq!((found.create_revision, found.version), (again, 1));
}

pub async fn one_key_selects_only_itself(h: &impl Harness) {
    run(
        h.store(),
        vec![put(&h.key("a"), "1"), put(&h.key("ab"), "2")],
    )
    .await;
    let read = h.store().range(Select::Key(h.key("a"))).await.unwrap();
    assert_eq!(read.entries.len(), 1);
    assert_eq!(read.entries[0].key, h.key("a"));
}

pub async fn a_prefix_leaves_its_neighbours_alone(h: &impl Harness) {
    let names = ["a", "a.", "a/", "a/1", "a/2/x", "a0", "b"];
    let puts = names.map(|name| put(&h.key(name), name));
    run(h.store(), puts.to_vec()).await;
    let found = entries(h.store(), &h.key("a/")).await;
    let found: Vec<_> = found.iter().map(|e| e.value.as_slice()).collect();
    assert_eq!(found, [b"a/".as_slice(), b"a/1", b"a/2/x"]);
}

pub async fn the_empty_prefix_selects_everything(h: &impl Harness) {
    run(
        h.store(),
        vec![put(&h.key("a"), "1"), put(&h.key("z"), "2")],
    )
    .await;
    let found = entries(h.store(), &hark_core::store::Key::new("")).await;
    for name in ["a", "z"] {
        assert!(found.iter().any(|e| e.key == h.key(name)), "{name}");
    }
}

pub async fn entries_come_in_the_order_of_their_bytes(h: &impl Harness) {
    let names = ["ä", "b", "a", "B", "z", "ß", "10", "9", "a-b"];
    let puts = names.map(|name| put(&h.key(name), name));
    run(h.store(), puts.to_vec()).await;
    let found = entries(h.store(), &h.prefix()).await;
    let found: Vec<_> = found.into_iter().map(|e| e.value).collect();
    let mut sorted = names.map(|name| name.as_bytes().to_vec());
    sorted.sort();
    assert_eq!(found, sorted);
}

pub async fn an_empty_value_is_a_value(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("a"), "")]).await;
    assert_eq!(entry(h.store(), &h.key("a")).await.unwrap().value, b"");
}

pub async fn values_are_bytes(h: &impl Harness) {
    let value: Vec<u8> = (0..=255).collect();
    let op = hark_core::store::Op::Put {
        key: h.key("a"),
        value: value.clone(),
        lease: None,
    };
    run(h.store(), vec![op]).await;
    assert_eq!(entry(h.store(), &h.key("a")).await.unwrap().value, value);
}

pub async fn a_mebibyte_is_kept(h: &impl Harness) {
    let value = "0123456789abcdef".repeat(1 << 16);
    run(h.store(), vec![put(&h.key("a"), &value)]).await;
    let found = entry(h.store(), &h.key("a")).await.unwrap();
    assert_eq!(found.value, value.as_bytes());
}

pub async fn a_read_has_the_newest_revision(h: &impl Harness) {
    for _ in 0..3 {
        let revision = run(h.store(), vec![put(&h.key("a"), "1")]).await;
        assert_eq!(newest(h.store()).await, revision);
    }
}
