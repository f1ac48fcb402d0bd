//! Keeps a pool as the registry and the settings say: a link to each instance, and none
//! to those that are gone.

use std::collections::BTreeMap;
use std::future::pending;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hark_core::NodeId;
use hark_core::cluster::{Instance, Role};
use hark_core::placement::Facts;
use hark_core::store::Revision;
use hark_runtime::channel::{Channel, Options};
use tokio_util::sync::CancellationToken;

use crate::link;
use crate::pool::Pool;
use crate::registry::Registry;

/// Of an instance that settings name, nothing else is known.
const UNKNOWN: Facts = Facts {
    tier: 0,
    capacity: 64,
    draining: false,
};

/// Where the instances of a pool come from.
#[derive(Clone)]
pub(crate) struct Sources {
    /// A part of this very process: the node's id, and the way to it.
    pub(crate) local: Option<(NodeId, Channel, Facts)>,
    /// Addresses that settings name, host:port.
    pub(crate) fixed: Vec<String>,
    /// What the nodes registered.
    pub(crate) registry: Registry,
}

/// What is to be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    addresses: Vec<String>,
    /// One life of its process; empty where that is not known.
    run: String,
    facts: Facts,
}

impl Sources {
    /// What they say at this moment, by the name that a pool has for it.
    fn targets(&self, role: Role) -> BTreeMap<String, Target> {
        let others =
            self.registry.instances().into_iter().filter(|i| {
                i.role == role && self.local.as_ref().is_none_or(|(id, ..)| *id != i.node)
            });
        let mut targets: BTreeMap<_, _> = others.map(target).collect();
        for address in &self.fixed {
            // Who registered with that address is the same one, and more is known of it.
            if !targets.values().any(|t| t.addresses.contains(address)) {
                let target = Target {
                    addresses: vec![address.clone()],
                    run: String::new(),
                    facts: UNKNOWN,
                };
                targets.insert(address.clone(), target);
            }
        }
        targets
    }

    /// Returns when they may say something else.
    async fn changed(&self, seen: Revision) {
        if self.registry.changed(seen).await.is_none() {
            pending::<()>().await;
        }
    }
}

fn target(instance: Instance) -> (String, Target) {
    let target = Target {
        addresses: instance.addresses,
        run: instance.run.into(),
        facts: Facts {
            tier: instance.model.map_or(0, |m| m.tier),
            capacity: instance.capacity,
            draining: instance.draining,
        },
    };
    (instance.node.into(), target)
}

/// Keeps `pool` so for as long as it is polled. Never ends.
pub(crate) async fn follow(pool: Pool, sources: Sources, options: Options) {
    let mut links = FuturesUnordered::new();
    let mut known: BTreeMap<String, (Target, CancellationToken)> = BTreeMap::new();
    loop {
        // Taken before looking, so that no change falls between.
        let seen = sources.registry.changed_at();
        let targets = sources.targets(pool.role());
        let is_other = |key: &String, target: &Target| {
            targets
                .get(key)
                .is_none_or(|t| t.run != target.run || t.addresses != target.addresses)
        };
        known.retain(|key, (target, token)| {
            let other = is_other(key, target);
            if other {
                token.cancel();
                pool.remove(key);
            }
            !other
        });
        for (key, target) in targets {
            pool.put(&key, target.facts);
            let token = known.get(&key).map(|(_, token)| token.clone());
            let token = token.unwrap_or_else(|| {
                let token = CancellationToken::new();
                let link = link::keep(
                    pool.clone(),
                    key.clone(),
                    target.addresses.clone(),
                    options.clone(),
                );
                links.push(token.clone().run_until_cancelled_owned(link));
                token
            });
            known.insert(key, (target, token));
        }
        let changed = sources.changed(seen);
        tokio::pin!(changed);
        loop {
            tokio::select! {
                () = &mut changed => break,
                Some(_) = links.next(), if !links.is_empty() => {}
            }
        }
    }
}
