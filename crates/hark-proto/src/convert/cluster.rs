//! Parts of nodes: as the registry keeps them, and as people are shown them.

use hark_core::cluster::{Instance, Model, Role};

use super::time::{required_timestamp, timestamp_to_pb};
use super::{ids, optional};
use crate::{Error, stored, v1};

/// The most languages that a model is registered with.
const MAX_LANGUAGES: usize = 256;

impl From<Instance> for stored::Instance {
    fn from(instance: Instance) -> Self {
        Self {
            node_id: instance.node.into(),
            role: instance.role.as_str().to_owned(),
            run_id: instance.run.into(),
            addresses: instance.addresses,
            tls_name: instance.tls_name,
            version: instance.version,
            model: instance.model.map(Into::into),
            capacity: instance.capacity,
            started_at: Some(timestamp_to_pb(instance.started_at)),
            draining: instance.draining,
        }
    }
}

impl TryFrom<stored::Instance> for Instance {
    type Error = Error;

    fn try_from(message: stored::Instance) -> Result<Self, Error> {
        let role = Role::parse(&message.role)
            .ok_or_else(|| Error::invalid_field("role", "is none that this version knows"))?;
        if message.addresses.is_empty() {
            return Err(Error::missing("addresses"));
        }
        Ok(Self {
            node: ids::node("node_id", &message.node_id)?,
            role,
            run: ids::run("run_id", &message.run_id)?,
            addresses: message.addresses,
            tls_name: message.tls_name,
            version: message.version,
            model: optional("model", message.model)?,
            capacity: message.capacity.max(1),
            started_at: required_timestamp("started_at", message.started_at)?,
            draining: message.draining,
        })
    }
}

impl From<Model> for stored::InstanceModel {
    fn from(model: Model) -> Self {
        Self {
            name: model.name,
            engine: model.engine,
            tier: model.tier,
            languages: ids::languages_to_pb(&model.languages),
        }
    }
}

impl TryFrom<stored::InstanceModel> for Model {
    type Error = Error;

    fn try_from(message: stored::InstanceModel) -> Result<Self, Error> {
        Ok(Self {
            name: message.name,
            engine: message.engine,
            tier: message.tier,
            languages: ids::languages("languages", &message.languages, MAX_LANGUAGES)?,
        })
    }
}

impl From<Model> for v1::ModelStatus {
    fn from(model: Model) -> Self {
        Self {
            name: model.name,
            engine: model.engine,
            languages: ids::languages_to_pb(&model.languages),
            tier: model.tier,
        }
    }
}

#[cfg(test)]
mod tests {
    use hark_core::Language;
    use hark_core::ids::{NodeId, RunId};
    use hark_core::time::Timestamp;

    use super::*;

    fn instance(role: Role, model: Option<Model>) -> Instance {
        Instance {
            node: NodeId::parse("attic").unwrap(),
            role,
            run: RunId::parse("0199-run").unwrap(),
            addresses: vec!["192.168.1.4:7710".to_owned(), "[::1]:7710".to_owned()],
            tls_name: "attic.home".to_owned(),
            version: "0.1.0".to_owned(),
            model,
            capacity: 33,
            started_at: Timestamp::from_unix_ms(1_795_352_700_123),
            draining: true,
        }
    }

    #[test]
    fn every_part_of_a_node_round_trips() {
        let model = Model {
            name: "hark-nano".to_owned(),
            engine: "candle".to_owned(),
            tier: 3,
            languages: vec![Language::german()],
        };
        for instance in [
            instance(Role::Inference, Some(model)),
            instance(Role::Router, None),
        ] {
            let message = stored::Instance::from(instance.clone());
            assert_eq!(Instance::try_from(message), Ok(instance));
        }
    }

    #[test]
    fn what_can_not_be_read_is_named() {
        let good = stored::Instance::from(instance(Role::Router, None));
        type Spoil = fn(&mut stored::Instance);
        let cases: [(Spoil, &str); 5] = [
            (|m| m.role = "cook".to_owned(), "role"),
            (|m| m.node_id = "a/b".to_owned(), "node_id"),
            (|m| m.run_id.clear(), "run_id"),
            (|m| m.addresses.clear(), "addresses"),
            (|m| m.started_at = None, "started_at"),
        ];
        for (spoil, field) in cases {
            let mut message = good.clone();
            spoil(&mut message);
            let error = Instance::try_from(message).unwrap_err();
            assert_eq!(error.violations()[0].field, field, "{error}");
        }
    }
}
