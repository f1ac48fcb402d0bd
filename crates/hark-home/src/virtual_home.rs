//! The virtual home: devices that exist only in the store.
//!
//! A state is what the store has, else what the home's file begins with. The adapter
//! follows the store by its watch; a command is durable before it is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use hark_core::DeviceId;
use hark_core::device::{Command, DeviceState};
use hark_core::home::{DeviceAdapter, DeviceError, Home, StateAt, States};
use hark_core::keys::KeySpace;
use hark_core::store::{self, Compare, Entry, Op, OpResult, Revision, Select, Store, Txn};
use hark_proto::stored::stored::Value;
use hark_proto::value;
use tokio::sync::watch;

use crate::{Description, Error};

mod follow;

/// How often a command is tried when others write the same device at the same time.
const ATTEMPTS: usize = 8;

/// The adapter of the devices of a [`Description`].
pub struct VirtualHome {
    home: Arc<Home>,
    initial: BTreeMap<DeviceId, DeviceState>,
    keys: KeySpace,
    store: Arc<dyn Store>,
    states: watch::Sender<Arc<States>>,
}

impl VirtualHome {
    /// Reads the states and begins to follow them. The second value is the driver that
    /// follows the store: without it running, `states` and `changed` stand still. It
    /// never ends; drop it to stop.
    ///
    /// # Errors
    /// [`Error::Store`] if the states can't be read.
    pub async fn open(
        description: Description,
        store: Arc<dyn Store>,
    ) -> Result<(Arc<Self>, impl Future<Output = ()> + Send + 'static), Error> {
        let home = Arc::new(description.home().clone());
        let this = Self {
            keys: KeySpace::new(&home.id),
            home,
            initial: description.initial().clone(),
            store,
            states: watch::Sender::new(Arc::default()),
        };
        let this = Arc::new(this);
        this.read_all().await?;
        let driver = follow::run(this.clone());
        Ok((this, driver))
    }

    /// Reads every state anew; what the store lacks is as it began.
    async fn read_all(&self) -> Result<Revision, store::Error> {
        let snapshot = self
            .store
            .range(Select::Prefix(self.keys.devices()))
            .await?;
        let mut devices: BTreeMap<_, _> = self
            .initial
            .iter()
            .map(|(id, state)| (id.clone(), as_it_began(*state)))
            .collect();
        for entry in &snapshot.entries {
            if let Some((id, at)) = self.read(entry) {
                devices.insert(id, at);
            }
        }
        let revision = snapshot.revision;
        self.states
            .send_replace(Arc::new(States { devices, revision }));
        Ok(revision)
    }

    /// The device and state of an entry; `None` (and a warning) where it is no state
    /// of a device of this home.
    fn read(&self, entry: &Entry) -> Option<(DeviceId, StateAt)> {
        let id = self.device_of(&entry.key)?;
        let begins = self.initial.get(&id)?;
        match decode(entry) {
            Ok(state) => Some((
                id,
                StateAt {
                    state: begins.with(&state),
                    revision: entry.mod_revision,
                },
            )),
            Err(problem) => {
                tracing::warn!(%problem, "device state in the store is unreadable");
                None
            }
        }
    }

    fn device_of(&self, key: &store::Key) -> Option<DeviceId> {
        DeviceId::parse(key.strip_prefix(&self.keys.devices())?).ok()
    }

    /// One attempt at a command; `None` if somebody else wrote the device meanwhile.
    async fn attempt(&self, command: &Command) -> Result<Option<DeviceState>, store::Error> {
        let key = self.keys.device(&command.device);
        let begins = self
            .initial
            .get(&command.device)
            .copied()
            .unwrap_or_default();
        let found = self.store.range(Select::Key(key.clone())).await?;
        let entry = found.entries.first();
        let before = match entry.and_then(|e| self.read(e)) {
            Some((_, at)) => at.state,
            None => begins,
        };
        let after = before.with(&command.target);
        if entry.is_some() && after == before {
            return Ok(Some(after));
        }
        let seen = entry.map_or(Revision(0), |e| e.mod_revision);
        let txn = Txn {
            compares: vec![Compare::ModRevision(key.clone(), seen)],
            success: vec![
                Op::Put {
                    key: key.clone(),
                    value: encode(after),
                    lease: None,
                },
                Op::Get(Select::Key(key)),
            ],
            failure: vec![],
        };
        let result = self.store.txn(txn).await?;
        if let Some(OpResult::Entries(entries)) = result.results.get(1) {
            entries.iter().for_each(|entry| self.show(entry));
        }
        Ok(result.succeeded.then_some(after))
    }

    /// Shows a state at once to who reads after writing. The revision of the whole
    /// stays: only the watch knows that nothing before it is missing.
    fn show(&self, entry: &Entry) {
        let Some((id, at)) = self.read(entry) else {
            return;
        };
        self.states.send_modify(|states| {
            let known = states.devices.get(&id).map(|known| known.revision);
            if known.is_none_or(|known| known < at.revision) {
                Arc::make_mut(states).devices.insert(id, at);
            }
        });
    }
}

fn encode(state: DeviceState) -> Vec<u8> {
    value::encode(Value::DeviceState(state.into()))
}

fn decode(entry: &Entry) -> Result<DeviceState, hark_proto::Error> {
    match value::decode(entry)? {
        Value::DeviceState(state) => state.try_into(),
        _ => {
            let problem = format!("{} in the store is no device state", entry.key);
            Err(hark_proto::Error::internal(problem))
        }
    }
}

fn as_it_began(state: DeviceState) -> StateAt {
    StateAt {
        state,
        revision: Revision(0),
    }
}

#[async_trait]
impl DeviceAdapter for VirtualHome {
    fn home(&self) -> Arc<Home> {
        self.home.clone()
    }

    fn states(&self) -> Arc<States> {
        self.states.borrow().clone()
    }

    async fn changed(&self, seen: Revision) -> Arc<States> {
        let mut states = self.states.subscribe();
        let newer = states.wait_for(|states| states.revision > seen).await;
        // The sender lives in `self`, so waiting can't fail.
        newer.map_or_else(|_| self.states(), |states| states.clone())
    }

    async fn execute(&self, command: &Command) -> Result<DeviceState, DeviceError> {
        let device = self.home.device(&command.device);
        let device = device.ok_or_else(|| DeviceError::NotFound(command.device.clone()))?;
        device
            .can
            .check(&command.target)
            .map_err(|why| DeviceError::Unsupported {
                device: command.device.clone(),
                why: why.to_string(),
            })?;
        for _ in 0..ATTEMPTS {
            let attempt = self.attempt(command).await;
            if let Some(after) = attempt.map_err(|e| device_error(&command.device, &e))? {
                return Ok(after);
            }
        }
        Err(DeviceError::Unavailable {
            device: command.device.clone(),
            why: format!("it was written {ATTEMPTS} times meanwhile"),
        })
    }
}

fn device_error(device: &DeviceId, error: &store::Error) -> DeviceError {
    let device = device.clone();
    let why = error.to_string();
    match error {
        store::Error::Indeterminate(_) => DeviceError::Indeterminate { device, why },
        _ => DeviceError::Unavailable { device, why },
    }
}

#[cfg(test)]
mod tests;
