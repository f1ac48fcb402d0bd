//! The nodes of a house, and how they do.

use std::time::Duration;

use hark_core::time::Timestamp;
use hark_proto::convert::time::{required_duration, timestamp};
use hark_proto::v1;
use hark_proto::v1::cluster_client::ClusterClient;

use crate::status::{model, part};
use crate::{Client, Error, Model, Part, Watch};

/// The nodes, as the one that was asked sees them.
#[derive(Debug, Clone, PartialEq)]
pub struct Nodes {
    /// In the order of their ids.
    pub nodes: Vec<Node>,
    /// How old what the registry says is.
    pub age: Duration,
}

/// A node.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Its id; of one that did not register, its address.
    pub id: String,
    /// Where it is reached, host:port.
    pub addresses: Vec<String>,
    /// Its parts.
    pub parts: Vec<Part>,
    /// Whether it takes no new work.
    pub draining: bool,
    /// Hark's version; empty where it is not known.
    pub version: String,
    /// When its process began, by its own clock.
    pub started_at: Option<Timestamp>,
    /// What turns audio into words there.
    pub model: Option<Model>,
    /// Calls to it that the answering node has in flight.
    pub in_flight: u32,
    /// Whether it is the node that answered.
    pub is_self: bool,
}

impl Client {
    /// The nodes of the house.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn nodes(&self) -> Result<Nodes, Error> {
        let mut client = ClusterClient::new(self.channel());
        let call = client.list_nodes(self.request(v1::ListNodesRequest {}));
        let response = self.within_deadline(call).await?;
        Nodes::try_from(response).map_err(|e| Error::unreadable("a list of nodes", &e))
    }

    /// The nodes of the house, again whenever something about them changes and every few
    /// seconds.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`].
    pub async fn watch_nodes(&self) -> Result<Watch<v1::WatchNodesResponse, Nodes>, Error> {
        let mut client = ClusterClient::new(self.channel());
        let call = client.watch_nodes(v1::WatchNodesRequest {});
        Ok(Watch::new(self.within_deadline(call).await?))
    }

    /// Takes a node out of service; its process ends once it has finished what it has.
    ///
    /// # Errors
    /// [`Error::Server`] if there is no such node or it can't be reached,
    /// [`Error::Silent`].
    pub async fn drain_node(&self, id: &str) -> Result<(), Error> {
        let mut client = ClusterClient::new(self.channel());
        let node_id = id.to_owned();
        let call = client.drain_node(self.request(v1::DrainNodeRequest { node_id }));
        self.within_deadline(call).await?;
        Ok(())
    }
}

impl TryFrom<v1::ListNodesResponse> for Nodes {
    type Error = hark_proto::Error;

    fn try_from(message: v1::ListNodesResponse) -> Result<Self, hark_proto::Error> {
        let nodes = message.nodes.into_iter().map(node);
        Ok(Self {
            nodes: nodes.collect::<Result<_, _>>()?,
            age: required_duration("age", message.age)?,
        })
    }
}

impl TryFrom<v1::WatchNodesResponse> for Nodes {
    type Error = hark_proto::Error;

    fn try_from(message: v1::WatchNodesResponse) -> Result<Self, hark_proto::Error> {
        let v1::WatchNodesResponse { nodes, age } = message;
        v1::ListNodesResponse { nodes, age }.try_into()
    }
}

fn node(message: v1::Node) -> Result<Node, hark_proto::Error> {
    let started_at = message.started_at.map(|t| timestamp("started_at", t));
    Ok(Node {
        id: message.id,
        addresses: message.addresses,
        parts: message.parts.into_iter().map(part).collect(),
        draining: message.draining,
        version: message.version,
        started_at: started_at.transpose()?,
        model: message.model.map(model).transpose()?,
        in_flight: message.in_flight,
        is_self: message.is_self,
    })
}
