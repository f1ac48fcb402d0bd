//! What all calls of a router have in common: the home, the store, and what is known of
//! them.

use std::sync::Arc;

use hark_core::device::{Command, DeviceState};
use hark_core::home::{DeviceAdapter, DeviceError, DeviceWithState};
use hark_core::outcome::DeviceChange;
use hark_core::principal::Kind;
use hark_core::seats::Seats;
use hark_core::store::{Revision, Store};
use hark_core::time::Clock;
use hark_core::{AreaId, DeviceId, resolve, risk};
use hark_proto::Error;
use hark_proto::convert::timer::RunningTimer;
use hark_runtime::drain::Drain;

use crate::config::Limits;
use crate::instance::Instance;
use crate::ledger::Ledger;
use crate::metrics::Metrics;
use crate::speech::Voices;
use crate::state::Views;

/// What all calls of a router have in common.
pub(crate) struct House {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) adapter: Arc<dyn DeviceAdapter>,
    pub(crate) views: Views,
    pub(crate) voices: Voices,
    pub(crate) instance: Instance,
    pub(crate) ledger: Ledger,
    pub(crate) metrics: Metrics,
    pub(crate) zone: jiff::tz::TimeZone,
    pub(crate) limits: Limits,
    pub(crate) watches: Seats,
    pub(crate) sentences: Seats,
    pub(crate) drain: Drain,
}

impl House {
    /// The area with that id or name, in any of the home's languages.
    pub(crate) fn area(&self, text: &str) -> Option<AreaId> {
        let home = self.adapter.home();
        let mut languages = home.languages.iter();
        languages.find_map(|language| resolve::area_of(&home, text, language))
    }

    /// Devices with their states, in the order of their ids, and the revision of that.
    pub(crate) fn devices(&self, area: Option<&AreaId>) -> (Vec<DeviceWithState>, Revision) {
        let (home, states) = (self.adapter.home(), self.adapter.states());
        let is_there = |area_of: &AreaId| area.is_none_or(|area| area == area_of);
        let there = home.devices.iter().filter(|d| is_there(&d.area));
        let known = there.filter_map(|device| {
            let at = *states.devices.get(&device.id)?;
            Some(DeviceWithState {
                device: device.clone(),
                at,
            })
        });
        let mut devices: Vec<_> = known.collect();
        devices.sort_by(|a, b| a.device.id.cmp(&b.device.id));
        (devices, states.revision)
    }

    /// Timers as they are now, the next to ring first, and the revision of that.
    pub(crate) fn running_timers(&self) -> (Vec<RunningTimer>, Revision) {
        let (timers, revision) = self.views.timers();
        let now = self.clock.wall();
        let running = timers.into_iter().map(|t| RunningTimer::at(t, now));
        (running.collect(), revision)
    }

    /// Tells one device what to be, as `caller` may.
    ///
    /// # Errors
    /// `NOT_FOUND`, `PERMISSION_DENIED` for what `caller` may not do, and what the device
    /// says.
    pub(crate) async fn execute_one(
        &self,
        command: &Command,
        caller: Kind,
    ) -> Result<DeviceChange, Error> {
        let home = self.adapter.home();
        let Some(device) = home.device(&command.device) else {
            return Err(DeviceError::NotFound(command.device.clone()).into());
        };
        let risk = risk::risk(device, &command.target);
        if !risk::may(caller, risk) {
            let message = format!(
                "{} may let somebody in: {} callers may not do that",
                command.device,
                caller.as_str()
            );
            return Err(Error::permission_denied(message));
        }
        let before = self.state_of(&command.device);
        let after = self.tell(command).await?;
        let language = &home.languages[0];
        let area = home
            .area(&device.area)
            .map_or("", |a| a.names.say(language));
        Ok(DeviceChange {
            device: device.id.clone(),
            name: device.names.say(language).to_owned(),
            area: area.to_owned(),
            before,
            after,
        })
    }

    /// The state of a device as it is known now.
    pub(crate) fn state_of(&self, id: &DeviceId) -> DeviceState {
        let states = self.adapter.states();
        states
            .devices
            .get(id)
            .map(|at| at.state)
            .unwrap_or_default()
    }

    /// Tells a device what to be, and waits no longer than it may take.
    ///
    /// # Errors
    /// What the device says; [`DeviceError::Indeterminate`] after too long.
    pub(crate) async fn tell(&self, command: &Command) -> Result<DeviceState, DeviceError> {
        let told = self.adapter.execute(command);
        let timeout = self.limits.device_timeout;
        tokio::time::timeout(timeout, told)
            .await
            .unwrap_or_else(|_| {
                let why = format!("no answer within {} ms", timeout.as_millis());
                Err(DeviceError::Indeterminate {
                    device: command.device.clone(),
                    why,
                })
            })
    }
}
