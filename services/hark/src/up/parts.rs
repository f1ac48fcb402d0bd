//! Ingest, inference and router, built and joined.

use std::net::SocketAddr;
use std::sync::Arc;

use hark_access::Registry;
use hark_cluster::Me;
use hark_core::cluster::{Instance, Role};
use hark_core::engine::Description;
use hark_core::placement::Facts;
use hark_inference::{Inference, Picked};
use hark_ingest::Ingest;
use hark_router::Router;
use hark_runtime::drain::Drain;
use hark_runtime::process::Process;
use hark_runtime::tasks::{OnFailure, Tasks};
use tonic::service::Routes;

use super::Config;
use super::cluster::Cluster;
use super::foundation::Foundation;
use super::inside::Inside;

/// The router of this very process, to calls.
const ACTING: Facts = Facts {
    tier: 0,
    capacity: 64,
    draining: false,
};

/// The parts before they run.
pub(super) struct Parts {
    inference: Inference,
    router: Router,
    ingest: Ingest,
    hears: Inside,
    acts: Inside,
}

impl Parts {
    /// Builds the parts. Loading the model takes a while.
    pub(super) fn build(
        config: &Config,
        foundation: &Foundation,
        cluster: &mut Cluster,
        process: &Process,
    ) -> anyhow::Result<Self> {
        let home = foundation.home();
        let inference = inference(config, process)?;
        let router = router(config, foundation, process)?;
        let hears = Inside::new(
            "inference api",
            hark_inference::NAMES,
            inference.routes(),
            &home.id,
            process,
        )?;
        let acts = Inside::new(
            "router api",
            hark_router::INTERNAL_NAMES,
            router.internal_routes(),
            &home.id,
            process,
        )?;
        let hearing = Facts {
            tier: inference.model().tier,
            capacity: u32::try_from(inference.capacity()).unwrap_or(u32::MAX),
            draining: false,
        };
        let deps = hark_ingest::Deps {
            home: home.id.clone(),
            languages: home.languages.clone(),
            store: Arc::clone(&foundation.store),
            clock: Arc::clone(&foundation.clock),
            inference: cluster.pool(
                "inference workers",
                Role::Inference,
                &hears.channel,
                hearing,
            ),
            intents: cluster.pool("routers", Role::Router, &acts.channel, ACTING),
            peers: cluster.peers.clone(),
            health: process.health().clone(),
            drain: process.drain().clone(),
        };
        let ingest = Ingest::build(&config.ingest, deps)?;
        Ok(Self {
            inference,
            router,
            ingest,
            hears,
            acts,
        })
    }

    /// Who may come in.
    pub(super) fn access(&self) -> &Registry {
        self.ingest.access()
    }

    /// What turns audio into words.
    pub(super) fn model(&self) -> &Description {
        self.inference.description()
    }

    /// Which model that is, and why.
    pub(super) fn picked(&self) -> Option<&Picked> {
        self.inference.picked()
    }

    /// What speakers call.
    pub(super) fn ingest_routes(&self) -> Routes {
        self.ingest.routes()
    }

    /// What shows the home.
    pub(super) fn home_routes(&self) -> Routes {
        self.router.public_routes()
    }

    /// What other nodes call.
    pub(super) fn internal(&self) -> [(&'static [&'static str], Routes); 2] {
        [
            (hark_inference::NAMES, self.inference.routes()),
            (hark_router::INTERNAL_NAMES, self.router.internal_routes()),
        ]
    }

    /// What is registered of them: where others call, and where speakers do.
    pub(super) fn registered(
        &self,
        me: &Me,
        public: SocketAddr,
        internal: Option<SocketAddr>,
    ) -> Vec<Instance> {
        let mut parts = vec![me.part(Role::Ingest, public)];
        if let Some(address) = internal {
            let (model, capacity) = (self.inference.model(), self.inference.capacity());
            parts.push(me.inference(address, model, capacity));
            parts.push(me.part(Role::Router, address));
        }
        parts
    }

    /// Runs the parts until `inner` is requested.
    pub(super) fn run(self, tasks: &Tasks, inner: &Drain) {
        self.hears.run(tasks, inner);
        self.acts.run(tasks, inner);
        let inference = self.inference.run(inner.clone());
        tasks.spawn("inference", OnFailure::Shutdown, inference);
        let router = self.router.run(inner.clone());
        tasks.spawn("router", OnFailure::Shutdown, router);
        tasks.spawn("ingest", OnFailure::Shutdown, self.ingest.run());
    }
}

fn inference(config: &Config, process: &Process) -> anyhow::Result<Inference> {
    let health = process.health().part("inference");
    // It reads a file and computes; nothing else runs yet that would have to wait.
    Ok(Inference::build(&config.inference(), health)?)
}

fn router(config: &Config, foundation: &Foundation, process: &Process) -> anyhow::Result<Router> {
    let deps = hark_router::Deps {
        store: Arc::clone(&foundation.store),
        clock: Arc::clone(&foundation.clock),
        adapter: Arc::clone(&foundation.adapter),
        instance: uuid::Uuid::now_v7().to_string(),
        health: process.health().part("router"),
        drain: process.drain().clone(),
    };
    Ok(Router::build(&config.router, deps)?)
}
