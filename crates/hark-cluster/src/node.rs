//! `hark.internal.v1.Node`: what every process does for the others, and the call of it.

use std::time::Duration;

use hark_core::NodeId;
use hark_core::cluster::Node;
use hark_proto::Error;
use hark_proto::internal::node_client::NodeClient;
use hark_proto::internal::node_server::{self, NodeServer};
use hark_proto::internal::{DrainRequest, DrainResponse};
use hark_runtime::channel::{self, Options};
use hark_runtime::drain::Drain;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

/// The services that every process has, as reflection names them.
pub const NAMES: &[&str] = &["hark.internal.v1.Node"];

/// How long another node may take to answer.
const WITHIN: Duration = Duration::from_secs(5);

/// What every process does for the others: `drain` ends it.
pub fn routes(id: &NodeId, drain: &Drain) -> Routes {
    Routes::new(NodeServer::new(Service {
        id: id.clone(),
        drain: drain.clone(),
    }))
}

struct Service {
    id: NodeId,
    drain: Drain,
}

#[tonic::async_trait]
impl node_server::Node for Service {
    async fn drain(
        &self,
        request: Request<DrainRequest>,
    ) -> Result<Response<DrainResponse>, Status> {
        let asked = request.into_inner().node_id;
        if asked != self.id.as_str() {
            return Err(Error::not_found("node", &asked).into());
        }
        tracing::info!("another node asks this one to drain");
        self.drain.request();
        Ok(Response::new(DrainResponse {}))
    }
}

/// Asks another node to end in order.
///
/// # Errors
/// `UNAVAILABLE` if it can't be reached; the node's own.
pub(crate) async fn drain(node: &Node, options: &Options) -> Result<(), Error> {
    let part = node
        .internal()
        .ok_or_else(|| Error::not_found("node", node.id.as_str()))?;
    let mut last = Error::unavailable(format!("the node {} has no address", node.id));
    for address in &part.addresses {
        match drain_at(&node.id, address, options).await {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn drain_at(id: &NodeId, address: &str, options: &Options) -> Result<(), Error> {
    let unreachable = |e: hark_runtime::Error| Error::unavailable(e.to_string());
    let channel = channel::connect(address, options).map_err(unreachable)?;
    let mut request = Request::new(DrainRequest {
        node_id: id.to_string(),
    });
    request.set_timeout(WITHIN);
    let mut client = NodeClient::new(channel);
    let answer = tokio::time::timeout(WITHIN, client.drain(request)).await;
    let silent = |_| Error::unavailable(format!("{id} at {address} does not answer"));
    answer.map_err(silent)??;
    Ok(())
}
