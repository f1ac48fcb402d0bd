//! Compaction: what is forgotten, what stays, and who is told.

use hark_core::store::{Error, Revision};

use super::Harness;
use crate::support::{entry, next, put, run, told};

/// Writes `count` revisions; the first and the last of them.
async fn write(h: &impl Harness, count: usize) -> (Revision, Revision) {
    let first = run(h.store(), vec![put(&h.key("a"), "0")]).await;
    let mut last = first;
    for n in 1..count {
        last = run(h.store(), vec![put(&h.key("a"), &n.to_string())]).await;
    }
    (first, last)
}

pub async fn what_is_compacted_can_not_be_watched(h: &impl Harness) {
    let (first, last) = write(h, 5).await;
    h.store().compact(last).await.unwrap();
    let error = h.store().watch(h.prefix(), first).await.err();
    assert_eq!(error, Some(Error::Compacted { min: last }));
}

pub async fn the_first_kept_revision_can_be_watched(h: &impl Harness) {
    let (first, _) = write(h, 5).await;
    let min = Revision(first.0 + 2);
    h.store().compact(min).await.unwrap();
    let mut watch = h.store().watch(h.prefix(), min).await.unwrap();
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(batch.revision, min);
    assert_eq!(told(&h.prefix(), &batch), ["+a=2"]);
}

pub async fn compacting_twice_is_refused(h: &impl Harness) {
    let (first, last) = write(h, 3).await;
    h.store().compact(last).await.unwrap();
    for again in [first, last] {
        let error = h.store().compact(again).await.unwrap_err();
        assert_eq!(error, Error::Compacted { min: last });
    }
}

pub async fn compacting_the_future_is_refused(h: &impl Harness) {
    let (_, newest) = write(h, 3).await;
    let asked = newest.next();
    let error = h.store().compact(asked).await.unwrap_err();
    assert_eq!(error, Error::Future { asked, newest });
}

pub async fn compaction_keeps_what_there_is(h: &impl Harness) {
    let old = run(h.store(), vec![put(&h.key("old"), "kept")]).await;
    let (_, last) = write(h, 3).await;
    h.store().compact(last).await.unwrap();
    let found = entry(h.store(), &h.key("old")).await.unwrap();
    assert_eq!((found.create_revision, found.version), (old, 1));
    assert_eq!(entry(h.store(), &h.key("a")).await.unwrap().value, b"2");
    assert_eq!(
        run(h.store(), vec![put(&h.key("a"), "3")]).await,
        last.next()
    );
}

pub async fn a_watch_that_is_up_to_date_survives_compaction(h: &impl Harness) {
    let (_, last) = write(h, 3).await;
    let mut watch = h.store().watch(h.prefix(), last).await.unwrap();
    next(&mut watch).await.unwrap();
    h.store().compact(last).await.unwrap();
    let revision = run(h.store(), vec![put(&h.key("a"), "more")]).await;
    assert_eq!(next(&mut watch).await.unwrap().revision, revision);
}

/// A store may have sent a reader what it asked for before it forgot it; but what it
/// can't send any more it does not leave out in silence.
pub async fn a_slow_reader_is_told(h: &impl Harness) {
    let (first, _) = write(h, 1).await;
    let mut watch = h.store().watch(h.prefix(), first).await.unwrap();
    let (_, last) = write(h, 20).await;
    h.store().compact(last).await.unwrap();
    let mut expected = first;
    loop {
        match next(&mut watch).await {
            Ok(batch) => assert_eq!(batch.revision, expected),
            Err(error) => return assert_eq!(error, Error::Compacted { min: last }),
        }
        if expected == last {
            return;
        }
        expected = expected.next();
    }
}
