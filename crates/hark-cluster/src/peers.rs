//! The other nodes, as one process sees them: what they registered, how they are reached,
//! and pools of those it calls.

use std::sync::Arc;

use hark_core::cluster::{Node, Role};
use hark_core::placement::Facts;
use hark_core::store::Store;
use hark_core::time::Clock;
use hark_core::{HomeId, NodeId};
use hark_proto::Error;
use hark_runtime::channel::{Channel, Options};

use crate::follow::Sources;
use crate::node;
use crate::pool::Pool;
use crate::registry::Registry;

/// The other nodes. Clones share what is known of them.
#[derive(Clone)]
pub struct Peers {
    me: NodeId,
    registry: Registry,
    options: Options,
    clock: Arc<dyn Clock>,
}

impl Peers {
    /// The nodes that are registered in `store`, and the future that keeps track of them.
    /// `options` is how they are connected to.
    pub fn open(
        home: &HomeId,
        me: &NodeId,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (registry, driver) = Registry::open(home, store, Arc::clone(&clock));
        let peers = Self {
            me: me.clone(),
            registry,
            options,
            clock,
        };
        (peers, driver)
    }

    /// This process's node.
    pub fn me(&self) -> &NodeId {
        &self.me
    }

    /// What the nodes registered.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Those that have a role: `local`, if this process has it too; at the `fixed`
    /// addresses, host:port; and all that registered. The future keeps the pool up to
    /// date.
    pub fn pool(
        &self,
        role: Role,
        local: Option<(Channel, Facts)>,
        fixed: &[String],
    ) -> (Pool, impl Future<Output = ()> + Send + 'static) {
        let sources = Sources {
            local: local.map(|(channel, facts)| (self.me.clone(), channel, facts)),
            fixed: fixed.to_vec(),
            registry: self.registry.clone(),
        };
        Pool::open(role, sources, self.options.clone(), Arc::clone(&self.clock))
    }

    /// Asks another node to end in order.
    ///
    /// # Errors
    /// `UNAVAILABLE` if it can't be reached; the node's own.
    pub async fn drain(&self, node: &Node) -> Result<(), Error> {
        node::drain(node, &self.options).await
    }
}
