//! How the house reaches its speakers: who is attached, and what each is still to be told.
//!
//! What a speaker is to be told lies in the store and is sent until it is acknowledged or
//! expires; this holds nothing that a restart could lose. The newest stream of a speaker
//! is the one that counts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use hark_core::keys::KeySpace;
use hark_core::principal::Kind;
use hark_core::push::Push;
use hark_core::store::{Compare, Entry, Key, Op, Select, Store, Txn};
use hark_core::time::{Clock, Timestamp};
use hark_core::{HomeId, Principal, SpeakerId};
use hark_proto::{Error, ErrorCode};
use hark_runtime::drain::Drain;
use hark_store::view::{Snapshot, StoreView};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::grpc::pushes;

/// The longest time between two looks for what has expired.
const SWEEP: Duration = Duration::from_secs(60);
/// Pushes that a speaker may have received and not acknowledged; more wait.
const MAX_UNACKNOWLEDGED: usize = 64;

/// A message from a speaker.
#[derive(Debug)]
pub(crate) enum FromSpeaker {
    /// Who it is.
    Hello(Option<SpeakerId>),
    /// It carried out this push.
    Acknowledge(String),
}

/// A message to a speaker.
#[derive(Debug)]
pub(crate) enum ToSpeaker {
    /// It is known.
    Attached(SpeakerId, Principal),
    /// Something to do.
    Push(Push),
}

/// The speakers of the home.
pub(crate) struct Speakers {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keys: KeySpace,
    view: StoreView,
    most: usize,
    attached: Arc<Mutex<Attached>>,
}

#[derive(Default)]
struct Attached {
    /// Counts attachments, so that an old one does not end a newer one.
    count: u64,
    streams: HashMap<SpeakerId, (u64, CancellationToken)>,
}

/// One attached stream; not attached any more when dropped.
struct Attachment {
    speaker: SpeakerId,
    number: u64,
    superseded: CancellationToken,
    attached: Arc<Mutex<Attached>>,
}

impl Speakers {
    /// The speakers of a home, of which `most` may be attached; and the future that keeps
    /// them up to date.
    pub(crate) fn open(
        home: &HomeId,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        most: usize,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let keys = KeySpace::new(home);
        let (view, driver) = StoreView::open(Arc::clone(&store), keys.pushes(), Arc::clone(&clock));
        let speakers = Self {
            store,
            clock,
            keys,
            view,
            most,
            attached: Arc::default(),
        };
        (speakers, driver)
    }

    /// How many are attached.
    pub(crate) fn attached(&self) -> usize {
        lock(&self.attached).streams.len()
    }

    /// What is known of the store: the snapshot of everything to be told.
    pub(crate) fn view(&self) -> &StoreView {
        &self.view
    }

    /// Serves one attached stream to its end.
    ///
    /// # Errors
    /// A hello that is missing, late or not the caller's to make; too many speakers; a
    /// newer stream of the same speaker; a store that can't be reached.
    pub(crate) async fn attach<S>(
        &self,
        principal: Principal,
        drain: Drain,
        hello_within: Duration,
        mut inbound: S,
        out: mpsc::Sender<ToSpeaker>,
    ) -> Result<(), Error>
    where
        S: Stream<Item = Result<FromSpeaker, Error>> + Unpin,
    {
        let hello = tokio::time::timeout(hello_within, inbound.next());
        let hello = hello
            .await
            .map_err(|_| Error::deadline_exceeded("no hello"))?;
        let speaker = who(&principal, hello)?;
        let attachment = self.register(speaker.clone())?;
        tracing::info!(%speaker, "speaker attached");
        send(&out, ToSpeaker::Attached(speaker.clone(), principal)).await?;
        let mut delivery = Delivery::new(&self.keys, &speaker);
        loop {
            let snapshot = self.view.snapshot();
            for push in delivery.due(&snapshot, self.clock.wall()) {
                send(&out, ToSpeaker::Push(push)).await?;
            }
            tokio::select! {
                () = attachment.superseded.cancelled() => return Err(superseded(&speaker)),
                () = drain.requested() => return Ok(()),
                changed = self.view.changed(snapshot.changed) => {
                    changed.ok_or_else(|| Error::unavailable("the node is going down"))?;
                }
                message = inbound.next() => match message {
                    None => return Ok(()),
                    Some(message) => self.received(&mut delivery, message?).await?,
                },
            }
        }
    }

    /// Deletes what has expired, until the drain is requested.
    pub(crate) async fn sweep(&self, drain: &Drain) {
        loop {
            let snapshot = self.view.snapshot();
            let next = self.delete_expired(&snapshot).await;
            tokio::select! {
                () = drain.requested() => return,
                changed = self.view.changed(snapshot.changed) => {
                    if changed.is_none() {
                        return;
                    }
                }
                () = tokio::time::sleep(next) => {}
            }
        }
    }

    /// Deletes what has expired, and says when to look again.
    async fn delete_expired(&self, snapshot: &Snapshot) -> Duration {
        let now = self.clock.wall();
        let mut next = SWEEP;
        for entry in snapshot.entries.values() {
            // What this version can't read is left to one that can.
            let Ok(push) = pushes::decode(entry) else {
                continue;
            };
            if !push.has_expired(now) {
                next = next.min(push.expires_at.since(now));
                continue;
            }
            let delete = Txn {
                compares: vec![Compare::ModRevision(entry.key.clone(), entry.mod_revision)],
                success: vec![Op::Delete(Select::Key(entry.key.clone()))],
                failure: Vec::new(),
            };
            if let Err(error) = self.store.txn(delete).await {
                tracing::warn!(%error, key = %entry.key, "an expired push stays");
            }
        }
        // Not at once again, even if the clock and the store disagree.
        next.max(Duration::from_millis(100))
    }

    async fn received(&self, delivery: &mut Delivery, message: FromSpeaker) -> Result<(), Error> {
        match message {
            FromSpeaker::Hello(_) => Err(Error::invalid_field(
                "hello",
                "came twice; only the first message is a hello",
            )),
            // What was acknowledged twice, or is gone, is none of anybody's concern.
            FromSpeaker::Acknowledge(id) => match delivery.acknowledged(&id) {
                None => Ok(()),
                Some(key) => {
                    let delete = Txn {
                        success: vec![Op::Delete(Select::Key(key))],
                        ..Txn::default()
                    };
                    self.store.txn(delete).await?;
                    Ok(())
                }
            },
        }
    }

    fn register(&self, speaker: SpeakerId) -> Result<Attachment, Error> {
        let mut attached = lock(&self.attached);
        let is_new = !attached.streams.contains_key(&speaker);
        if is_new && attached.streams.len() >= self.most {
            let message = format!("{} speakers are attached, as many as may be", self.most);
            return Err(Error::overloaded(message, Duration::from_secs(5)));
        }
        attached.count += 1;
        let number = attached.count;
        let superseded = CancellationToken::new();
        let stream = (number, superseded.clone());
        if let Some((_, older)) = attached.streams.insert(speaker.clone(), stream) {
            older.cancel();
        }
        Ok(Attachment {
            speaker,
            number,
            superseded,
            attached: Arc::clone(&self.attached),
        })
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        let mut attached = lock(&self.attached);
        let current = attached.streams.get(&self.speaker).map(|(n, _)| *n);
        if current == Some(self.number) {
            attached.streams.remove(&self.speaker);
        }
    }
}

fn lock(attached: &Mutex<Attached>) -> MutexGuard<'_, Attached> {
    attached.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Who attaches: what it says, if it may say so; else the speaker that the caller is.
fn who(
    principal: &Principal,
    hello: Option<Result<FromSpeaker, Error>>,
) -> Result<SpeakerId, Error> {
    match hello {
        None => Err(Error::missing("hello")),
        Some(Err(error)) => Err(error),
        Some(Ok(FromSpeaker::Acknowledge(_))) => {
            let late = "the first message has to be the hello";
            Err(Error::invalid_field("hello", late))
        }
        Some(Ok(FromSpeaker::Hello(said))) => {
            speaker_of(principal, said)?.ok_or_else(|| Error::missing("speaker_id").within("hello"))
        }
    }
}

/// The speaker that a call is about: a speaker speaks for itself alone, others say for
/// whom.
///
/// # Errors
/// `PERMISSION_DENIED` if a speaker says that it is another.
pub(crate) fn speaker_of(
    principal: &Principal,
    said: Option<SpeakerId>,
) -> Result<Option<SpeakerId>, Error> {
    if principal.kind != Kind::Speaker {
        return Ok(said);
    }
    let own = SpeakerId::parse(&principal.id)
        .map_err(|e| Error::internal(format!("a speaker's principal: {e}")))?;
    match said {
        Some(said) if said != own => Err(Error::permission_denied(format!(
            "the speaker {own} can't speak for {said}"
        ))),
        _ => Ok(Some(own)),
    }
}

fn superseded(speaker: &SpeakerId) -> Error {
    let message = format!("the speaker {speaker} attached again elsewhere");
    Error::new(ErrorCode::Superseded, message)
}

async fn send(out: &mpsc::Sender<ToSpeaker>, message: ToSpeaker) -> Result<(), Error> {
    let gone = |_| Error::new(ErrorCode::Cancelled, "the speaker has gone");
    out.send(message).await.map_err(gone)
}

/// What one attached stream was sent.
struct Delivery {
    /// Where this speaker's pushes are, and those for every speaker.
    prefixes: [Key; 2],
    /// Pushes that were sent and are still in the store, by id, each with its key.
    sent: HashMap<String, Key>,
}

impl Delivery {
    fn new(keys: &KeySpace, speaker: &SpeakerId) -> Self {
        Self {
            prefixes: [keys.pushes_of(speaker), keys.pushes_of_any()],
            sent: HashMap::new(),
        }
    }

    /// What is to be sent now, oldest first.
    fn due(&mut self, snapshot: &Snapshot, now: Timestamp) -> Vec<Push> {
        self.sent.retain(|_, key| snapshot.entry(key).is_some());
        let mut entries: Vec<&Entry> = snapshot
            .entries
            .values()
            .filter(|e| {
                self.prefixes
                    .iter()
                    .any(|p| e.key.strip_prefix(p).is_some())
            })
            .collect();
        entries.sort_by_key(|e| e.create_revision);
        let mut due = Vec::new();
        for entry in entries {
            if self.sent.len() >= MAX_UNACKNOWLEDGED {
                break;
            }
            match pushes::decode(entry) {
                Err(error) => tracing::warn!(%error, key = %entry.key, "a push can't be read"),
                Ok(push) if push.has_expired(now) || self.sent.contains_key(&push.id) => {}
                Ok(push) => {
                    self.sent.insert(push.id.clone(), entry.key.clone());
                    due.push(push);
                }
            }
        }
        due
    }

    /// The key of a push that was sent.
    fn acknowledged(&mut self, id: &str) -> Option<Key> {
        self.sent.get(id).cloned()
    }
}

#[cfg(test)]
mod tests;
