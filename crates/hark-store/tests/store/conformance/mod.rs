//! What every store promises, whatever is behind the port. A case uses the port and its
//! [`Harness`] only. Nobody else writes to the store while a case runs, but it need not
//! be at revision 0.

mod compaction;
mod etcd;
mod keys;
mod leases;
mod txns;
mod watches;

use std::sync::Arc;
use std::time::Duration;

use hark_core::store::{Key, Store};
use hark_core::time::ManualClock;
use hark_store::{MemoryStore, RedbStore};

/// A store under test.
#[async_trait::async_trait]
pub trait Harness {
    /// The store.
    fn store(&self) -> &dyn Store;

    /// Lets so much of the store's time pass.
    async fn advance(&self, by: Duration);

    /// A key that only this case has.
    fn key(&self, name: &str) -> Key {
        Key::new(format!("/case/{name}"))
    }

    /// What all keys of this case begin with.
    fn prefix(&self) -> Key {
        self.key("")
    }
}

/// A store in this process, with a clock that is moved by hand.
struct Local<S> {
    store: S,
    clock: ManualClock,
    _folder: Option<tempfile::TempDir>,
}

#[async_trait::async_trait]
impl<S: Store> Harness for Local<S> {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

fn memory_harness() -> impl Harness {
    let clock = ManualClock::default();
    Local {
        store: MemoryStore::open(Arc::new(clock.clone())).unwrap(),
        clock,
        _folder: None,
    }
}

fn redb_harness() -> impl Harness {
    let clock = ManualClock::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hark.redb");
    Local {
        store: RedbStore::open(&path, Arc::new(clock.clone())).unwrap(),
        clock,
        _folder: Some(folder),
    }
}

/// Makes a test of each case for each store.
macro_rules! conformance {
    ($($module:ident: $($case:ident)*;)*) => {
        mod memory {
            $($(#[tokio::test] async fn $case() {
                super::$module::$case(&super::memory_harness()).await;
            })*)*
        }

        mod redb {
            $($(#[tokio::test] async fn $case() {
                super::$module::$case(&super::redb_harness()).await;
            })*)*
        }

        /// How many cases there are.
        const CASES: usize = [$($(stringify!($case)),*),*].len();

        conformance!(@etcd packaged_etcd Packaged 1 $($module: $($case)*;)*);
        conformance!(@etcd packaged_etcd_of_three Packaged 3 $($module: $($case)*;)*);
        conformance!(@etcd current_etcd Current 1 $($module: $($case)*;)*);
        conformance!(@etcd current_etcd_of_three Current 3 $($module: $($case)*;)*);
    };
    (@etcd $name:ident $which:ident $members:literal $($module:ident: $($case:ident)*;)*) => {
        mod $name {
            use super::etcd::{Which, harness};

            $($(#[tokio::test] async fn $case() {
                if let Some(harness) = harness(Which::$which, $members).await {
                    super::$module::$case(&harness).await;
                }
            })*)*
        }
    };
}

conformance! {
    keys:
        an_unknown_key_is_not_there
        what_is_put_is_read
        a_key_keeps_its_create_revision
        versions_count_from_one
        a_key_that_comes_back_starts_over
        one_key_selects_only_itself
        a_prefix_leaves_its_neighbours_alone
        the_empty_prefix_selects_everything
        entries_come_in_the_order_of_their_bytes
        an_empty_value_is_a_value
        values_are_bytes
        a_mebibyte_is_kept
        a_read_has_the_newest_revision;
    txns:
        a_transaction_is_one_revision
        only_the_first_claim_succeeds
        the_other_branch_runs_when_a_condition_fails
        all_conditions_must_hold
        mod_revisions_are_compared
        versions_are_compared
        values_are_compared
        a_fencing_token_stops_an_old_holder
        a_read_sees_what_was_written_before_it
        a_read_comes_in_its_place
        deletions_are_counted
        deleting_nothing_keeps_the_revision
        reading_keeps_the_revision
        a_key_is_not_written_twice
        a_key_is_not_written_and_deleted
        too_many_operations_are_refused
        too_many_bytes_are_refused
        too_long_a_key_is_refused
        an_empty_key_is_refused
        a_refused_transaction_leaves_no_trace
        a_branch_that_does_not_run_needs_no_lease
        of_many_claims_one_succeeds
        counting_loses_nothing;
    watches:
        a_watch_sees_what_comes
        a_watch_replays_what_was
        a_watch_begins_where_it_is_told_to
        a_revision_comes_whole_and_in_order
        a_watch_sees_only_its_prefix
        deletions_are_events
        a_deleted_prefix_is_one_batch
        events_carry_the_whole_entry
        a_failed_condition_is_no_event
        the_future_can_not_be_watched
        two_watches_see_the_same
        a_long_watch_has_no_gap
        a_watch_outlives_what_others_drop
        a_quiet_watch_says_that_it_is_up_to_date;
    compaction:
        what_is_compacted_can_not_be_watched
        the_first_kept_revision_can_be_watched
        compacting_twice_is_refused
        compacting_the_future_is_refused
        compaction_keeps_what_there_is
        a_watch_that_is_up_to_date_survives_compaction
        a_slow_reader_is_told;
    leases:
        too_short_a_lease_is_refused
        leases_differ
        keys_go_when_their_lease_ends
        keys_of_a_lease_go_in_one_revision
        a_lease_without_keys_ends_without_a_revision
        a_lease_that_is_kept_alive_stays
        a_lease_can_be_revoked
        a_revoked_lease_is_gone
        an_ended_lease_can_not_be_kept_alive
        an_ended_lease_can_not_be_used
        an_unknown_lease_is_not_found
        a_key_put_without_a_lease_stays
        a_key_moves_to_another_lease
        a_key_that_comes_back_is_free_of_its_lease
        an_entry_names_its_lease;
}
