//! This process among others that share its store: who it is, whom it calls besides
//! itself, and the server that others call.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use hark_cluster::{Me, Peers, Pool, Registration};
use hark_core::cluster::{Instance, Role};
use hark_core::placement::Facts;
use hark_core::{HomeId, NodeId};
use hark_runtime::auth::{self, Authenticator};
use hark_runtime::channel::{Channel, Options};
use hark_runtime::config::Secret;
use hark_runtime::drain::Drain;
use hark_runtime::process::Process;
use hark_runtime::server::{self, Bound, Server};
use hark_runtime::tasks::{OnFailure, Tasks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tonic::service::Routes;

use super::foundation::Foundation;

/// The port for other nodes.
const PORT: u16 = 7702;

/// How other nodes reach this one. Only where the store is shared with them (etcd).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where other nodes reach it, with the certificate of `server.tls`. They prove who
    /// they are with certificates of their own, or with `auth.node_token_file`, which all
    /// nodes share.
    pub listen: SocketAddr,
    /// How this node checks the others, and what it shows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<hark_tls::ClientConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], PORT)),
            tls: None,
        }
    }
}

/// This process among the others.
pub(super) struct Cluster {
    pub(super) me: Me,
    pub(super) peers: Peers,
    home: HomeId,
    followers: Vec<(&'static str, BoxFuture<'static, ()>)>,
}

impl Cluster {
    /// Follows the others in the store.
    pub(super) fn open(
        me: Me,
        config: &Config,
        auth: &auth::Config,
        foundation: &Foundation,
    ) -> anyhow::Result<Self> {
        let token = auth
            .node_token_file
            .as_deref()
            .map(Secret::read)
            .transpose()?;
        let options = Options {
            token,
            tls: config.tls.clone(),
            ..Options::between_nodes()
        };
        let home = foundation.home().id.clone();
        let (store, clock) = (Arc::clone(&foundation.store), Arc::clone(&foundation.clock));
        let (peers, follow) = Peers::open(&home, &me.id, store, clock, options);
        Ok(Self {
            me,
            peers,
            home,
            followers: vec![("registry", Box::pin(follow))],
        })
    }

    /// Those with a role: the part of this process, and those of others.
    pub(super) fn pool(
        &mut self,
        name: &'static str,
        role: Role,
        here: &Channel,
        facts: Facts,
    ) -> Pool {
        let (pool, follow) = self.peers.pool(role, Some((here.clone(), facts)), &[]);
        self.followers.push((name, Box::pin(follow)));
        pool
    }

    /// Keeps track of the others and keeps `parts` registered, until the drain.
    pub(super) fn run(
        self,
        parts: Vec<Instance>,
        foundation: &Foundation,
        tasks: &Tasks,
        drain: &Drain,
    ) {
        let (store, clock) = (Arc::clone(&foundation.store), Arc::clone(&foundation.clock));
        let registration = Registration::new(&self.home, &self.me, store, clock);
        let registered = registration.run(parts, drain.clone());
        tasks.spawn("registration", OnFailure::Log, registered);
        for (name, follower) in self.followers {
            tasks.spawn_background(name, follower);
        }
    }
}

/// Takes the address for other nodes, with the services that they call. `public` is the
/// server that everybody calls.
pub(super) async fn bind(
    config: &Config,
    public: &server::Config,
    auth: Authenticator,
    node: &NodeId,
    process: &Process,
    services: [(&'static [&'static str], Routes); 2],
) -> anyhow::Result<Bound> {
    let settings = server::Config {
        listen: config.listen,
        tls: public.tls.clone(),
        ..server::Config::for_nodes(PORT)
    };
    let descriptors = hark_proto::FILE_DESCRIPTOR_SET;
    let mut server = Server::new(settings, auth, process.health());
    let own = (
        hark_cluster::NAMES,
        hark_cluster::routes(node, process.drain()),
    );
    for (names, routes) in services.into_iter().chain([own]) {
        server = server.services(descriptors, names, routes)?;
    }
    Ok(server.bind("cluster.listen").await?)
}

/// Lets nodes in and nobody else, whoever may call the public server.
pub(super) fn nodes_only(auth: &auth::Config, home: &HomeId) -> anyhow::Result<Authenticator> {
    let nodes_only = auth::Config {
        node_token_file: auth.node_token_file.clone(),
        ..auth::Config::default()
    };
    Ok(Authenticator::new(&nodes_only, home.clone())?)
}
