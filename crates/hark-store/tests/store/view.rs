//! The watched copy: what it shows, how old it says it is, and how it finds back.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use hark_core::store::{
    Error, Event, Key, LeaseId, Revision, Select, Snapshot, Store, Txn, TxnResult, Watch,
};
use hark_core::time::ManualClock;
use hark_store::view::StoreView;
use hark_store::{Limits, MemoryStore};
use tokio::sync::watch;

use crate::support::{beside, block_on, delete, key, put, run, within};

/// A store that can be put out of reach.
pub struct Reachable {
    store: Arc<MemoryStore>,
    reachable: watch::Sender<bool>,
    /// Whether an unreachable store answers with errors at once, watches included;
    /// otherwise watches just fall silent.
    pub fails_loudly: AtomicBool,
}

impl Reachable {
    /// A store in reach.
    pub fn new(limits: Limits) -> Arc<Self> {
        let clock = Arc::new(ManualClock::default());
        Arc::new(Self {
            store: Arc::new(MemoryStore::with_limits(clock, limits).unwrap()),
            reachable: watch::Sender::new(true),
            fails_loudly: AtomicBool::new(true),
        })
    }

    /// Whether it is in reach from now on.
    pub fn reach(&self, reachable: bool) {
        self.reachable.send_replace(reachable);
    }

    fn check(&self) -> Result<(), Error> {
        let gone = || Error::Unavailable("out of reach".to_owned());
        self.reachable.borrow().then_some(()).ok_or_else(gone)
    }

    /// Asks the store's thread. The runtime's paused clock must not run on meanwhile; it
    /// stands while a blocking task is at work.
    async fn ask<T: Send + 'static>(
        &self,
        request: impl AsyncFnOnce(Arc<MemoryStore>) -> T + Send + 'static,
    ) -> T {
        let store = Arc::clone(&self.store);
        let asking = move || block_on(request(store));
        tokio::task::spawn_blocking(asking).await.unwrap()
    }

    /// A watch that breaks or falls silent with the store.
    fn cut(&self, watch: Watch) -> Watch {
        let reachable = self.reachable.subscribe();
        let loud = self.fails_loudly.load(Ordering::SeqCst);
        Watch::new(stream::unfold(
            (watch, reachable),
            move |(mut watch, mut reachable)| async move {
                let item = tokio::select! {
                    biased;
                    _ = reachable.wait_for(|reachable| loud && !reachable) => {
                        Err(Error::Unavailable("out of reach".to_owned()))
                    }
                    item = watch.next() => item?,
                };
                if !loud {
                    reachable.wait_for(|reachable| *reachable).await.ok()?;
                }
                Some((item, (watch, reachable)))
            },
        ))
    }
}

#[async_trait::async_trait]
impl Store for Reachable {
    fn kind(&self) -> &'static str {
        self.store.kind()
    }

    async fn range(&self, select: Select) -> Result<Snapshot, Error> {
        self.check()?;
        self.store.range(select).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        self.ask(async move |store| store.txn(txn).await).await
    }

    async fn watch(&self, prefix: Key, from: Revision) -> Result<Watch, Error> {
        self.check()?;
        Ok(self.cut(self.store.watch(prefix, from).await?))
    }

    async fn watch_with_progress(&self, prefix: Key, from: Revision) -> Result<Watch, Error> {
        self.check()?;
        Ok(self.cut(self.store.watch_with_progress(prefix, from).await?))
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.ask(async move |store| store.grant_lease(ttl).await)
            .await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Result<(), Error> {
        self.check()?;
        self.ask(async move |store| store.keep_alive(lease).await)
            .await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.ask(async move |store| store.revoke_lease(lease).await)
            .await
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.store.compact(revision).await
    }
}

fn view_of(store: &Arc<Reachable>) -> (StoreView, ManualClock, impl Future<Output = ()> + use<>) {
    let clock = ManualClock::default();
    let store = Arc::clone(store) as Arc<dyn Store>;
    let (view, driver) = StoreView::open(store, key("in/"), Arc::new(clock.clone()));
    (view, clock, driver)
}

fn names(view: &StoreView) -> Vec<String> {
    let snapshot = view.snapshot();
    snapshot.entries.keys().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_view_shows_what_there_is_and_what_comes() {
    let store = Reachable::new(Limits::default());
    run(&*store, vec![put(&key("in/a"), "1"), put(&key("out"), "1")]).await;
    let (view, _, driver) = view_of(&store);
    assert_eq!(view.snapshot().revision, Revision(0));
    assert_eq!(view.age(), None);
    beside(driver, async {
        let seen = within(view.ready()).await.unwrap();
        assert_eq!(names(&view), ["in/a"]);
        run(&*store, vec![put(&key("out"), "2")]).await;
        let ops = vec![put(&key("in/b"), "1"), delete(&key("in/a"))];
        let revision = run(&*store, ops).await;
        let changed = within(view.changed(seen.revision)).await.unwrap();
        assert_eq!((changed.revision, changed.changed), (revision, revision));
        assert_eq!(names(&view), ["in/b"]);
        assert_eq!(changed.entry(&key("in/b")).unwrap().value, b"1");
        // What was there before is still what it was.
        assert_eq!(seen.entries.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn changes_come_in_order() {
    let store = Reachable::new(Limits::default());
    let (view, _, driver) = view_of(&store);
    beside(driver, async {
        let mut seen = within(view.ready()).await.unwrap();
        let write = async {
            for n in 0..100 {
                run(&*store, vec![put(&key("in/a"), &n.to_string())]).await;
            }
        };
        let read = async {
            while seen.revision < Revision(100) {
                let next = within(view.changed(seen.revision)).await.unwrap();
                assert!(next.revision > seen.revision);
                assert_eq!(next.entry(&key("in/a")).unwrap().mod_revision, next.changed);
                seen = next;
            }
        };
        tokio::join!(write, read);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_view_knows_how_stale_it_is() {
    let store = Reachable::new(Limits::default());
    store.fails_loudly.store(false, Ordering::SeqCst);
    run(&*store, vec![put(&key("in/a"), "1")]).await;
    let (view, clock, driver) = view_of(&store);
    beside(driver, async {
        within(view.ready()).await;
        assert_eq!(view.age(), Some(Duration::ZERO));
        store.reach(false);
        clock.advance(Duration::from_secs(30));
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(view.age(), Some(Duration::from_secs(30)));
        // It still serves what it knows.
        assert_eq!(names(&view), ["in/a"]);
        // Back in reach, it is confirmed though nothing changed.
        store.reach(true);
        let young = async {
            while view.age() != Some(Duration::ZERO) {
                tokio::time::advance(Duration::from_millis(100)).await;
                tokio::task::yield_now().await;
            }
        };
        within(young).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_view_finds_back_to_a_store_that_was_lost() {
    let store = Reachable::new(Limits::default());
    run(
        &*store,
        vec![put(&key("in/a"), "1"), put(&key("in/b"), "1")],
    )
    .await;
    let (view, _, driver) = view_of(&store);
    beside(driver, async {
        let seen = within(view.ready()).await.unwrap();
        store.reach(false);
        let ops = vec![delete(&key("in/a")), put(&key("in/c"), "1")];
        let revision = run(&*store, ops).await;
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(names(&view), ["in/a", "in/b"]);
        store.reach(true);
        let found = within(view.changed(seen.revision)).await.unwrap();
        assert!(found.revision >= revision);
        assert_eq!(names(&view), ["in/b", "in/c"]);
    })
    .await;
}

#[tokio::test]
async fn a_view_that_falls_behind_the_history_reads_again() {
    let store = Reachable::new(Limits {
        history_revisions: 4,
        ..Limits::default()
    });
    run(
        &*store,
        vec![put(&key("in/gone"), "1"), put(&key("in/old"), "1")],
    )
    .await;
    let (view, _, driver) = view_of(&store);
    let mut driver = pin!(driver);
    let seen = beside(driver.as_mut(), within(view.ready())).await.unwrap();
    // Nobody runs the driver now.
    run(&*store, vec![delete(&key("in/gone"))]).await;
    for n in 0..20 {
        run(&*store, vec![put(&key("in/new"), &n.to_string())]).await;
    }
    assert_eq!(names(&view), ["in/gone", "in/old"]);
    let found = beside(driver.as_mut(), within(view.reached(Revision(22)))).await;
    let found = found.unwrap();
    assert_eq!(names(&view), ["in/new", "in/old"]);
    let changes = found.changes_since(&seen);
    assert_eq!(changes[0], Event::Delete(key("in/gone")));
    assert_eq!(changes.len(), 2);
    // And it follows again.
    let revision = run(&*store, vec![put(&key("in/more"), "1")]).await;
    let more = beside(driver, within(view.changed(found.revision))).await;
    assert_eq!(more.unwrap().changed, revision);
}

#[tokio::test]
async fn a_view_is_not_disturbed_by_its_neighbours() {
    let store = Reachable::new(Limits::default());
    run(&*store, vec![put(&key("in/a"), "1")]).await;
    let (view, _, driver) = view_of(&store);
    let mut driver = pin!(driver);
    let seen = beside(driver.as_mut(), within(view.ready())).await.unwrap();
    let last = run(&*store, vec![put(&key("out"), "1")]).await;
    // The mark of progress names the neighbour's revision but is no change.
    let found = beside(driver, within(view.reached(last))).await.unwrap();
    assert_eq!(found.changed, seen.changed);
    assert_eq!(found.changes_since(&seen), []);
}

#[tokio::test]
async fn the_driver_ends_with_the_view_and_the_view_with_the_driver() {
    let store = Reachable::new(Limits::default());
    let (view, _, driver) = view_of(&store);
    drop(view);
    within(driver).await;
    let (view, _, driver) = view_of(&store);
    drop(driver);
    assert_eq!(within(view.ready()).await, None);
}
