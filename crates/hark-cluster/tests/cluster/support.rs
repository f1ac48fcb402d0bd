//! A store that can be unplugged, workers that do as they are told, and whoever calls
//! them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hark_cluster::{Config, Me, Peers, Pool, Registration, Terms};
use hark_core::HomeId;
use hark_core::cluster::Role;
use hark_core::keys::KeySpace;
use hark_core::placement::State;
use hark_core::store::{
    Error as StoreError, Key, LeaseId, Revision, Select, Snapshot, Store, Txn, TxnResult, Watch,
};
use hark_core::time::Clock;
use hark_proto::internal::inference_client::InferenceClient;
use hark_proto::internal::inference_server::{Inference, InferenceServer};
use hark_proto::internal::{
    DescribeRequest, DescribeResponse, TranscribeRequest, TranscribeResponse,
};
use hark_proto::{Error, ErrorCode};
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::Options;
use hark_runtime::clock::SystemClock;
use hark_runtime::config::Secret;
use hark_runtime::drain::Drain;
use hark_runtime::health::{Health, Part};
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::{OnFailure, Tasks};
use hark_store::MemoryStore;
use tokio::sync::watch;
use tonic::service::Routes;
use tonic::{Request, Response, Status, async_trait};

use crate::proxy::Proxy;

/// Longer than anything should take; only a fault meets it.
pub const PATIENCE: Duration = Duration::from_secs(60);
const TOKEN: &str = "a-token-of-nodes";

/// A store and a home.
pub struct World {
    pub store: Arc<Plug>,
    pub clock: Arc<dyn Clock>,
    pub home: HomeId,
    pub keys: KeySpace,
    tasks: Tasks,
}

/// What a worker does with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Does {
    /// Answers with its name.
    Answer,
    /// Waits until it is told otherwise.
    Wait,
    /// Fails so.
    Fail(Error),
}

/// A process with an inference worker.
pub struct Worker {
    pub me: Me,
    pub proxy: Proxy,
    pub tasks: Tasks,
    pub calls: Arc<AtomicUsize>,
    does: Arc<watch::Sender<Does>>,
    health: Health,
    _part: Part,
}

/// Whoever calls workers.
pub struct Caller {
    pub peers: Peers,
    pub pool: Pool,
}

impl World {
    pub fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let memory = MemoryStore::open(Arc::clone(&clock)).unwrap();
        let home = HomeId::parse("home").unwrap();
        Self {
            store: Arc::new(Plug {
                inner: memory,
                is_out: AtomicBool::new(false),
            }),
            clock,
            keys: KeySpace::new(&home),
            home,
            tasks: Tasks::new(Drain::new()),
        }
    }

    pub fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    pub fn me(&self, name: &str) -> Me {
        let config = Config {
            name: Some(name.to_owned()),
            lease_ttl_ms: 5_000,
            ..Config::default()
        };
        config.identify(&*self.clock).unwrap()
    }

    pub fn key(&self, worker: &Worker) -> Key {
        self.keys.instance(Role::Inference, &worker.me.id)
    }

    /// A worker that is registered, at an address of its own.
    pub async fn worker(&self, name: &str, host: &str) -> Worker {
        let worker = self.unregistered(name, host).await;
        let registration = self.registration(&worker.me);
        let part = worker.me.part(Role::Inference, worker.proxy.address);
        let registered = registration.run(vec![part], worker.tasks.drain().clone());
        worker
            .tasks
            .spawn("registration", OnFailure::Log, registered);
        worker
    }

    pub fn registration(&self, me: &Me) -> Registration {
        Registration::new(&self.home, me, self.store(), Arc::clone(&self.clock))
    }

    pub async fn unregistered(&self, name: &str, host: &str) -> Worker {
        let (me, tasks, health) = (self.me(name), Tasks::new(Drain::new()), Health::new());
        let does = Arc::new(watch::Sender::new(Does::Answer));
        let calls = Arc::new(AtomicUsize::new(0));
        let service = Service {
            name: name.to_owned(),
            does: does.subscribe(),
            calls: Arc::clone(&calls),
        };
        let routes = Routes::new(InferenceServer::new(service));
        let listen = serve(&self.home, &me, &tasks, &health, host, routes).await;
        let part = health.part("inference");
        part.ready();
        Worker {
            proxy: Proxy::start(&format!("{host}:0"), listen).await,
            me,
            tasks,
            calls,
            does,
            health,
            _part: part,
        }
    }

    /// Somebody who calls workers: those that registered, and those at `fixed`.
    pub fn caller(&self, fixed: &[String]) -> Caller {
        let options = Options {
            token: Some(Secret::parse(TOKEN).unwrap()),
            ..Options::between_nodes()
        };
        let me = self.me("caller").id;
        let (store, clock) = (self.store(), Arc::clone(&self.clock));
        let (peers, follow) = Peers::open(&self.home, &me, store, clock, options);
        let (pool, keep) = peers.pool(Role::Inference, None, fixed);
        self.tasks.spawn("registry", OnFailure::Log, follow);
        self.tasks.spawn("pool", OnFailure::Log, keep);
        Caller { peers, pool }
    }
}

async fn serve(
    home: &HomeId,
    me: &Me,
    tasks: &Tasks,
    health: &Health,
    host: &str,
    routes: Routes,
) -> SocketAddr {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, TOKEN).unwrap();
    let auth = auth::Config {
        node_token_file: Some(token),
        ..auth::Config::default()
    };
    let auth = Authenticator::new(&auth, home.clone()).unwrap();
    let config = server::Config {
        listen: format!("{host}:0").parse().unwrap(),
        ..server::Config::for_nodes(0)
    };
    let descriptors = hark_proto::FILE_DESCRIPTOR_SET;
    let bound = Server::new(config, auth, health)
        .services(descriptors, &["hark.internal.v1.Inference"], routes)
        .unwrap()
        .services(
            descriptors,
            hark_cluster::NAMES,
            hark_cluster::routes(&me.id, tasks.drain()),
        )
        .unwrap()
        .bind("--listen")
        .await
        .unwrap();
    let address = bound.local_addr();
    let drain = tasks.drain().clone();
    tasks.spawn("server", OnFailure::Shutdown, bound.serve(drain));
    address
}

impl Worker {
    pub fn does(&self, does: Does) {
        self.does.send_replace(does);
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Ends it in order, as SIGTERM does.
    pub async fn stop(&self) {
        self.tasks.drain().request();
        self.health.drain();
        self.tasks.finish(PATIENCE).await.unwrap();
    }
}

impl Caller {
    pub async fn transcribe(&self) -> Result<String, Error> {
        self.transcribe_within(PATIENCE, PATIENCE).await
    }

    pub async fn transcribe_within(
        &self,
        within: Duration,
        first_try: Duration,
    ) -> Result<String, Error> {
        let terms = Terms { within, first_try };
        let call = self.pool.call(terms, |channel, left| async move {
            let mut request = Request::new(TranscribeRequest::default());
            request.set_timeout(left);
            let answer = InferenceClient::new(channel).transcribe(request).await?;
            Ok(answer.into_inner().text)
        });
        call.await
    }

    pub fn state(&self, key: &str) -> Option<State> {
        let seen = self.pool.seen();
        seen.into_iter().find(|s| s.key == key).map(|s| s.state)
    }

    /// Waits until an instance is seen so.
    pub async fn sees(&self, key: &str, state: Option<State>) {
        let mut changes = self.pool.changes();
        let seen = async {
            while self.state(key) != state {
                changes.changed().await.unwrap();
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        seen.unwrap_or_else(|_| panic!("{key} is {:?}, not {state:?}", self.state(key)));
    }
}

/// Waits until something holds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    waited.unwrap_or_else(|_| panic!("never: {what}"));
}

struct Service {
    name: String,
    does: watch::Receiver<Does>,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Inference for Service {
    async fn transcribe(
        &self,
        _: Request<TranscribeRequest>,
    ) -> Result<Response<TranscribeResponse>, Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let mut does = self.does.clone();
        let does = does
            .wait_for(|does| *does != Does::Wait)
            .await
            .unwrap()
            .clone();
        match does {
            Does::Fail(error) => Err(error.into()),
            Does::Answer | Does::Wait => Ok(Response::new(TranscribeResponse {
                text: self.name.clone(),
                ..TranscribeResponse::default()
            })),
        }
    }

    async fn describe(
        &self,
        _: Request<DescribeRequest>,
    ) -> Result<Response<DescribeResponse>, Status> {
        Err(Error::new(ErrorCode::Unimplemented, "not here").into())
    }
}

/// A store in memory that can be out of reach.
pub struct Plug {
    inner: MemoryStore,
    is_out: AtomicBool,
}

impl Plug {
    pub fn pull(&self, is_out: bool) {
        self.is_out.store(is_out, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.is_out.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("unplugged".to_owned())),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Store for Plug {
    fn kind(&self) -> &'static str {
        self.inner.kind()
    }

    async fn range(&self, select: Select) -> Result<Snapshot, StoreError> {
        self.check()?;
        self.inner.range(select).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult, StoreError> {
        self.check()?;
        self.inner.txn(txn).await
    }

    async fn watch(&self, prefix: Key, from: Revision) -> Result<Watch, StoreError> {
        self.check()?;
        self.inner.watch(prefix, from).await
    }

    async fn grant_lease(&self, ttl: Duration) -> Result<LeaseId, StoreError> {
        self.check()?;
        self.inner.grant_lease(ttl).await
    }

    async fn keep_alive(&self, lease: LeaseId) -> Result<(), StoreError> {
        self.check()?;
        self.inner.keep_alive(lease).await
    }

    async fn revoke_lease(&self, lease: LeaseId) -> Result<(), StoreError> {
        self.check()?;
        self.inner.revoke_lease(lease).await
    }

    async fn compact(&self, revision: Revision) -> Result<(), StoreError> {
        self.check()?;
        self.inner.compact(revision).await
    }
}
