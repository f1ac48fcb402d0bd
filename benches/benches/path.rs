//! The whole path in one process with an engine that hears nothing: a spoken clip, and a
//! typed sentence, to the lamp and back, through ingest, inference, router and the ledger,
//! over in-memory connections and with the store in memory. What is left is what Hark
//! itself costs: no model, no disk, no network, no silence waited for.

use std::sync::Arc;

use criterion::Criterion;
use hark_cluster::{Peers, Pool};
use hark_core::cluster::Role;
use hark_core::store::Store;
use hark_core::time::Clock;
use hark_core::{Language, SessionId};
use hark_home::{Description, VirtualHome};
use hark_inference::{EngineKind, Inference};
use hark_ingest::Ingest;
use hark_proto::FILE_DESCRIPTOR_SET;
use hark_proto::v1::recognizer_client::RecognizerClient;
use hark_proto::v1::speech_client::SpeechClient;
use hark_proto::v1::{self, audio_format::Encoding};
use hark_router::Router;
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{self, Channel};
use hark_runtime::clock::SystemClock;
use hark_runtime::drain::Drain;
use hark_runtime::health::Health;
use hark_runtime::memory;
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::{OnFailure, Tasks};
use hark_store::MemoryStore;
use tokio::runtime::Runtime;
use tonic::service::Routes;

/// What the engine says that it heard.
const SENTENCE: &str = "Schalte das Licht im Flur ein";

fn main() {
    let mut criterion = hark_benches::criterion();
    let runtime = Runtime::new().expect("a runtime");
    let house = runtime.block_on(House::start());
    spoken(&mut criterion, &runtime, &house);
    typed(&mut criterion, &runtime, &house);
    criterion.final_summary();
    house.tasks.drain().request();
}

fn spoken(criterion: &mut Criterion, runtime: &Runtime, house: &House) {
    let path = hark_benches::project("crates/hark-whisper/tests/data/flur-ein.wav");
    let clip = std::fs::read(path).expect("the clip is there");
    let mut ordinal = 0;
    criterion.bench_function("path/clip, fake engine", |b| {
        b.to_async(runtime).iter(|| {
            ordinal += 1;
            recognize(house.public.clone(), clip.clone(), house.session, ordinal)
        });
    });
}

fn typed(criterion: &mut Criterion, runtime: &Runtime, house: &House) {
    let session = hark_client::new_session();
    let mut ordinal = 0;
    criterion.bench_function("path/typed", |b| {
        b.to_async(runtime).iter(|| {
            ordinal += 1;
            converse(house.public.clone(), session, ordinal)
        });
    });
}

async fn recognize(public: Channel, clip: Vec<u8>, session: SessionId, ordinal: u32) {
    let format = v1::AudioFormat {
        encoding: Encoding::Container.into(),
        ..v1::AudioFormat::default()
    };
    let request = v1::RecognizeRequest {
        format: Some(format),
        audio: clip.into(),
        languages: vec!["de".to_owned()],
        act: Some(v1::ActOn {
            session_id: session.to_string(),
            ordinal,
            ..v1::ActOn::default()
        }),
        max_alternatives: 1,
    };
    let answer = RecognizerClient::new(public).recognize(request).await;
    let answer = answer.expect("the house answers").into_inner();
    assert_done(answer.outcome);
}

async fn converse(public: Channel, session: SessionId, ordinal: u32) {
    let request = v1::ConverseRequest {
        text: SENTENCE.to_owned(),
        language: "de".to_owned(),
        session_id: session.to_string(),
        ordinal,
        ..v1::ConverseRequest::default()
    };
    let answer = SpeechClient::new(public).converse(request).await;
    assert_done(answer.expect("the house answers").into_inner().outcome);
}

fn assert_done(outcome: Option<v1::UtteranceOutcome>) {
    let outcome = outcome.expect("there is an outcome");
    assert_eq!(outcome.outcome(), v1::Outcome::Done, "{outcome:?}");
    assert!(!outcome.replayed, "each utterance is a new one");
}

/// All three services in this process.
struct House {
    public: Channel,
    session: SessionId,
    tasks: Tasks,
}

/// What the services share.
struct Common {
    auth: Authenticator,
    clock: Arc<dyn Clock>,
    health: Health,
    store: Arc<dyn Store>,
    tasks: Tasks,
}

impl House {
    async fn start() -> Self {
        let home = Description::builtin().home().clone();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store = MemoryStore::open(Arc::clone(&clock)).expect("memory opens");
        let common = Common {
            auth: Authenticator::new(&auth::Config::default(), home.id.clone()).expect("no tokens"),
            clock,
            health: Health::new(),
            store: Arc::new(store),
            tasks: Tasks::new(Drain::new()),
        };
        let inference = common.inference();
        let intents = common.router().await;
        let me = hark_cluster::Config::default().identify(&*common.clock);
        let me = me.expect("the defaults are right");
        let (store, clock) = (Arc::clone(&common.store), Arc::clone(&common.clock));
        let options = channel::Options::between_nodes();
        let (peers, follow) = Peers::open(&home.id, &me.id, store, clock, options);
        common.tasks.spawn_background("registry", follow);
        let deps = hark_ingest::Deps {
            home: home.id,
            languages: vec![Language::german(), Language::english()],
            store: Arc::clone(&common.store),
            clock: Arc::clone(&common.clock),
            inference: Pool::local(
                Role::Inference,
                &me.id,
                &inference,
                Arc::clone(&common.clock),
            ),
            intents: Pool::local(Role::Router, &me.id, &intents, Arc::clone(&common.clock)),
            peers,
            health: common.health.clone(),
            drain: common.tasks.drain().clone(),
        };
        let config = hark_ingest::Config::default();
        let part = Ingest::build(&config, deps).expect("the defaults are right");
        let public = common.serve(hark_ingest::NAMES, part.routes());
        common
            .tasks
            .spawn("ingest", OnFailure::Shutdown, part.run());
        Self {
            public,
            session: hark_client::new_session(),
            tasks: common.tasks,
        }
    }
}

impl Common {
    fn inference(&self) -> Channel {
        let config = hark_inference::Config {
            engine: EngineKind::Fake,
            fake_transcript: SENTENCE.to_owned(),
            ..hark_inference::Config::default()
        };
        let health = self.health.part("inference");
        let inference = Inference::build(&config, health).expect("the fake engine starts");
        let channel = self.serve(hark_inference::NAMES, inference.routes());
        let life = inference.run(self.tasks.drain().clone());
        self.tasks.spawn("inference", OnFailure::Shutdown, life);
        channel
    }

    async fn router(&self) -> Channel {
        let opened = VirtualHome::open(Description::builtin(), Arc::clone(&self.store)).await;
        let (adapter, devices) = opened.expect("the built-in home opens");
        let deps = hark_router::Deps {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            adapter,
            instance: "bench".to_owned(),
            health: self.health.part("router"),
            drain: self.tasks.drain().clone(),
        };
        let config = hark_router::Config::default();
        let router = Router::build(&config, deps).expect("the defaults are right");
        let channel = self.serve(hark_router::INTERNAL_NAMES, router.internal_routes());
        self.tasks.spawn("devices", OnFailure::Log, devices);
        let life = router.run(self.tasks.drain().clone());
        self.tasks.spawn("router", OnFailure::Shutdown, life);
        channel
    }

    /// Serves a part over memory, and gives a channel to it.
    fn serve(&self, names: &[&'static str], routes: Routes) -> Channel {
        let (connector, listener) = memory::pair();
        let config = server::Config::for_nodes(0);
        let server = Server::new(config, self.auth.clone(), &self.health)
            .services(FILE_DESCRIPTOR_SET, names, routes)
            .expect("the descriptors have them");
        let life = server.serve_memory(listener, self.tasks.drain().clone());
        self.tasks.spawn("server", OnFailure::Shutdown, life);
        channel::in_memory(&connector, &channel::Options::between_nodes())
    }
}
