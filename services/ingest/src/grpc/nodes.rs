//! The nodes of the house as this one sees them: what they registered, and how their
//! connections do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, Stream};
use hark_cluster::{Pool, Seen};
use hark_core::cluster::{Instance, Node, Role};
use hark_core::placement::State;
use hark_core::seats::Seat;
use hark_proto::convert::time::{duration_to_pb, timestamp_to_pb};
use hark_proto::{Error, v1};
use tokio::time::Instant;
use tonic::Status;

use super::cluster::About;
use crate::shared::Shared;

/// How often a watch looks whether something changed that nobody tells of.
const LOOK: Duration = Duration::from_secs(1);
/// After so long a watch says again what it said, with its age.
const REPEAT: Duration = Duration::from_secs(5);

/// The nodes.
pub(super) struct Nodes {
    pub(super) shared: Arc<Shared>,
    pub(super) about: Arc<About>,
}

/// What a watcher was told last, and when.
struct Told {
    nodes: Vec<v1::Node>,
    at: Instant,
}

impl Nodes {
    /// The nodes as they are now, and how old what the registry says is.
    ///
    /// # Errors
    /// `UNAVAILABLE` if the registry was not read yet.
    pub(super) fn list(&self) -> Result<(Vec<v1::Node>, Duration), Error> {
        let registry = self.about.peers.registry();
        let unread = || Error::unavailable("the store was not read yet; try again");
        let age = registry.age().ok_or_else(unread)?;
        let seen = [Role::Inference, Role::Router].map(|role| (role, self.seen(role)));
        let seen = BTreeMap::from(seen);
        let registered = registry.nodes();
        let mut nodes: Vec<_> = registered.iter().map(|n| self.node(n, &seen)).collect();
        let is_known = |key: &str| registered.iter().any(|n| n.id.as_str() == key);
        for (role, pool) in &seen {
            let others = pool.iter().filter(|s| !is_known(&s.key));
            nodes.extend(others.map(|s| unregistered(*role, s)));
        }
        Ok((nodes, age))
    }

    /// The nodes now, and again whenever something about them changes.
    pub(super) fn watch(
        self,
        seat: Seat,
    ) -> impl Stream<Item = Result<v1::WatchNodesResponse, Status>> + Send {
        stream::unfold((self, seat, None), |(nodes, seat, told)| async move {
            match nodes.next(told).await {
                Ok((response, told)) => Some((Ok(response), (nodes, seat, told))),
                Err(error) => Some((Err(error.into()), (nodes, seat, None))),
            }
        })
    }

    async fn next(
        &self,
        told: Option<Told>,
    ) -> Result<(v1::WatchNodesResponse, Option<Told>), Error> {
        loop {
            let workers = &self.shared.workers;
            let mut pools =
                [Role::Inference, Role::Router].map(|role| workers.pool(role).map(Pool::changes));
            let seen = self.about.peers.registry().changed_at();
            let (nodes, age) = self.list()?;
            let is_news = told
                .as_ref()
                .is_none_or(|told| told.nodes != nodes || told.at.elapsed() >= REPEAT);
            if is_news {
                let told = Told {
                    nodes: nodes.clone(),
                    at: Instant::now(),
                };
                let age = Some(duration_to_pb(age));
                return Ok((v1::WatchNodesResponse { nodes, age }, Some(told)));
            }
            let [inference, routers] = &mut pools;
            tokio::select! {
                () = changed(inference) => {}
                () = changed(routers) => {}
                Some(_) = self.about.peers.registry().changed(seen) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    fn seen(&self, role: Role) -> Vec<Seen> {
        self.shared
            .workers
            .pool(role)
            .map(Pool::seen)
            .unwrap_or_default()
    }

    fn node(&self, node: &Node, seen: &BTreeMap<Role, Vec<Seen>>) -> v1::Node {
        let is_self = node.id == *self.about.peers.me();
        let seen_as = |role: Role| {
            let pool = seen.get(&role)?;
            pool.iter().find(|s| s.key == node.id.as_str())
        };
        let part = |part: &Instance| match seen_as(part.role) {
            Some(seen) => status(part.role, seen.state),
            None if is_self => self.own(part.role),
            None if part.draining => status(part.role, State::Draining),
            None => status(part.role, State::Serving),
        };
        let mut parts: Vec<_> = node.parts.iter().map(part).collect();
        // What of this process is not registered, as nobody else could call it.
        let here = [Role::Inference, Role::Router]
            .into_iter()
            .filter(|role| is_self && node.parts.iter().all(|p| p.role != *role));
        parts.extend(here.filter_map(|role| Some(status(role, seen_as(role)?.state))));
        let first = &node.parts[0];
        let addresses = node.parts.iter().flat_map(|p| p.addresses.clone());
        let mut addresses: Vec<_> = addresses.collect();
        addresses.dedup();
        let model = node.parts.iter().find_map(|p| p.model.clone());
        let in_flight = node.parts.iter().filter_map(|p| seen_as(p.role));
        v1::Node {
            id: node.id.to_string(),
            addresses,
            parts,
            draining: node.is_draining(),
            version: first.version.clone(),
            started_at: Some(timestamp_to_pb(first.started_at)),
            model: model.map(Into::into),
            in_flight: in_flight.map(|s| s.in_flight).sum(),
            is_self,
        }
    }

    /// A part of this very node, as its health has it.
    fn own(&self, role: Role) -> v1::PartStatus {
        let snapshot = self.about.health.snapshot();
        let reason = snapshot.parts.get(role.as_str()).cloned().flatten();
        v1::PartStatus {
            name: role.as_str().to_owned(),
            ready: reason.is_none(),
            reason: reason.unwrap_or_default(),
        }
    }
}

/// One that settings name and that did not register.
fn unregistered(role: Role, seen: &Seen) -> v1::Node {
    v1::Node {
        id: seen.key.clone(),
        addresses: vec![seen.key.clone()],
        parts: vec![status(role, seen.state)],
        draining: seen.state == State::Draining,
        in_flight: seen.in_flight,
        ..v1::Node::default()
    }
}

fn status(role: Role, state: State) -> v1::PartStatus {
    let ready = state == State::Serving;
    v1::PartStatus {
        name: role.as_str().to_owned(),
        ready,
        reason: if ready {
            String::new()
        } else {
            state.as_str().to_owned()
        },
    }
}

async fn changed(pool: &mut Option<tokio::sync::watch::Receiver<u64>>) {
    match pool {
        // It fails only where the pool is gone, and this service has it.
        Some(changes) => drop(changes.changed().await),
        None => std::future::pending().await,
    }
}
