//! A house for a test: all parts in one process, ingest on a port of loopback.

use std::sync::Arc;
use std::time::Duration;

use hark_cluster::{Peers, Pool, Registration};
use hark_core::cluster::Role;
use hark_core::store::Store;
use hark_core::time::Clock;
use hark_home::{Description, VirtualHome};
use hark_inference::{EngineKind, Inference};
use hark_ingest::{Deps, Ingest};
use hark_proto::FILE_DESCRIPTOR_SET as DESCRIPTORS;
use hark_proto::v1;
use hark_router::Router;
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{self, Channel, Options};
use hark_runtime::clock::SystemClock;
use hark_runtime::drain::Drain;
use hark_runtime::health::Health;
use hark_runtime::memory;
use hark_runtime::server::{self, Server};
use hark_runtime::tasks::{OnFailure, Tasks};
use hark_store::MemoryStore;

/// The sentence that must always work.
pub(crate) const SENTENCE: &str = "Schalte das Licht im Flur ein";

/// A running house.
pub(crate) struct House {
    pub(crate) channel: Channel,
    pub(crate) tasks: Tasks,
    /// The parts that ingest needs for what it finishes; they end after it.
    inner: Tasks,
    pub(crate) health: Health,
}

/// What a test may want otherwise.
pub(crate) struct Wish {
    pub(crate) ingest: hark_ingest::Config,
    /// What the engine hears.
    pub(crate) hears: &'static str,
    /// Whether there is a worker at all.
    pub(crate) inference: bool,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            ingest: hark_ingest::Config::default(),
            hears: SENTENCE,
            inference: true,
        }
    }
}

impl House {
    /// A house that hears the sentence.
    pub(crate) async fn new() -> Self {
        Self::with(Wish::default()).await
    }

    pub(crate) async fn with(wish: Wish) -> Self {
        let (tasks, inner) = (Tasks::new(Drain::new()), Tasks::new(Drain::new()));
        let health = Health::new();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store: Arc<dyn Store> = Arc::new(MemoryStore::open(Arc::clone(&clock)).unwrap());
        let description = Description::builtin();
        let home = description.home().id.clone();
        let languages = description.home().languages.clone();
        let auth = Authenticator::new(&auth::Config::default(), home.clone()).unwrap();

        let inference = inference(&wish, &inner, &auth, &health);
        let intents = router(description, &store, &clock, &inner, &auth, &health).await;
        let named = hark_cluster::Config {
            name: Some("test".to_owned()),
            ..hark_cluster::Config::default()
        };
        let me = named.identify(&*clock).unwrap();
        let options = Options::between_nodes();
        let (peers, follow) = Peers::open(
            &home,
            &me.id,
            Arc::clone(&store),
            Arc::clone(&clock),
            options,
        );
        tasks.spawn_background("registry", follow);
        let deps = Deps {
            home: home.clone(),
            languages,
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            inference: Pool::local(Role::Inference, &me.id, &inference, Arc::clone(&clock)),
            intents: Pool::local(Role::Router, &me.id, &intents, Arc::clone(&clock)),
            peers,
            health: health.clone(),
            drain: tasks.drain().clone(),
        };
        let ingest = Ingest::build(&wish.ingest, deps).unwrap();
        let config = server::Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..server::Config::for_devices()
        };
        let bound = Server::new(config, auth, &health)
            .services(DESCRIPTORS, hark_ingest::NAMES, ingest.routes())
            .unwrap()
            .bind("--listen")
            .await
            .unwrap();
        let address = bound.local_addr().to_string();
        let drain = tasks.drain().clone();
        let part = me.part(Role::Ingest, bound.local_addr());
        let registration = Registration::new(&home, &me, store, clock);
        let registered = registration.run(vec![part], drain.clone());
        tasks.spawn("registration", OnFailure::Shutdown, registered);
        tasks.spawn("server", OnFailure::Shutdown, bound.serve(drain));
        tasks.spawn("ingest", OnFailure::Shutdown, ingest.run());
        if wish.inference {
            health.ready().await;
        }
        let channel = channel::connect(&address, &Options::default()).unwrap();
        Self {
            channel,
            tasks,
            inner,
            health,
        }
    }

    /// Ends it in order, and fails if a part of it failed.
    pub(crate) async fn end(self) {
        self.tasks.drain().request();
        drop(self.channel);
        self.tasks.finish(Duration::from_secs(10)).await.unwrap();
        self.inner.drain().request();
        self.inner.finish(Duration::from_secs(10)).await.unwrap();
    }
}

fn inference(wish: &Wish, tasks: &Tasks, auth: &Authenticator, health: &Health) -> Channel {
    let (connector, listener) = memory::pair();
    let options = Options::between_nodes();
    if !wish.inference {
        return channel::in_memory(&connector, &options);
    }
    let config = hark_inference::Config {
        engine: EngineKind::Fake,
        fake_transcript: wish.hears.to_owned(),
        ..hark_inference::Config::default()
    };
    let inference = Inference::build(&config, health.part("inference")).unwrap();
    let server = Server::new(server::Config::for_nodes(0), auth.clone(), health)
        .services(DESCRIPTORS, hark_inference::NAMES, inference.routes())
        .unwrap();
    let drain = tasks.drain();
    let serve = server.serve_memory(listener, drain.clone());
    tasks.spawn("inference server", OnFailure::Shutdown, serve);
    tasks.spawn(
        "inference",
        OnFailure::Shutdown,
        inference.run(drain.clone()),
    );
    channel::in_memory(&connector, &options)
}

async fn router(
    description: Description,
    store: &Arc<dyn Store>,
    clock: &Arc<dyn Clock>,
    tasks: &Tasks,
    auth: &Authenticator,
    health: &Health,
) -> Channel {
    let (connector, listener) = memory::pair();
    let (adapter, devices) = VirtualHome::open(description, Arc::clone(store))
        .await
        .unwrap();
    let drain = tasks.drain();
    let deps = hark_router::Deps {
        store: Arc::clone(store),
        clock: Arc::clone(clock),
        adapter,
        instance: "router-1".to_owned(),
        health: health.part("router"),
        drain: drain.clone(),
    };
    let router = Router::build(&hark_router::Config::default(), deps).unwrap();
    let server = Server::new(server::Config::for_nodes(0), auth.clone(), health)
        .services(
            DESCRIPTORS,
            hark_router::INTERNAL_NAMES,
            router.internal_routes(),
        )
        .unwrap();
    let serve = server.serve_memory(listener, drain.clone());
    tasks.spawn("router server", OnFailure::Shutdown, serve);
    tasks.spawn("router", OnFailure::Shutdown, router.run(drain.clone()));
    let stop = drain.clone();
    tasks.spawn("devices", OnFailure::Log, async move {
        tokio::select! {
            () = devices => {}
            () = stop.requested() => {}
        }
    });
    channel::in_memory(&connector, &Options::between_nodes())
}

/// A format of bare samples.
pub(crate) fn format(encoding: v1::audio_format::Encoding, sample_rate_hz: u32) -> v1::AudioFormat {
    v1::AudioFormat {
        encoding: encoding.into(),
        sample_rate_hz,
        channels: 1,
    }
}
