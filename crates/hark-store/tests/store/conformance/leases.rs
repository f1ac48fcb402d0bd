//! Leases: their time, their keys, and what is left when they end.

use std::time::Duration;

use hark_core::store::{Error, LeaseId, Revision};

use super::Harness;
use crate::support::{TTL, always, delete, entries, entry, newest, next, put, put_on, run, told};

/// Waits until something after revision `after` deleted the case's key `a`.
async fn gone_after(h: &impl Harness, after: Revision) -> Revision {
    let mut watch = h.store().watch(h.key("a"), after.next()).await.unwrap();
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(told(&h.prefix(), &batch), ["-a"]);
    batch.revision
}

pub async fn too_short_a_lease_is_refused(h: &impl Harness) {
    for ttl in [Duration::ZERO, TTL - Duration::from_millis(1)] {
        let error = h.store().grant_lease(ttl).await.unwrap_err();
        assert!(matches!(error, Error::Invalid(_)), "{error}");
    }
}

pub async fn leases_differ(h: &impl Harness) {
    let one = h.store().grant_lease(TTL).await.unwrap();
    let other = h.store().grant_lease(TTL).await.unwrap();
    assert_ne!(one, other);
}

pub async fn keys_go_when_their_lease_ends(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    let put = put_on(lease, &h.key("a"), "1");
    let revision = run(h.store(), vec![put]).await;
    h.advance(TTL).await;
    assert_eq!(gone_after(h, revision).await, revision.next());
    assert_eq!(entry(h.store(), &h.key("a")).await, None);
}

pub async fn keys_of_a_lease_go_in_one_revision(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    let other = h.store().grant_lease(TTL * 20).await.unwrap();
    run(h.store(), vec![put_on(lease, &h.key("b"), "1")]).await;
    run(h.store(), vec![put_on(other, &h.key("stays"), "1")]).await;
    let revision = run(h.store(), vec![put_on(lease, &h.key("a"), "1")]).await;
    h.advance(TTL).await;
    let mut watch = (h.store())
        .watch(h.prefix(), revision.next())
        .await
        .unwrap();
    let batch = next(&mut watch).await.unwrap();
    assert_eq!(told(&h.prefix(), &batch), ["-a", "-b"]);
    assert_eq!(entries(h.store(), &h.prefix()).await.len(), 1);
}

pub async fn a_lease_without_keys_ends_without_a_revision(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    let before = newest(h.store()).await;
    h.store().revoke_lease(lease).await.unwrap();
    assert_eq!(newest(h.store()).await, before);
}

pub async fn a_lease_that_is_kept_alive_stays(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    let mut revision = run(h.store(), vec![put_on(lease, &h.key("a"), "1")]).await;
    for _ in 0..4 {
        h.advance(TTL / 2).await;
        h.store().keep_alive(lease).await.unwrap();
        assert!(entry(h.store(), &h.key("a")).await.is_some());
    }
    // Keeping it alive writes nothing.
    assert_eq!(newest(h.store()).await, revision);
    h.advance(TTL).await;
    revision = gone_after(h, revision).await;
    assert_eq!(newest(h.store()).await, revision);
}

pub async fn a_lease_can_be_revoked(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    let revision = run(h.store(), vec![put_on(lease, &h.key("a"), "1")]).await;
    h.store().revoke_lease(lease).await.unwrap();
    assert_eq!(entry(h.store(), &h.key("a")).await, None);
    assert_eq!(gone_after(h, revision).await, revision.next());
}

pub async fn a_revoked_lease_is_gone(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    h.store().revoke_lease(lease).await.unwrap();
    let not_found = Err(Error::LeaseNotFound(lease));
    assert_eq!(h.store().revoke_lease(lease).await, not_found);
    assert_eq!(h.store().keep_alive(lease).await, not_found);
}

/// A lease whose time is over, and whose key is seen to be gone.
async fn ended(h: &impl Harness) -> LeaseId {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    let revision = run(h.store(), vec![put_on(lease, &h.key("a"), "1")]).await;
    h.advance(TTL).await;
    gone_after(h, revision).await;
    lease
}

pub async fn an_ended_lease_can_not_be_kept_alive(h: &impl Harness) {
    let lease = ended(h).await;
    let not_found = Err(Error::LeaseNotFound(lease));
    assert_eq!(h.store().keep_alive(lease).await, not_found);
    assert_eq!(h.store().revoke_lease(lease).await, not_found);
}

pub async fn an_ended_lease_can_not_be_used(h: &impl Harness) {
    let lease = ended(h).await;
    let txn = always(vec![put_on(lease, &h.key("b"), "1")]);
    let error = h.store().txn(txn).await.unwrap_err();
    assert_eq!(error, Error::LeaseNotFound(lease));
    assert_eq!(entry(h.store(), &h.key("b")).await, None);
}

pub async fn an_unknown_lease_is_not_found(h: &impl Harness) {
    let lease = LeaseId(424_242);
    let not_found = Err(Error::LeaseNotFound(lease));
    assert_eq!(h.store().keep_alive(lease).await, not_found);
    assert_eq!(h.store().revoke_lease(lease).await, not_found);
}

pub async fn a_key_put_without_a_lease_stays(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    run(h.store(), vec![put_on(lease, &h.key("a"), "1")]).await;
    run(h.store(), vec![put(&h.key("a"), "2")]).await;
    h.store().revoke_lease(lease).await.unwrap();
    assert_eq!(entry(h.store(), &h.key("a")).await.unwrap().value, b"2");
}

pub async fn a_key_moves_to_another_lease(h: &impl Harness) {
    let one = h.store().grant_lease(TTL).await.unwrap();
    let other = h.store().grant_lease(TTL).await.unwrap();
    run(h.store(), vec![put_on(one, &h.key("a"), "1")]).await;
    run(h.store(), vec![put_on(other, &h.key("a"), "2")]).await;
    h.store().revoke_lease(one).await.unwrap();
    assert!(entry(h.store(), &h.key("a")).await.is_some());
    h.store().revoke_lease(other).await.unwrap();
    assert_eq!(entry(h.store(), &h.key("a")).await, None);
}

pub async fn a_key_that_comes_back_is_free_of_its_lease(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    run(h.store(), vec![put_on(lease, &h.key("a"), "1")]).await;
    run(h.store(), vec![delete(&h.key("a"))]).await;
    run(h.store(), vec![put(&h.key("a"), "2")]).await;
    h.store().revoke_lease(lease).await.unwrap();
    assert!(entry(h.store(), &h.key("a")).await.is_some());
}

pub async fn an_entry_names_its_lease(h: &impl Harness) {
    let lease = h.store().grant_lease(TTL).await.unwrap();
    run(h.store(), vec![put_on(lease, &h.key("a"), "1")]).await;
    let found = entry(h.store(), &h.key("a")).await.unwrap();
    assert_eq!(found.lease, Some(lease));
}
