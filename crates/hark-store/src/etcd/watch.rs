//! A watch on etcd that outlives what it runs on: when its stream breaks or falls silent
//! it goes on at another member, from the revision after the last whole one. If that is
//! compacted by then it says so. It is never silent about a gap.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use etcd_client::proto::{PbEvent, PbWatchResponse};
use etcd_client::{WatchOptions, WatchResponse, WatchStream};
use futures_util::stream;
use hark_core::backoff::Backoff;
use hark_core::store::{Batch, Entry, Error, Event, Key, Revision, Watch};
use tokio::time::{Instant, timeout};

use super::assemble::Assembler;
use super::convert::{self, Bounds};
use super::failure::{Failure, Repeat, Step, after, classify, of_reason};
use super::history;
use super::members::{Connected, Members, unit_random};

/// How often a quiet member is asked how far it is.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// After so many questions without any answer it is given up.
const MOST_UNANSWERED: u32 = 5;
/// How long a watch that broke looks for a member to go on at, before it ends.
const RESUME_LIMIT: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);

/// Follows a prefix from `next` on.
pub(crate) struct Follower {
    members: Arc<Members>,
    prefix: Key,
    progress: bool,
    /// The first revision that was not delivered.
    next: Revision,
    live: Option<Live>,
    parts: Assembler,
    found: VecDeque<Batch>,
    ended: bool,
}

/// A stream that works as far as is known.
struct Live {
    member: usize,
    stream: WatchStream,
    unanswered: u32,
    /// Whether what the member says about progress is always true when it says it.
    exact: bool,
    /// What a member said whose word comes true only a little later.
    said: Option<Revision>,
}

impl Follower {
    /// Begins to follow.
    pub(crate) async fn open(
        members: Arc<Members>,
        prefix: Key,
        from: Revision,
        progress: bool,
    ) -> Result<Watch, Error> {
        let limit = members.request_timeout();
        let mut follower = Self {
            members,
            prefix,
            progress,
            next: from.max(Revision(1)),
            live: None,
            parts: Assembler::default(),
            found: VecDeque::new(),
            ended: false,
        };
        follower.resume(limit).await?;
        Ok(follower.into_watch())
    }

    fn into_watch(self) -> Watch {
        Watch::new(stream::unfold(self, |mut follower| async {
            if follower.ended {
                return None;
            }
            let item = follower.advance().await;
            follower.ended = item.is_err();
            Some((item, follower))
        }))
    }

    async fn advance(&mut self) -> Result<Batch, Error> {
        loop {
            if let Some(batch) = self.found.pop_front() {
                return Ok(batch);
            }
            if self.live.is_none() {
                self.resume(RESUME_LIMIT).await?;
            }
            match self.listen().await {
                Ok(()) => {}
                Err(Failure::Refused(error)) => return Err(error),
                Err(failure) => self.lose(&failure),
            }
        }
    }

    /// Takes what the stream says next, or asks the member how far it is.
    async fn listen(&mut self) -> Result<(), Failure> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        match timeout(ASK_EVERY, live.stream.message()).await {
            Ok(Ok(Some(said))) => {
                live.unanswered = 0;
                self.take(said)
            }
            Ok(Ok(None)) => Err(Failure::Unknown("the watch ended".to_owned())),
            Ok(Err(error)) => Err(classify(&error)),
            Err(_elapsed) if live.unanswered >= MOST_UNANSWERED => {
                Err(Failure::Unknown("it no longer answers".to_owned()))
            }
            Err(_elapsed) => {
                live.unanswered += 1;
                let asked = live.stream.request_progress().await;
                asked.map_err(|e| classify(&e))
            }
        }
    }

    fn take(&mut self, said: WatchResponse) -> Result<(), Failure> {
        if said.canceled() {
            return Err(cancelled(&said));
        }
        if said.created() {
            return Ok(());
        }
        let said: PbWatchResponse = said.0;
        if said.events.is_empty() {
            let revision = said.header.map_or(0, |h| h.revision);
            self.mark(Revision(revision));
            return Ok(());
        }
        let events = said.events.into_iter().map(event);
        let events: Vec<_> = events.collect::<Result<_, _>>().map_err(Failure::Refused)?;
        // What was delivered before the stream broke is not delivered again.
        let next = self.next;
        let new = events.into_iter().filter(|(revision, _)| *revision >= next);
        let whole = self
            .parts
            .push(new, said.fragment)
            .map_err(Failure::Refused)?;
        if let Some(last) = whole.last() {
            self.next = last.revision.next();
        }
        self.found.extend(whole);
        Ok(())
    }

    /// The member said that all up to `revision` was sent.
    fn mark(&mut self, revision: Revision) {
        let Some(live) = &mut self.live else { return };
        let sure = match live.exact {
            true => Some(revision),
            // What it said a second ago; what it then still had to send has come since.
            // It is not relied on for where to go on after a break.
            false => live.said.replace(revision),
        };
        let Some(sure) = sure.filter(|_| self.parts.is_empty()) else {
            return;
        };
        let delivered = Revision(self.next.0 - 1).max(sure);
        if live.exact {
            self.next = delivered.next();
        }
        if self.progress {
            self.found.push_back(Batch {
                revision: delivered,
                events: vec![],
            });
        }
    }

    fn lose(&mut self, failure: &Failure) {
        if let Some(live) = self.live.take() {
            tracing::info!(prefix = %self.prefix, ?failure, "a watch broke; it goes on elsewhere");
            self.members.avoid(live.member);
        }
        self.parts.clear();
    }

    /// Finds a member to go on at.
    async fn resume(&mut self, limit: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + limit;
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        loop {
            let member = self.members.current();
            let attempt = timeout(
                self.members.request_timeout(),
                Box::pin(self.connect(member)),
            );
            let failure = match attempt.await {
                Ok(Ok(live)) => {
                    self.live = Some(live);
                    return Ok(());
                }
                Ok(Err(failure)) => failure,
                Err(_elapsed) => Failure::Unknown("it did not answer in time".to_owned()),
            };
            self.members.avoid(member);
            let pause = backoff.next(unit_random());
            let time_left = Instant::now() + pause < deadline;
            match after(self.members.named(member, failure), Repeat::Safe, time_left) {
                Step::Give(error) => return Err(error),
                Step::Again => tokio::time::sleep(pause).await,
            }
        }
    }

    async fn connect(&self, member: usize) -> Result<Live, Failure> {
        let Connected { client, version } = self.members.fresh(member).await?;
        let bounds = Bounds::of_prefix(&self.prefix);
        history::check(&client, &bounds.first, self.next).await?;
        let options = WatchOptions::new()
            .with_range(bounds.end)
            .with_start_revision(self.next.0)
            .with_fragment();
        let mut watch = client.watch_client();
        let stream = watch.watch(bounds.first, Some(options)).await;
        let mut stream = stream.map_err(|e| classify(&e))?;
        let word = stream.message().await.map_err(|e| classify(&e))?;
        let word = word.ok_or_else(|| Failure::Unknown("the watch ended".to_owned()))?;
        if word.canceled() {
            return Err(cancelled(&word));
        }
        Ok(Live {
            member,
            stream,
            unanswered: 0,
            exact: version.progress_is_exact(),
            said: None,
        })
    }
}

/// Why etcd ended a watch.
fn cancelled(said: &WatchResponse) -> Failure {
    match said.compact_revision() {
        0 => of_reason(said.cancel_reason()),
        compacted => Failure::Refused(Error::Compacted {
            min: Revision(compacted).next(),
        }),
    }
}

/// A change and its revision.
fn event(event: PbEvent) -> Result<(Revision, Event), Error> {
    /// etcd's number for a deletion.
    const DELETE: i32 = 1;
    let missing = || Error::Corrupt("an event of etcd names no key".to_owned());
    let kv = event.kv.ok_or_else(missing)?;
    let revision = Revision(kv.mod_revision);
    let event = match event.r#type {
        DELETE => Event::Delete(convert::key(kv.key)?),
        _ => Event::Put(convert::entry(kv)?),
    };
    debug_assert!(!matches!(&event, Event::Put(Entry { version: 0, .. })));
    Ok((revision, event))
}
