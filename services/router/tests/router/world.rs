//! What the tests have in common: a store that can be unplugged, a clock that is moved
//! by hand, and routers over them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hark_core::device::DeviceState;
use hark_core::home::DeviceAdapter;
use hark_core::keys::KeySpace;
use hark_core::ledger::Entry;
use hark_core::outcome::{Outcome, UtteranceOutcome};
use hark_core::principal::{Authentication, Kind};
use hark_core::push::Push;
use hark_core::store::{
    Error, Key, LeaseId, Op, Revision, Select, Snapshot, Store, Txn, TxnResult, Watch,
};
use hark_core::time::{ManualClock, Timestamp};
use hark_core::{DeviceId, HomeId, Ordinal, Principal, SessionId};
use hark_home::{Description, VirtualHome};
use hark_proto::internal::intents_client::IntentsClient;
use hark_proto::internal::{HandleRequest, HandleResponse};
use hark_proto::stored::stored::Value;
use hark_proto::v1::home_client::HomeClient;
use hark_proto::{v1, value};
use hark_router::{Config, Deps, Router};
use hark_runtime::drain::Drain;
use hark_runtime::health::Health;
use hark_runtime::tasks::{OnFailure, Tasks};
use hark_store::MemoryStore;
use tonic::service::Routes;
use tonic::{Request, Status, async_trait};

/// 2026-11-22 13:05 UTC: five past two in Berlin, a Sunday.
pub const NOW: Timestamp = Timestamp::from_unix_ms(1_795_352_700_000);
/// Nothing that a test waits for takes that long.
const LIMIT: Duration = Duration::from_secs(30);

/// A store and a clock, and the keys of the home in it.
pub struct World {
    pub store: Arc<Plug>,
    pub clock: ManualClock,
    pub keys: KeySpace,
}

/// A router that runs until it is dropped.
pub struct Running {
    pub intents: IntentsClient<Routes>,
    pub home: HomeClient<Routes>,
    pub adapter: Arc<VirtualHome>,
    pub drain: Drain,
    health: Health,
    tasks: Tasks,
}

impl World {
    pub fn new() -> Self {
        let clock = ManualClock::starting_at(NOW);
        let memory = MemoryStore::open(Arc::new(clock.clone())).unwrap();
        let store = Plug {
            inner: Arc::new(memory),
            is_out: AtomicBool::new(false),
        };
        Self {
            store: Arc::new(store),
            clock,
            keys: KeySpace::new(&Description::builtin().home().id),
        }
    }

    /// A router that is ready.
    pub async fn router(&self, instance: &str) -> Running {
        let router = self.starting(instance).await;
        router.ready().await;
        router
    }

    /// A router that may not be ready yet.
    pub async fn starting(&self, instance: &str) -> Running {
        let store: Arc<dyn Store> = self.store.clone();
        let (adapter, driver) = VirtualHome::open(Description::builtin(), store.clone())
            .await
            .unwrap();
        let (drain, health) = (Drain::new(), Health::new());
        let deps = Deps {
            store,
            clock: Arc::new(self.clock.clone()),
            adapter: adapter.clone(),
            instance: instance.to_owned(),
            health: health.part("router"),
            drain: drain.clone(),
        };
        let router = Router::build(&Config::default(), deps).unwrap();
        let intents = IntentsClient::new(router.internal_routes());
        let home = HomeClient::new(router.public_routes());
        let tasks = Tasks::new(drain.clone());
        let stop = drain.clone();
        tasks.spawn("devices", OnFailure::Shutdown, async move {
            tokio::select! {
                () = driver => {}
                () = stop.requested() => {}
            }
        });
        tasks.spawn("router", OnFailure::Shutdown, router.run(drain.clone()));
        Running {
            intents,
            home,
            adapter,
            drain,
            health,
            tasks,
        }
    }

    /// The entry of an utterance of the anonymous caller.
    pub async fn entry(&self, session: SessionId, ordinal: u32) -> Option<Entry> {
        let key = self.ledger_key(session, ordinal);
        let found = self.store.range(Select::Key(key)).await.unwrap();
        found.entries.first().map(|e| match value::decode(e) {
            Ok(Value::LedgerEntry(entry)) => entry.try_into().unwrap(),
            other => panic!("no ledger entry: {other:?}"),
        })
    }

    pub fn ledger_key(&self, session: SessionId, ordinal: u32) -> Key {
        let caller = principal(Kind::Anonymous);
        self.keys.ledger_entry(&caller, session, Ordinal(ordinal))
    }

    /// Writes an entry as if a router had claimed it.
    pub async fn write(&self, session: SessionId, ordinal: u32, entry: Entry) {
        let put = Op::Put {
            key: self.ledger_key(session, ordinal),
            value: value::encode(Value::LedgerEntry(entry.into())),
            lease: None,
        };
        let txn = Txn {
            success: vec![put],
            ..Txn::default()
        };
        self.store.txn(txn).await.unwrap();
    }

    /// Waits until the outcome of an utterance is recorded.
    pub async fn recorded(&self, session: SessionId, ordinal: u32) -> Entry {
        eventually(async || {
            let entry = self.entry(session, ordinal).await;
            entry.filter(|e| e.outcome.is_some())
        })
        .await
    }

    /// All that speakers are to be told, with the keys it lies under.
    pub async fn pushes(&self) -> Vec<(String, Push)> {
        let all = Select::Prefix(self.keys.pushes());
        let found = self.store.range(all).await.unwrap();
        let read = |entry: &hark_core::store::Entry| {
            let key = entry.key.strip_prefix(&self.keys.pushes()).unwrap();
            match value::decode(entry) {
                Ok(Value::Push(push)) => (key.to_owned(), push.try_into().unwrap()),
                other => panic!("no push: {other:?}"),
            }
        };
        found.entries.iter().map(read).collect()
    }
}

impl Running {
    /// Waits until it is ready.
    pub async fn ready(&self) {
        eventually(async || self.health.is_ready().then_some(())).await;
    }

    /// What the router makes of a request.
    pub async fn handle(&self, request: HandleRequest) -> Result<UtteranceOutcome, Status> {
        let response = self.intents.clone().handle(request).await?;
        let HandleResponse { outcome, .. } = response.into_inner();
        Ok(outcome.unwrap().try_into().unwrap())
    }

    /// What the router makes of a sentence in a session of its own.
    pub async fn say(&self, language: &str, text: &str) -> UtteranceOutcome {
        let request = request(session(), 0, language, text);
        self.handle(request).await.unwrap()
    }

    /// The same, in an area.
    pub async fn say_in(&self, area: &str, language: &str, text: &str) -> UtteranceOutcome {
        let mut request = request(session(), 0, language, text);
        request.area = Some(area.to_owned());
        self.handle(request).await.unwrap()
    }

    /// The state of a device as this router knows it.
    pub fn state(&self, device: &str) -> DeviceState {
        self.adapter.states().devices[&DeviceId::parse(device).unwrap()].state
    }

    /// Ends it in good order.
    pub async fn stop(self) {
        self.drain.request();
        self.tasks.finish(LIMIT).await.unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.drain.request();
    }
}

/// A session that began just now.
pub fn session() -> SessionId {
    session_at(NOW)
}

/// A session that began at that time.
pub fn session_at(at: Timestamp) -> SessionId {
    let ms = u64::try_from(at.unix_ms).unwrap();
    let random: [u8; 10] = uuid::Uuid::new_v4().as_bytes()[..10].try_into().unwrap();
    SessionId(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
}

pub fn principal(kind: Kind) -> Principal {
    Principal {
        kind,
        ..Principal::anonymous(HomeId::parse("home").unwrap(), Authentication::Loopback)
    }
}

/// A sentence of an anonymous caller without a place.
pub fn request(session: SessionId, ordinal: u32, language: &str, text: &str) -> HandleRequest {
    HandleRequest {
        text: text.to_owned(),
        language: language.to_owned(),
        principal: Some(principal(Kind::Anonymous).into()),
        speaker_id: String::new(),
        area: None,
        session_id: session.to_string(),
        ordinal,
        alternatives: Vec::new(),
    }
}

/// A request as a server gives it to a service: with who makes it.
pub fn from_caller<T>(kind: Kind, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(principal(kind));
    request
}

/// The outcome and the reply's code.
pub fn verdict(outcome: &UtteranceOutcome) -> (Outcome, &str) {
    (outcome.outcome, &outcome.reply.code)
}

/// Looks again and again until there is something.
pub async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    let found = tokio::time::timeout(LIMIT, looking).await;
    found.expect("it never came to be")
}

/// A device state that says one thing.
pub fn switched(on: bool) -> v1::DeviceState {
    v1::DeviceState {
        on: Some(on),
        ..Default::default()
    }
}

/// A store that can be unplugged.
pub struct Plug {
    inner: Arc<dyn Store>,
    is_out: AtomicBool,
}

impl Plug {
    pub fn pull(&self) {
        self.is_out.store(true, Ordering::SeqCst);
    }

    pub fn put_back(&self) {
        self.is_out.store(false, Ordering::SeqCst);
    }

    fn plugged(&self) -> Result<&dyn Store, Error> {
        match self.is_out.load(Ordering::SeqCst) {
            true => Err(Error::Unavailable("unplugged".to_owned())),
            false => Ok(&*self.inner),
        }
    }
}

#[async_trait]
impl Store for Plug {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    async fn range(&self, select: Select) -> Result<Snapshot, Error> {
        self.plugged()?.range(select).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, Error> {
        self.plugged()?.txn(txn).await
    }

    async fn watch(&self, prefix: Key, from: Revision) -> Result<Watch, Error> {
        self.plugged()?.watch(prefix, from).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, Error> {
        self.plugged()?.grant_lease(ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Result<(), Error> {
        self.plugged()?.keep_alive(lease).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), Error> {
        self.plugged()?.revoke_lease(lease).await
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        self.plugged()?.compact(revision).await
    }
}
