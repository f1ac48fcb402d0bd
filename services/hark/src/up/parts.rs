//! Ingest, inference and router, built and joined.

use std::sync::Arc;

use hark_access::Registry;
use hark_core::engine::Description;
use hark_inference::Inference;
use hark_ingest::Ingest;
use hark_router::Router;
use hark_runtime::drain::Drain;
use hark_runtime::process::Process;
use hark_runtime::tasks::{OnFailure, Tasks};
use tonic::service::Routes;

use super::Config;
use super::foundation::Foundation;
use super::inside::Inside;

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
        let deps = hark_ingest::Deps {
            home: home.id.clone(),
            languages: home.languages.clone(),
            store: Arc::clone(&foundation.store),
            clock: Arc::clone(&foundation.clock),
            inference: hears.channel.clone(),
            intents: acts.channel.clone(),
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

    /// What speakers call.
    pub(super) fn ingest_routes(&self) -> Routes {
        self.ingest.routes()
    }

    /// What shows the home.
    pub(super) fn home_routes(&self) -> Routes {
        self.router.public_routes()
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
    Ok(Inference::build(&config.inference, health)?)
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
