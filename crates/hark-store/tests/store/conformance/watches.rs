//! Watches: whole revisions, in order, without a gap.

use hark_core::store::{Compare, Error, Event, Op, Revision, Select};

use super::Harness;
use crate::support::{
    assert_no_gap, delete, entry, newest, next, next_batches, only_if, put, run, told, txn, within,
};

pub async fn a_watch_sees_what_comes(h: &impl Harness) {
    let from = newest(h.store()).await.next();
    let mut watch = h.store().watch(h.prefix(), from).await.unwrap();
    let revision = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(batch.revision, revision);
    assert_eq!(told(&h.prefix(), &batch), ["+a=1"]);
}

pub async fn a_watch_replays_what_was(h: &impl Harness) {
    let from = newest(h.store()).await.next();
    for value in ["1", "2", "3"] {
        run(h.store(), vec![put(&h.key("a"), value)]).await;
    }
    let mut watch = h.store().watch(h.prefix(), from).await.unwrap();
    run(h.store(), vec![put(&h.key("a"), "4")]).await;
    let batches = next_batches(&mut watch, 4).await;
    assert_no_gap(&batches);
    let told: Vec<_> = batches.iter().flat_map(|b| told(&h.prefix(), b)).collect();
    assert_eq!(told, ["+a=1", "+a=2", "+a=3", "+a=4"]);
}

pub async fn a_watch_begins_where_it_is_told_to(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let second = run(h.store(), vec![put(&h.key("a"), "2")]).await;
    let mut watch = h.store().watch(h.prefix(), second).await.unwrap();
    assert_eq!(next(&mut watch).await.unwrap().revision, second);
}

pub async fn a_revision_comes_whole_and_in_order(h: &impl Harness) {
    let from = newest(h.store()).await.next();
    run(h.store(), vec![put(&h.key("old"), "1")]).await;
    let ops = vec![
        put(&h.key("z"), "1"),
        delete(&h.key("old")),
        put(&h.key("a"), "2"),
    ];
    run(h.store(), ops).await;
    let mut watch = h.store().watch(h.prefix(), from).await.unwrap();
    let batches = next_batches(&mut watch, 2).await;
    let events = told(&h.prefix(), &batches[1]);
    assert_eq!(events, ["+z=1", "-old", "+a=2"]);
}

pub async fn a_watch_sees_only_its_prefix(h: &impl Harness) {
    let from = newest(h.store()).await.next();
    let mut watch = h.store().watch(h.key("in/"), from).await.unwrap();
    run(h.store(), vec![put(&h.key("out"), "1")]).await;
    run(h.store(), vec![put(&h.key("in0"), "1")]).await;
    let both = vec![put(&h.key("in/a"), "1"), put(&h.key("out"), "2")];
    let revision = run(h.store(), both).await;
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(batch.revision, revision);
    assert_eq!(told(&h.key("in/"), &batch), ["+a=1"]);
}

pub async fn deletions_are_events(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let revision = run(h.store(), vec![delete(&h.key("a"))]).await;
    let mut watch = h.store().watch(h.prefix(), revision).await.unwrap();
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(batch.events, [Event::Delete(h.key("a"))]);
}

pub async fn a_deleted_prefix_is_one_batch(h: &impl Harness) {
    let puts = ["d/2", "d/1", "d/3", "e"].map(|name| put(&h.key(name), ""));
    run(h.store(), puts.to_vec()).await;
    let all = Op::Delete(Select::Prefix(h.key("d/")));
    let revision = run(h.store(), vec![all]).await;
    let mut watch = h.store().watch(h.prefix(), revision).await.unwrap();
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(told(&h.prefix(), &batch), ["-d/1", "-d/2", "-d/3"]);
}

pub async fn events_carry_the_whole_entry(h: &impl Harness) {
    run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let revision = run(h.store(), vec![put(&h.key("a"), "2")]).await;
    let mut watch = h.store().watch(h.prefix(), revision).await.unwrap();
    let expected = entry(h.store(), &h.key("a")).await.unwrap();
    assert_eq!((expected.version, expected.mod_revision), (2, revision));
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(batch.events, [Event::Put(expected)]);
}

pub async fn a_failed_condition_is_no_event(h: &impl Harness) {
    let from = run(h.store(), vec![put(&h.key("a"), "1")]).await.next();
    let mut watch = h.store().watch(h.prefix(), from).await.unwrap();
    let fails = only_if(
        vec![Compare::absent(h.key("a"))],
        vec![put(&h.key("a"), "2")],
    );
    txn(h.store(), fails).await;
    run(h.store(), vec![put(&h.key("a"), "3")]).await;
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(told(&h.prefix(), &batch), ["+a=3"]);
}

pub async fn the_future_can_not_be_watched(h: &impl Harness) {
    let newest = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let asked = Revision(newest.0 + 2);
    let error = h.store().watch(h.prefix(), asked).await.err();
    assert_eq!(error, Some(Error::Future { asked, newest }));
}

pub async fn two_watches_see_the_same(h: &impl Harness) {
    let from = newest(h.store()).await.next();
    let mut one = h.store().watch(h.prefix(), from).await.unwrap();
    for n in 0..10 {
        run(h.store(), vec![put(&h.key(&n.to_string()), "1")]).await;
    }
    let mut other = h.store().watch(h.prefix(), from).await.unwrap();
    let (one, other) = (next_batches(&mut one, 10), next_batches(&mut other, 10));
    assert_eq!(one.await, other.await);
}

pub async fn a_long_watch_has_no_gap(h: &impl Harness) {
    let from = newest(h.store()).await.next();
    let mut watch = h.store().watch(h.prefix(), from).await.unwrap();
    let write = async {
        for n in 0..300 {
            run(h.store(), vec![put(&h.key("a"), &n.to_string())]).await;
        }
    };
    let ((), batches) = tokio::join!(write, next_batches(&mut watch, 300));
    assert_no_gap(&batches);
    assert_eq!(batches[0].revision, from);
    assert_eq!(told(&h.prefix(), &batches[299]), ["+a=299"]);
}

pub async fn a_watch_outlives_what_others_drop(h: &impl Harness) {
    let from = newest(h.store()).await.next();
    let mut stays = h.store().watch(h.prefix(), from).await.unwrap();
    drop(h.store().watch(h.prefix(), from).await.unwrap());
    run(h.store(), vec![put(&h.key("a"), "1")]).await;
    assert_eq!(next(&mut stays).await.unwrap().revision, from);
}

pub async fn a_quiet_watch_says_that_it_is_up_to_date(h: &impl Harness) {
    let from = run(h.store(), vec![put(&h.key("a"), "1")]).await;
    let prefix = h.key("quiet/");
    let mut watch = h.store().watch_with_progress(prefix, from).await.unwrap();
    let newest = run(h.store(), vec![put(&h.key("b"), "1")]).await;
    let up_to_date = async {
        loop {
            let mark = next(&mut watch).await.unwrap();
            assert_eq!(mark.events, []);
            if mark.revision == newest {
                return;
            }
        }
    };
    within(up_to_date).await;
}
