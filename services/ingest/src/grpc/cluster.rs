//! `hark.v1.Cluster`: what this node is and how it does, and which others there are.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use hark_cluster::Peers;
use hark_core::keys::KeySpace;
use hark_core::store::{Select, Store};
use hark_core::time::{Clock, Monotonic};
use hark_proto::convert::ids;
use hark_proto::convert::time::duration_to_pb;
use hark_proto::v1::cluster_server::Cluster;
use hark_proto::{Error, v1};
use hark_runtime::drain::Drain;
use hark_runtime::health::Health;
use hark_runtime::server::principal;
use tonic::{Request, Response, Status};

use super::nodes::Nodes;
use super::workers::Model;
use crate::shared::Shared;

/// How long the store may take to say its revision.
const STORE_WITHIN: Duration = Duration::from_millis(500);

/// What the node says about itself.
pub(crate) struct About {
    /// How its parts do.
    pub health: Health,
    pub clock: Arc<dyn Clock>,
    pub store: Arc<dyn Store>,
    pub peers: Peers,
    /// What ends this node.
    pub drain: Drain,
    /// When it began.
    pub since: Monotonic,
}

/// The service.
pub(super) struct Service {
    shared: Arc<Shared>,
    about: Arc<About>,
}

impl Service {
    pub(super) fn new(shared: Arc<Shared>, about: About) -> Self {
        let about = Arc::new(about);
        Self { shared, about }
    }

    fn nodes(&self) -> Nodes {
        Nodes {
            shared: Arc::clone(&self.shared),
            about: Arc::clone(&self.about),
        }
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

    /// The store as a whole, asked now; where it does not answer, what the views know.
    async fn store(&self) -> v1::StoreStatus {
        let store = &self.about.store;
        let nothing = Select::Key(KeySpace::new(&self.shared.home).instances());
        let asked = tokio::time::timeout(STORE_WITHIN, store.range(nothing)).await;
        let view = self.shared.speakers.view();
        let (revision, age) = match asked {
            Ok(Ok(snapshot)) => (snapshot.revision, Some(Duration::ZERO)),
            _ => (view.snapshot().revision, view.age()),
        };
        v1::StoreStatus {
            kind: store.kind().to_owned(),
            revision: revision.max(self.about.peers.registry().revision()).0,
            age: age.map(duration_to_pb),
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
            store: Some(self.store().await),
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
        let (nodes, age) = self.nodes().list()?;
        let age = Some(duration_to_pb(age));
        Ok(Response::new(v1::ListNodesResponse { nodes, age }))
    }

    type WatchNodesStream = BoxStream<'static, Result<v1::WatchNodesResponse, Status>>;

    async fn watch_nodes(
        &self,
        _: Request<v1::WatchNodesRequest>,
    ) -> Result<Response<Self::WatchNodesStream>, Status> {
        let seat = self.shared.watches.take().map_err(Error::from)?;
        let drain = self.about.drain.clone();
        let ended = async move { drain.requested().await };
        let changes = self.nodes().watch(seat).take_until(ended);
        Ok(Response::new(changes.boxed()))
    }

    async fn drain_node(
        &self,
        request: Request<v1::DrainNodeRequest>,
    ) -> Result<Response<v1::DrainNodeResponse>, Status> {
        let id = ids::node("node_id", &request.into_inner().node_id)?;
        let peers = &self.about.peers;
        if id == *peers.me() {
            tracing::info!("somebody asks this node to drain");
            self.about.drain.request();
            return Ok(Response::new(v1::DrainNodeResponse {}));
        }
        let nodes = peers.registry().nodes();
        let node = nodes.into_iter().find(|node| node.id == id);
        let node = node.ok_or_else(|| Error::not_found("node", id.as_str()))?;
        peers.drain(&node).await?;
        Ok(Response::new(v1::DrainNodeResponse {}))
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
            tier: 0,
        }
    }
}
