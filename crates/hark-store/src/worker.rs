//! The store's thread: takes requests in order, works out as many as wait in one go,
//! makes them durable with one commit, then shows them to readers and answers. It also
//! ends leases whose time is over.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use hark_core::store::{Error, LeaseId, Revision, Txn, TxnResult};
use hark_core::time::Monotonic;
use tokio::sync::{oneshot, watch};

use crate::draft::Draft;
use crate::local::Shared;
use crate::state::Commit;

/// At most so many requests share one commit.
const MAX_GROUP: usize = 64;
/// How long the thread sleeps at most while there are leases. The clock port can't wake
/// it, so this bounds how late it sees that time has jumped.
const LEASE_POLL: Duration = Duration::from_millis(100);
/// How long it waits after a commit of its own failed, before it tries again.
const RETRY: Duration = Duration::from_secs(1);

/// What is asked of the thread.
pub(crate) enum Request {
    Txn(Txn, oneshot::Sender<Result<TxnResult, Error>>),
    Grant(Duration, oneshot::Sender<Result<LeaseId, Error>>),
    KeepAlive(LeaseId, oneshot::Sender<Result<(), Error>>),
    Revoke(LeaseId, oneshot::Sender<Result<(), Error>>),
    Compact(Revision, oneshot::Sender<Result<(), Error>>),
    /// Ends the leases that are due.
    Expire(oneshot::Sender<Result<(), Error>>),
}

/// Why a commit did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was written.
    Refused(Error),
    /// It may have been written; [`Log::settle`] says whether.
    Unknown(Error),
}

/// Where commits go to last.
pub(crate) trait Log: Send + 'static {
    /// Makes a commit durable, whole or not at all.
    fn commit(&mut self, commit: &Commit) -> Result<(), Failure>;

    /// Whether the last commit, whose fate was unknown, did happen.
    fn settle(&mut self) -> Result<bool, Error>;
}

/// The thread's own.
pub(crate) struct Worker<L> {
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: L,
    pub(crate) requests: Receiver<Request>,
    pub(crate) newest: watch::Sender<Revision>,
    /// A commit that may have happened.
    pub(crate) unsettled: Option<Commit>,
    /// Leases are not ended before this: doing so failed a moment ago.
    pub(crate) expire_after: Monotonic,
}

impl<L: Log> Worker<L> {
    /// Works until nobody can ask any more.
    pub(crate) fn run(mut self) {
        loop {
            let first = match self.patience() {
                None => self.requests.recv().map_err(RecvTimeoutError::from),
                Some(time) => self.requests.recv_timeout(time),
            };
            match first {
                Ok(request) => self.turn(request),
                Err(RecvTimeoutError::Timeout) => self.tidy(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// How long it may sleep; `None`: until there is a request.
    fn patience(&self) -> Option<Duration> {
        if self.unsettled.is_some() {
            return Some(RETRY);
        }
        let deadline = self.shared.read().next_deadline()?;
        let wait = deadline.max(self.expire_after);
        Some(
            wait.since(self.shared.clock.monotonic())
                .clamp(Duration::from_millis(1), LEASE_POLL),
        )
    }

    /// Serves one request and those that wait behind it.
    fn turn(&mut self, first: Request) {
        self.tidy();
        let mut group = vec![first];
        while group.len() < MAX_GROUP
            && let Ok(request) = self.requests.try_recv()
        {
            group.push(request);
        }
        if self.unsettled.is_some() {
            return group.into_iter().for_each(refuse_while_unsettled);
        }
        let now = self.shared.clock.monotonic();
        let mut replies = Vec::with_capacity(group.len());
        let mut renewed = Vec::new();
        let commit = {
            let state = self.shared.read();
            let mut draft = Draft::new(&state, now);
            for request in group {
                replies.push(answer(&mut draft, request, &mut renewed));
            }
            draft.finish()
        };
        let failure = self.commit(commit, now).err();
        if !renewed.is_empty() {
            let mut state = self.shared.write();
            renewed.into_iter().for_each(|id| state.renew(id, now));
        }
        for reply in replies {
            (reply.0)(failure.as_ref());
        }
    }

    /// Settles what is unsettled and ends the leases that are due.
    fn tidy(&mut self) {
        self.settle();
        let now = self.shared.clock.monotonic();
        if self.unsettled.is_some() || now < self.expire_after {
            return;
        }
        let commit = {
            let state = self.shared.read();
            if state.next_deadline().is_none_or(|deadline| now < deadline) {
                return;
            }
            let mut draft = Draft::new(&state, now);
            draft.expire();
            draft.finish()
        };
        if let Err(error) = self.commit(commit, now) {
            tracing::warn!(%error, "leases that are over could not be ended");
            self.expire_after = now.plus(RETRY);
        }
    }

    fn commit(&mut self, commit: Commit, now: Monotonic) -> Result<(), Error> {
        if commit.is_empty(&self.shared.read()) {
            return Ok(());
        }
        match self.log.commit(&commit) {
            Ok(()) => {
                self.publish(commit, now);
                Ok(())
            }
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Unknown(error)) => {
                tracing::warn!(%error, "it is not known whether a commit was written");
                self.unsettled = Some(commit);
                self.settle();
                Err(Error::Indeterminate(error.to_string()))
            }
        }
    }

    fn settle(&mut self) {
        let Some(commit) = self.unsettled.take() else {
            return;
        };
        match self.log.settle() {
            Ok(true) => self.publish(commit, self.shared.clock.monotonic()),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "the store can't be opened again");
                self.unsettled = Some(commit);
            }
        }
    }

    fn publish(&mut self, commit: Commit, now: Monotonic) {
        let revision = commit.revision;
        self.shared.write().apply(commit, now);
        self.newest.send_replace(revision);
    }
}

/// Tells who asked, once it is known whether the commit failed.
#[expect(clippy::type_complexity, reason = "this is the type's name")]
struct Reply(Box<dyn FnOnce(Option<&Error>)>);

/// Works out one request.
fn answer(draft: &mut Draft<'_>, request: Request, renewed: &mut Vec<LeaseId>) -> Reply {
    match request {
        Request::Txn(txn, to) => after_commit(draft.txn(txn), to),
        Request::Grant(ttl, to) => after_commit(draft.grant(ttl), to),
        Request::Revoke(id, to) => after_commit(draft.revoke(id), to),
        Request::Compact(revision, to) => after_commit(draft.compact(revision), to),
        Request::KeepAlive(id, to) => {
            let result = draft.keep_alive(id);
            renewed.extend(result.is_ok().then_some(id));
            // Needs no commit: it is not written down.
            Reply(Box::new(|_| drop(to.send(result))))
        }
        Request::Expire(to) => after_commit(Ok(()), to),
    }
}

fn after_commit<T: 'static>(
    result: Result<T, Error>,
    to: oneshot::Sender<Result<T, Error>>,
) -> Reply {
    Reply(Box::new(move |failure| {
        let result = match failure {
            Some(error) => result.and(Err(error.clone())),
            None => result,
        };
        // Who asked may have gone.
        drop(to.send(result));
    }))
}

/// The file may hold more than is known here, so nothing can be decided.
fn refuse_while_unsettled(request: Request) {
    let error =
        || Error::Unavailable("the store's file can't be opened again after an error".to_owned());
    match request {
        Request::Txn(_, to) => drop(to.send(Err(error()))),
        Request::Grant(_, to) => drop(to.send(Err(error()))),
        Request::KeepAlive(_, to)
        | Request::Revoke(_, to)
        | Request::Compact(_, to)
        | Request::Expire(to) => drop(to.send(Err(error()))),
    }
}
