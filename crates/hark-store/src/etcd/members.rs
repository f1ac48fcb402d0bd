//! The members of an etcd: one connection each, and whom to ask next when one does not
//! answer. A member is asked for its version before anything else.

use std::future::Future;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use etcd_client::Client;
use hark_core::backoff::Backoff;
use hark_core::store::Error;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout, timeout_at};
use tonic::Code;

use super::config::Settings;
use super::failure::{Failure, Repeat, Step, after, before_sending, classify};
use super::version::Version;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_millis(500);
/// The least time that a member is given for what can be asked of another.
const LEAST_ATTEMPT: Duration = Duration::from_millis(500);

/// All members that are known.
pub(crate) struct Members {
    settings: Settings,
    members: Vec<OnceCell<Connected>>,
    /// Whom to ask; the one that answered last.
    current: AtomicUsize,
}

/// A member that has said what it is.
#[derive(Clone)]
pub(crate) struct Connected {
    pub(crate) client: Client,
    pub(crate) version: Version,
}

impl Members {
    /// None of them asked yet.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            members: settings.endpoints.iter().map(|_| OnceCell::new()).collect(),
            settings,
            current: AtomicUsize::new(0),
        }
    }

    /// How long a request may take.
    pub(crate) fn request_timeout(&self) -> Duration {
        self.settings.request_timeout
    }

    /// All of them, for a person.
    pub(crate) fn told(&self) -> String {
        self.settings.endpoints.join(", ")
    }

    /// Asks until a member answers or the request's time is over.
    pub(crate) async fn call<T, A>(
        &self,
        repeat: Repeat,
        ask: impl Fn(Client) -> A,
    ) -> Result<T, Error>
    where
        A: Future<Output = Result<T, etcd_client::Error>>,
    {
        let deadline = Instant::now() + self.settings.request_timeout;
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        for tried in 1.. {
            let member = self.current();
            let limit = self.attempt_ends(repeat, deadline);
            let failure = match self.attempt(member, limit, &ask).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            self.avoid(member);
            // One round without a pause: the next member may be well.
            let pause = match tried % self.members.len() {
                0 => backoff.next(unit_random()),
                _ => Duration::ZERO,
            };
            let time_left = Instant::now() + pause < deadline;
            match after(self.named(member, failure), repeat, time_left) {
                Step::Give(error) => return Err(error),
                Step::Again => tokio::time::sleep(pause).await,
            }
        }
        unreachable!("it ends with the deadline")
    }

    /// Whom to ask.
    pub(crate) fn current(&self) -> usize {
        self.current.load(Ordering::Relaxed)
    }

    /// Asks another than `member` from now on.
    pub(crate) fn avoid(&self, member: usize) {
        let next = (member + 1) % self.members.len();
        // Somebody else may have found out before.
        let _ = (self.current).compare_exchange(member, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// A connection of its own to a member: what is not read from it holds up nobody.
    pub(crate) async fn fresh(&self, member: usize) -> Result<Connected, Failure> {
        let endpoint = &self.settings.endpoints[member];
        let connecting = async {
            let options = Some(self.settings.options.clone());
            let client = Client::connect([endpoint], options).await;
            let client = client.map_err(|e| before_sending(&e))?;
            let version = match client.maintenance_client().status().await {
                Ok(status) => Version::accept(status.version()).map_err(Failure::Refused)?,
                // Only newer ones keep their version from users who are no administrators.
                Err(error) if is_kept_from_us(&error) => Version::SECRETIVE,
                Err(error) => return Err(before_sending(&error)),
            };
            Ok(Connected { client, version })
        };
        // The member may accept, and then say nothing; a token takes a moment, too.
        let limit = self.settings.connect_timeout + LEAST_ATTEMPT;
        let silent = || Failure::NotDone("it accepts, but says nothing".to_owned());
        let connected = timeout(limit, connecting).await;
        connected.unwrap_or_else(|_elapsed| Err(silent()))
    }

    async fn attempt<T, A>(
        &self,
        member: usize,
        ends: Instant,
        ask: impl Fn(Client) -> A,
    ) -> Result<T, Failure>
    where
        A: Future<Output = Result<T, etcd_client::Error>>,
    {
        let cell = &self.members[member];
        let connected =
            match timeout_at(ends, cell.get_or_try_init(|| Box::pin(self.fresh(member)))).await {
                Ok(connected) => connected?.clone(),
                Err(_) => return Err(Failure::NotDone("it can't be connected".to_owned())),
            };
        let client = connected.client;
        let failure = match timeout_at(ends, Box::pin(ask(client.clone()))).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => classify(&error),
            Err(_) => Failure::Unknown("it did not answer in time".to_owned()),
        };
        if failure == Failure::StaleToken {
            // If this fails, so does the next attempt, with the reason.
            let _ = timeout_at(ends, client.refresh_token()).await;
        }
        Err(failure)
    }

    /// What can be asked of another member does not wait for one for all of its time.
    fn attempt_ends(&self, repeat: Repeat, deadline: Instant) -> Instant {
        if repeat == Repeat::Never {
            return deadline;
        }
        let share = self.settings.request_timeout / (self.members.len() as u32 + 1);
        let alone = self.members.len() == 1;
        let ends = Instant::now() + share.max(LEAST_ATTEMPT);
        if alone { deadline } else { ends.min(deadline) }
    }

    /// The failure, with the member that it is about.
    pub(crate) fn named(&self, member: usize, failure: Failure) -> Failure {
        let name = |why: String| format!("etcd at {}: {why}", self.settings.endpoints[member]);
        match failure {
            Failure::NotDone(why) => Failure::NotDone(name(why)),
            Failure::Unknown(why) => Failure::Unknown(name(why)),
            Failure::Refused(Error::Denied(why)) => Failure::Refused(Error::Denied(name(why))),
            other => other,
        }
    }
}

fn is_kept_from_us(error: &etcd_client::Error) -> bool {
    matches!(error, etcd_client::Error::GRpcStatus(s) if s.code() == Code::PermissionDenied)
}

/// From 0 to 1, to spread pauses.
pub(crate) fn unit_random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}
