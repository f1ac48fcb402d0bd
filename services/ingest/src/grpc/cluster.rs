//! `hark.v1.Cluster`: what this node is and how it does.

use std::sync::Arc;

use hark_core::time::{Clock, Monotonic};
use hark_proto::convert::ids;
use hark_proto::convert::time::duration_to_pb;
use hark_proto::v1::cluster_server::Cluster;
use hark_proto::{Error, v1};
use hark_runtime::health::Health;
use hark_runtime::server::principal;
use tonic::{Request, Response, Status};

use super::workers::Model;
use crate::shared::Shared;

/// What the node says about itself.
pub(crate) struct About {
    /// How its parts do.
    pub health: Health,
    pub clock: Arc<dyn Clock>,
    /// When it began.
    pub since: Monotonic,
}

/// The service.
pub(super) struct Service {
    shared: Arc<Shared>,
    about: About,
}

impl Service {
    pub(super) fn new(shared: Arc<Shared>, about: About) -> Self {
        Self { shared, about }
    }

    fn parts(&self) -> Vec<v1::PartStatus> {
        let snapshot = self.about.health.snapshot();
        let part = |(name, reason): (&str, Option<String>)| v1::PartStatus {
            name: name.to_owned(),
            ready: reason.is_none(),
            reason: reason.unwrap_or_default(),
        };
        snapshot.parts.into_iter().map(part).collect()
    }

    fn store(&self) -> v1::StoreStatus {
        let view = self.shared.speakers.view();
        v1::StoreStatus {
            kind: self.shared.speakers.store_kind().to_owned(),
            revision: view.snapshot().revision.0,
            age: view.age().map(duration_to_pb),
        }
    }
}

#[tonic::async_trait]
impl Cluster for Service {
    async fn get_status(
        &self,
        request: Request<v1::GetStatusRequest>,
    ) -> Result<Response<v1::GetStatusResponse>, Status> {
        principal(&request)?;
        let model = self.shared.workers.describe().await.ok();
        let uptime = self.about.clock.monotonic().since(self.about.since);
        Ok(Response::new(v1::GetStatusResponse {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime: Some(duration_to_pb(uptime)),
            home_id: self.shared.home.to_string(),
            languages: ids::languages_to_pb(&self.shared.languages),
            parts: self.parts(),
            store: Some(self.store()),
            model: model.map(Into::into),
            attached_speakers: count(self.shared.speakers.attached()),
            open_streams: count(self.shared.streams.taken()),
            warnings: self.about.health.snapshot().warnings,
        }))
    }

    async fn list_nodes(
        &self,
        _: Request<v1::ListNodesRequest>,
    ) -> Result<Response<v1::ListNodesResponse>, Status> {
        Err(Error::unimplemented("a list of nodes is not implemented yet").into())
    }

    async fn drain_node(
        &self,
        _: Request<v1::DrainNodeRequest>,
    ) -> Result<Response<v1::DrainNodeResponse>, Status> {
        let message = "draining a node by a call is not implemented yet; send it SIGTERM";
        Err(Error::unimplemented(message).into())
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl From<Model> for v1::ModelStatus {
    fn from(model: Model) -> Self {
        Self {
            name: model.name,
            engine: model.engine,
            languages: model.languages,
        }
    }
}
