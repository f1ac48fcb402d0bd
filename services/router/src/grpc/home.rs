//! `hark.v1.Home`: what is in the home, and its state.

use std::sync::Arc;

use futures_util::stream::{self, BoxStream, StreamExt as _};
use hark_core::AreaId;
use hark_core::device::Command;
use hark_core::home::DeviceWithState;
use hark_core::list::Item;
use hark_core::outcome::DeviceChange;
use hark_core::seats::Seat;
use hark_core::store::Revision;
use hark_proto::Error;
use hark_proto::convert::home::names_to_pb;
use hark_proto::convert::timer::RunningTimer;
use hark_proto::v1;
use hark_proto::v1::home_server::Home;
use hark_runtime::server;
use tonic::{Request, Response, Status};

use super::page::Page;
use crate::house::House;

pub(super) struct Grpc {
    house: Arc<House>,
}

impl Grpc {
    pub(super) fn new(house: Arc<House>) -> Self {
        Self { house }
    }

    /// The area with that id or name.
    fn area(&self, area: Option<&str>) -> Result<Option<AreaId>, Error> {
        let Some(text) = area.filter(|t| !t.is_empty()) else {
            return Ok(None);
        };
        let found = self.house.area(text);
        found
            .map(Some)
            .ok_or_else(|| Error::not_found("area", text))
    }
}

#[tonic::async_trait]
impl Home for Grpc {
    type WatchDevicesStream = BoxStream<'static, Result<v1::WatchDevicesResponse, Status>>;
    type WatchTimersStream = BoxStream<'static, Result<v1::WatchTimersResponse, Status>>;

    async fn list_areas(
        &self,
        request: Request<v1::ListAreasRequest>,
    ) -> Result<Response<v1::ListAreasResponse>, Status> {
        let request = request.into_inner();
        let page = Page::parse(request.page_size, &request.page_token)?;
        let mut areas = self.house.adapter.home().areas.clone();
        areas.sort_by(|a, b| a.id.cmp(&b.id));
        let (areas, next_page_token) = page.of(areas, |a| a.id.to_string());
        let areas = areas.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::ListAreasResponse {
            areas,
            next_page_token,
        }))
    }

    async fn list_devices(
        &self,
        request: Request<v1::ListDevicesRequest>,
    ) -> Result<Response<v1::ListDevicesResponse>, Status> {
        let request = request.into_inner();
        let page = Page::parse(request.page_size, &request.page_token)?;
        let area = self.area(request.area.as_deref())?;
        let (devices, revision) = self.house.devices(area.as_ref());
        let (devices, next_page_token) = page.of(devices, |d| d.device.id.to_string());
        let devices = devices.into_iter().map(Into::into).collect();
        let revision = revision.0;
        Ok(Response::new(v1::ListDevicesResponse {
            devices,
            next_page_token,
            revision,
        }))
    }

    async fn watch_devices(
        &self,
        request: Request<v1::WatchDevicesRequest>,
    ) -> Result<Response<Self::WatchDevicesStream>, Status> {
        let area = self.area(request.into_inner().area.as_deref())?;
        let watching = Watching {
            _seat: self.house.watches.take().map_err(Error::from)?,
            house: Arc::clone(&self.house),
            area,
            known: None,
        };
        let drain = self.house.drain.clone();
        let changes = stream::unfold(watching, Watching::next);
        let ended = async move { drain.requested().await };
        Ok(Response::new(changes.map(Ok).take_until(ended).boxed()))
    }

    async fn execute(
        &self,
        request: Request<v1::ExecuteRequest>,
    ) -> Result<Response<v1::ExecuteResponse>, Status> {
        let caller = server::principal(&request)?.kind;
        let command = Command::try_from(request.into_inner())?;
        let change: DeviceChange = self.house.execute_one(&command, caller).await?;
        Ok(Response::new(v1::ExecuteResponse {
            change: Some(change.into()),
        }))
    }

    async fn list_timers(
        &self,
        request: Request<v1::ListTimersRequest>,
    ) -> Result<Response<v1::ListTimersResponse>, Status> {
        let request = request.into_inner();
        let page = Page::parse(request.page_size, &request.page_token)?;
        let (timers, _) = self.house.running_timers();
        // Milliseconds to 20 digits: in the order of their numbers, as text.
        let key =
            |t: &RunningTimer| format!("{:020}/{}", t.timer.due_at().unix_ms.max(0), t.timer.id);
        let (timers, next_page_token) = page.of(timers, key);
        let timers = timers.into_iter().map(Into::into).collect();
        Ok(Response::new(v1::ListTimersResponse {
            timers,
            next_page_token,
        }))
    }

    async fn watch_timers(
        &self,
        _: Request<v1::WatchTimersRequest>,
    ) -> Result<Response<Self::WatchTimersStream>, Status> {
        let seat = self.house.watches.take().map_err(Error::from)?;
        let drain = self.house.drain.clone();
        let start = (Arc::clone(&self.house), seat, None);
        let changes = stream::unfold(start, next_timers);
        let ended = async move { drain.requested().await };
        Ok(Response::new(changes.map(Ok).take_until(ended).boxed()))
    }

    async fn list_lists(
        &self,
        request: Request<v1::ListListsRequest>,
    ) -> Result<Response<v1::ListListsResponse>, Status> {
        let request = request.into_inner();
        let page = Page::parse(request.page_size, &request.page_token)?;
        let mut lists = self.house.views.lists(&self.house.adapter.home().lists);
        lists.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        let (lists, next_page_token) = page.of(lists, |(list, _)| list.id.to_string());
        let item = |i: Item| v1::ListItem {
            text: i.text,
            completed: i.completed,
        };
        let list = |(list, items): (hark_core::home::List, Vec<Item>)| v1::HomeList {
            id: list.id.into(),
            names: names_to_pb(list.names),
            items: items.into_iter().map(item).collect(),
        };
        let lists = lists.into_iter().map(list).collect();
        Ok(Response::new(v1::ListListsResponse {
            lists,
            next_page_token,
        }))
    }
}

/// A watch of devices on its way.
struct Watching {
    _seat: Seat,
    house: Arc<House>,
    area: Option<AreaId>,
    /// What the watcher knows, and of which revision; `None` at first.
    known: Option<(Vec<DeviceWithState>, Revision)>,
}

impl Watching {
    /// First everything, then what changed. States are compared, not counted, so nothing
    /// is missed however slow the reader is: it gets the newest of what it did not see.
    async fn next(mut self) -> Option<(v1::WatchDevicesResponse, Self)> {
        loop {
            let seen = self.known.as_ref().map(|(_, revision)| *revision);
            if let Some(seen) = seen {
                self.house.adapter.changed(seen).await;
            }
            let (devices, revision) = self.house.devices(self.area.as_ref());
            let changed = match &self.known {
                None => devices.clone(),
                Some((known, _)) => devices
                    .iter()
                    .filter(|d| !known.contains(d))
                    .cloned()
                    .collect(),
            };
            let resync = self.known.is_none();
            self.known = Some((devices, revision));
            if resync || !changed.is_empty() {
                let devices = changed.into_iter().map(Into::into).collect();
                let response = v1::WatchDevicesResponse {
                    devices,
                    revision: revision.0,
                    resync,
                };
                return Some((response, self));
            }
        }
    }
}

async fn next_timers(
    (house, seat, seen): (Arc<House>, Seat, Option<Revision>),
) -> Option<(
    v1::WatchTimersResponse,
    (Arc<House>, Seat, Option<Revision>),
)> {
    if let Some(seen) = seen {
        house.views.timers.changed(seen).await?;
    }
    let (timers, revision) = house.running_timers();
    let timers = timers.into_iter().map(Into::into).collect();
    let response = v1::WatchTimersResponse {
        timers,
        revision: revision.0,
    };
    Some((response, (house, seat, Some(revision))))
}
