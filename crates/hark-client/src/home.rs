//! The home from outside: areas, devices, timers, once or as they change.

use std::marker::PhantomData;

use hark_core::DeviceId;
use hark_core::device::DeviceState;
use hark_core::home::{Area, DeviceWithState};
use hark_core::outcome::DeviceChange;
use hark_core::store::Revision;
use hark_proto::convert::timer::RunningTimer;
use hark_proto::convert::{repeated, required};
use hark_proto::v1;
use hark_proto::v1::home_client::HomeClient;
use tonic::Streaming;

use crate::{Client, Error};

/// Things on one page.
const PAGE_SIZE: u32 = 200;
/// Pages that are asked for before something must be wrong.
const MOST_PAGES: usize = 100;

/// Devices, all or those that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct DevicesUpdate {
    /// All that changed; with `resync`, all there are.
    pub devices: Vec<DeviceWithState>,
    /// The store's revision of what is shown.
    pub revision: Revision,
    /// Forget what was known; this is everything.
    pub resync: bool,
}

/// All timers that run.
#[derive(Debug, Clone, PartialEq)]
pub struct TimersUpdate {
    /// The next to ring first.
    pub timers: Vec<RunningTimer>,
    /// The store's revision of what is shown.
    pub revision: Revision,
}

/// A stream of updates of one kind, for as long as the server lives.
#[derive(Debug)]
pub struct Watch<M, U> {
    messages: Streaming<M>,
    updates: PhantomData<U>,
}

impl<M, U: TryFrom<M, Error = hark_proto::Error>> Watch<M, U> {
    pub(crate) fn new(messages: Streaming<M>) -> Self {
        Self {
            messages,
            updates: PhantomData,
        }
    }

    /// The next update; `None` once the server has ended the stream.
    ///
    /// # Errors
    /// [`Error::Server`] or [`Error::Protocol`]; the watch is over then.
    pub async fn next(&mut self) -> Result<Option<U>, Error> {
        let Some(message) = self.messages.message().await? else {
            return Ok(None);
        };
        let update = U::try_from(message).map_err(|e| Error::unreadable("an update", &e))?;
        Ok(Some(update))
    }
}

impl Client {
    /// All areas, in the order of their ids.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn areas(&self) -> Result<Vec<Area>, Error> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        for _ in 0..MOST_PAGES {
            let request = self.request(v1::ListAreasRequest {
                page_size: PAGE_SIZE,
                page_token,
            });
            let mut client = HomeClient::new(self.channel());
            let page = self.within_deadline(client.list_areas(request)).await?;
            all.extend(read("areas", page.areas)?);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
        Err(endless())
    }

    /// All devices, or those of an area (id or name), in the order of their ids.
    ///
    /// # Errors
    /// [`Error::Server`] (`NOT_FOUND` for an unknown area), [`Error::Silent`],
    /// [`Error::Protocol`].
    pub async fn devices(&self, area: Option<&str>) -> Result<Vec<DeviceWithState>, Error> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        for _ in 0..MOST_PAGES {
            let request = self.request(v1::ListDevicesRequest {
                page_size: PAGE_SIZE,
                page_token,
                area: area.map(str::to_owned),
            });
            let mut client = HomeClient::new(self.channel());
            let page = self.within_deadline(client.list_devices(request)).await?;
            all.extend(read("devices", page.devices)?);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
        Err(endless())
    }

    /// Follows the devices, all or those of an area (id or name).
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`].
    pub async fn watch_devices(
        &self,
        area: Option<&str>,
    ) -> Result<Watch<v1::WatchDevicesResponse, DevicesUpdate>, Error> {
        let area = area.map(str::to_owned);
        let mut client = HomeClient::new(self.channel());
        let call = client.watch_devices(v1::WatchDevicesRequest { area });
        Ok(Watch::new(self.within_deadline(call).await?))
    }

    /// Sets a device to a state. What is `None` stays as it is.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn execute(
        &self,
        device: &DeviceId,
        target: DeviceState,
    ) -> Result<DeviceChange, Error> {
        let request = self.request(v1::ExecuteRequest {
            device_id: device.to_string(),
            target: Some(target.into()),
        });
        let mut client = HomeClient::new(self.channel());
        let response = self.within_deadline(client.execute(request)).await?;
        required("change", response.change).map_err(|e| Error::unreadable("an answer", &e))
    }

    /// All timers that run, the next to ring first.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`], [`Error::Protocol`].
    pub async fn timers(&self) -> Result<Vec<RunningTimer>, Error> {
        let mut all = Vec::new();
        let mut page_token = String::new();
        for _ in 0..MOST_PAGES {
            let request = self.request(v1::ListTimersRequest {
                page_size: PAGE_SIZE,
                page_token,
            });
            let mut client = HomeClient::new(self.channel());
            let page = self.within_deadline(client.list_timers(request)).await?;
            all.extend(read("timers", page.timers)?);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
        Err(endless())
    }

    /// Follows the timers.
    ///
    /// # Errors
    /// [`Error::Server`], [`Error::Silent`].
    pub async fn watch_timers(
        &self,
    ) -> Result<Watch<v1::WatchTimersResponse, TimersUpdate>, Error> {
        let mut client = HomeClient::new(self.channel());
        let call = client.watch_timers(v1::WatchTimersRequest {});
        Ok(Watch::new(self.within_deadline(call).await?))
    }
}

impl TryFrom<v1::WatchDevicesResponse> for DevicesUpdate {
    type Error = hark_proto::Error;

    fn try_from(message: v1::WatchDevicesResponse) -> Result<Self, hark_proto::Error> {
        Ok(Self {
            devices: repeated("devices", message.devices)?,
            revision: Revision(message.revision),
            resync: message.resync,
        })
    }
}

impl TryFrom<v1::WatchTimersResponse> for TimersUpdate {
    type Error = hark_proto::Error;

    fn try_from(message: v1::WatchTimersResponse) -> Result<Self, hark_proto::Error> {
        Ok(Self {
            timers: repeated("timers", message.timers)?,
            revision: Revision(message.revision),
        })
    }
}

fn read<M, T>(field: &str, messages: Vec<M>) -> Result<Vec<T>, Error>
where
    T: TryFrom<M, Error = hark_proto::Error>,
{
    repeated(field, messages).map_err(|e| Error::unreadable("a page", &e))
}

fn endless() -> Error {
    Error::Protocol(format!("more than {MOST_PAGES} pages of one list"))
}
