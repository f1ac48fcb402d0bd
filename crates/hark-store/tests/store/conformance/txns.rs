//! Transactions: conditions, both branches, one revision, limits, and many at once.

use futures_util::future::join_all;
use hark_core::store::{
    Compare, Error, LeaseId, MAX_KEY_BYTES, MAX_TXN_BYTES, MAX_TXN_OPS, Op, OpResult, Revision,
    Select, Store, Txn,
};

use super::Harness;
use crate::support::{always, delete, entries, entry, newest, only_if, put, put_on, run, txn};

pub async fn a_transaction_is_one_revision(h: &impl Harness) {
    let before = newest(h.store()).await;
    let puts = ["a", "b", "c"].map(|name| put(&h.key(name), name)).to_vec();
    let result = txn(h.store(), always(puts)).await;
    assert!(result.succeeded);
    assert_eq!(result.revision, before.next());
    assert_eq!(
        result.results,
        [OpResult::Put, OpResult::Put, OpResult::Put]
    );
    for found in entries(h.store(), &h.prefix()).await {
        assert_eq!(found.mod_revision, before.next());
    }
}

pub async fn only_the_first_claim_succeeds(h: &impl Harness) {
    for (value, expected) in [("first", true), ("second", false)] {
        let claim = only_if(
            vec![Compare::absent(h.key("claim"))],
            vec![put(&h.key("claim"), value)],
        );
        assert_eq!(txn(h.store(), claim).await.succeeded, expected);
    }
    let found = entry(h.store(), &h.key("claim")).await.unwrap();
    assert_eq!(found.value, b"first");
}

pub async fn the_other_branch_runs_when_a_condition_fails(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let result = txn(
        h.store(),
        Txn {
            compares: vec![Compare::absent(h.key("a"))],
            success: vec![put(&h.key("a"), "2")],
            failure: vec![Op::Get(Select::Key(h.key("a"))), put(&h.key("b"), "3")],
        },
    )
    .await;
    assert!(!result.succeeded);
    let OpResult::Entries(found) = &result.results[0] else {
        panic!("{result:?}");
    };
    assert_eq!(found[0].value, b"1");
    assert_eq!(entry(h.store(), &h.key("b")).await.unwrap().value, b"3");
}

pub async fn all_conditions_must_hold(h: &impl Harness) {
    let revision = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let holds = Compare::ModRevision(h.key("a"), revision);
    let fails = Compare::Version(h.key("a"), 7);
    for (compares, expected) in [
        (vec![], true),
        (vec![holds.clone()], true),
        (vec![holds.clone(), fails.clone()], false),
        (vec![fails, holds], false),
    ] {
        let result = txn(h.store(), only_if(compares.clone(), vec![])).await;
        assert_eq!(result.succeeded, expected, "{compares:?}");
    }
}

/// Tells what each condition gives.
async fn check(store: &dyn Store, expected: &[(Compare, bool)]) {
    for (compare, expected) in expected {
        let result = txn(store, only_if(vec![compare.clone()], vec![])).await;
        assert_eq!(result.succeeded, *expected, "{compare:?}");
    }
}

pub async fn mod_revisions_are_compared(h: &impl Harness) {
    let first = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let last = run(h.store(), vec![put(&h.key("a"), "2")]).await;
    let expected = [
        (Compare::ModRevision(h.key("a"), last), true),
        (Compare::ModRevision(h.key("a"), first), false),
        (Compare::ModRevision(h.key("a"), Revision(0)), false),
        (Compare::CreateRevision(h.key("a"), first), true),
        (Compare::CreateRevision(h.key("a"), last), false),
        (Compare::ModRevision(h.key("none"), Revision(0)), true),
        (Compare::ModRevision(h.key("none"), last), false),
    ];
    check(h.store(), &expected).await;
}

pub async fn versions_are_compared(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("a"), "1")]).await;
    run(h.store(), vec![put(&h.key("a"), "2")]).await;
    let expected = [
        (Compare::Version(h.key("a"), 2), true),
        (Compare::Version(h.key("a"), 1), false),
        (Compare::Version(h.key("a"), 0), false),
        (Compare::Version(h.key("none"), 0), true),
        (Compare::Version(h.key("none"), 1), false),
    ];
    check(h.store(), &expected).await;
}

pub async fn values_are_compared(h: &impl Harness) {
    run(
        h.store(),
        vec![put(&h.key("a"), "1"), put(&h.key("empty"), "")],
    )
    .await;
    let expected = [
        (Compare::Value(h.key("a"), b"1".to_vec()), true),
        (Compare::Value(h.key("a"), b"12".to_vec()), false),
        (Compare::Value(h.key("a"), vec![]), false),
        (Compare::Value(h.key("empty"), vec![]), true),
        (Compare::Value(h.key("none"), vec![]), false),
    ];
    check(h.store(), &expected).await;
}

pub async fn a_fencing_token_stops_an_old_holder(h: &impl Harness) {
    let holder = h.key("holder");
    let token = run(h.store(), vec![put(&holder, "old")]).await;
    let write = |token, value| {
        let compare = Compare::CreateRevision(holder.clone(), token);
        only_if(vec![compare], vec![put(&h.key("work"), value)])
    };
    assert!(txn(h.store(), write(token, "by old")).await.succeeded);
    run(h.store(), vec![delete(&holder)]).await;
    let newer = run(h.store(), vec![put(&holder, "new")]).await;
    assert!(!txn(h.store(), write(token, "late")).await.succeeded);
    assert!(txn(h.store(), write(newer, "by new")).await.succeeded);
}

pub async fn a_read_sees_what_was_written_before_it(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("gone"), "1")]).await;
    let get = Op::Get(Select::Prefix(h.prefix()));
    let ops = vec![put(&h.key("new"), "2"), delete(&h.key("gone")), get];
    let result = txn(h.store(), always(ops)).await;
    let OpResult::Entries(found) = &result.results[2] else {
        panic!("{result:?}");
    };
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, h.key("new"));
    assert_eq!(found[0].mod_revision, result.revision);
}

pub async fn a_read_comes_in_its_place(h: &impl Harness) {
    let get = || Op::Get(Select::Key(h.key("a")));
    let ops = vec![get(), put(&h.key("a"), "1"), get()];
    let result = txn(h.store(), always(ops)).await;
    assert_eq!(result.results[0], OpResult::Entries(vec![]));
    assert_ne!(result.results[2], OpResult::Entries(vec![]));
}

pub async fn deletions_are_counted(h: &impl Harness) {
    let puts = ["a/1", "a/2", "b"].map(|name| put(&h.key(name), name));
    run(h.store(), puts.to_vec()).await;
    let ops = vec![
        Op::Delete(Select::Prefix(h.key("a/"))),
        delete(&h.key("b")),
        delete(&h.key("c")),
    ];
    let result = txn(h.store(), always(ops)).await;
    let expected = [2, 1, 0].map(OpResult::Deleted);
    assert_eq!(result.results, expected);
    assert_eq!(entries(h.store(), &h.prefix()).await, []);
}

pub async fn deleting_nothing_keeps_the_revision(h: &impl Harness) {
    let before = newest(h.store()).await;
    assert_eq!(run(h.store(), vec![delete(&h.key("a"))]).await, before);
    assert_eq!(newest(h.store()).await, before);
}

pub async fn reading_keeps_the_revision(h: &impl Harness) {
    let before = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let get = Op::Get(Select::Prefix(h.prefix()));
    assert_eq!(run(h.store(), vec![get]).await, before);
    assert_eq!(run(h.store(), vec![]).await, before);
    let fails = only_if(vec![Compare::absent(h.key("a"))], vec![delete(&h.key("a"))]);
    assert_eq!(txn(h.store(), fails).await.revision, before);
}

/// Checks that a transaction is refused, and that nothing came of it.
async fn refused(h: &impl Harness, txn: Txn, expected: fn(&Error) -> bool) {
    let before = newest(h.store()).await;
    let error = h.store().txn(txn).await.unwrap_err();
    assert!(expected(&error), "{error}");
    assert_eq!(newest(h.store()).await, before);
}

fn is_invalid(error: &Error) -> bool {
    matches!(error, Error::Invalid(_))
}

fn is_too_large(error: &Error) -> bool {
    matches!(error, Error::TooLarge(_))
}

pub async fn a_key_is_not_written_twice(h: &impl Harness) {
    let ops = vec![put(&h.key("a"), "1"), put(&h.key("a"), "2")];
    refused(h, always(ops), is_invalid).await;
}

pub async fn a_key_is_not_written_and_deleted(h: &impl Harness) {
    let ops = vec![put(&h.key("a"), "1"), delete(&h.key("a"))];
    refused(h, always(ops), is_invalid).await;
    let all = Op::Delete(Select::Prefix(h.prefix()));
    refused(h, always(vec![all, put(&h.key("a"), "1")]), is_invalid).await;
}

pub async fn too_many_operations_are_refused(h: &impl Harness) {
    let puts = |count| -> Vec<Op> {
        let name = |n| h.key(&format!("{n}"));
        (0..count).map(|n| put(&name(n), "")).collect()
    };
    refused(h, always(puts(MAX_TXN_OPS + 1)), is_too_large).await;
    run(h.store(), puts(MAX_TXN_OPS)).await;
    assert_eq!(entries(h.store(), &h.prefix()).await.len(), MAX_TXN_OPS);
}

pub async fn too_many_bytes_are_refused(h: &impl Harness) {
    let value = "x".repeat(MAX_TXN_BYTES);
    refused(h, always(vec![put(&h.key("a"), &value)]), is_too_large).await;
}

pub async fn too_long_a_key_is_refused(h: &impl Harness) {
    let long = h.key(&"x".repeat(MAX_KEY_BYTES));
    refused(h, always(vec![put(&long, "1")]), is_too_large).await;
}

pub async fn an_empty_key_is_refused(h: &impl Harness) {
    let empty = hark_core::store::Key::new("");
    refused(h, always(vec![put(&empty, "1")]), is_invalid).await;
}

pub async fn a_refused_transaction_leaves_no_trace(h: &impl Harness) {
    let ops = vec![
        put(&h.key("a"), "1"),
        put_on(LeaseId(424_242), &h.key("b"), "2"),
    ];
    let not_found = |e: &Error| *e == Error::LeaseNotFound(LeaseId(424_242));
    refused(h, always(ops), not_found).await;
    assert_eq!(entries(h.store(), &h.prefix()).await, []);
}

pub async fn a_branch_that_does_not_run_needs_no_lease(h: &impl Harness) {
    let result = txn(
        h.store(),
        Txn {
            compares: vec![Compare::absent(h.key("a"))],
            success: vec![put(&h.key("a"), "1")],
            failure: vec![put_on(LeaseId(424_242), &h.key("b"), "2")],
        },
    )
    .await;
    assert!(result.succeeded);
}

pub async fn of_many_claims_one_succeeds(h: &impl Harness) {
    let claims = (0..32).map(|n| {
        let claim = only_if(
            vec![Compare::absent(h.key("claim"))],
            vec![put(&h.key("claim"), &n.to_string())],
        );
        txn(h.store(), claim)
    });
    let results = join_all(claims).await;
    let winners: Vec<_> = (0..).zip(&results).filter(|(_, r)| r.succeeded).collect();
    assert_eq!(winners.len(), 1);
    let found = entry(h.store(), &h.key("claim")).await.unwrap();
    assert_eq!(found.value, winners[0].0.to_string().as_bytes());
    assert_eq!(found.mod_revision, winners[0].1.revision);
}

pub async fn counting_loses_nothing(h: &impl Harness) {
    let key = h.key("count");
    run(h.store(), vec![put(&key, "0")]).await;
    let count = async || {
        loop {
            let old = entry(h.store(), &key).await.unwrap();
            let number: u32 = String::from_utf8(old.value).unwrap().parse().unwrap();
            let swap = only_if(
                vec![Compare::ModRevision(key.clone(), old.mod_revision)],
                vec![put(&key, &(number + 1).to_string())],
            );
            if txn(h.store(), swap).await.succeeded {
                return;
            }
        }
    };
    join_all((0..16).map(|_| count())).await;
    assert_eq!(entry(h.store(), &key).await.unwrap().value, b"16");
}
