//! The home as people and their programs see it.

use hark_core::principal::Kind;
use hark_proto::v1;
use tonic::{Code, Status};

use crate::world::{Running, World, from_caller, switched};

async fn execute(
    router: &Running,
    kind: Kind,
    device: &str,
    target: v1::DeviceState,
) -> Result<v1::DeviceChange, Status> {
    let request = v1::ExecuteRequest {
        device_id: device.to_owned(),
        target: Some(target),
    };
    let response = router
        .home
        .clone()
        .execute(from_caller(kind, request))
        .await?;
    Ok(response.into_inner().change.unwrap())
}

#[tokio::test]
async fn devices_come_in_pages() {
    let router = World::new().router("a").await;
    let mut home = router.home.clone();
    let whole = home
        .list_devices(v1::ListDevicesRequest::default())
        .await
        .unwrap();
    let whole = whole.into_inner();
    assert_eq!(whole.next_page_token, "");
    let (mut ids, mut token, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let request = v1::ListDevicesRequest {
            page_size: 7,
            page_token: token,
            area: None,
        };
        let page = home.list_devices(request).await.unwrap().into_inner();
        assert!(page.devices.len() <= 7);
        ids.extend(page.devices.into_iter().map(|d| d.id));
        pages += 1;
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let all: Vec<_> = whole.devices.into_iter().map(|d| d.id).collect();
    assert_eq!(ids, all);
    assert_eq!(pages, all.len().div_ceil(7));
}

#[tokio::test]
async fn an_area_is_known_by_its_id_and_its_names() {
    let router = World::new().router("a").await;
    let of = async |area: &str| {
        let request = v1::ListDevicesRequest {
            area: Some(area.to_owned()),
            ..Default::default()
        };
        router.home.clone().list_devices(request).await
    };
    for name in ["hallway", "Flur", "Diele", "corridor"] {
        let devices = of(name).await.unwrap().into_inner().devices;
        let ids: Vec<_> = devices.iter().map(|d| d.id.as_str()).collect();
        assert_eq!(ids, ["light.hallway", "lock.front_door"], "{name}");
    }
    assert_eq!(of("Weinkeller").await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn areas_and_lists_are_shown_with_their_names() {
    let router = World::new().router("a").await;
    let mut home = router.home.clone();
    let areas = home
        .list_areas(v1::ListAreasRequest::default())
        .await
        .unwrap();
    let areas = areas.into_inner().areas;
    assert_eq!(areas.len(), 9);
    assert!(areas.iter().all(|a| a.names.len() == 2));
    router.say("de", "Füge Brot zur Einkaufsliste hinzu").await;
    let lists = home
        .list_lists(v1::ListListsRequest::default())
        .await
        .unwrap();
    let lists = lists.into_inner().lists;
    let shopping = lists.iter().find(|l| l.id == "shopping").unwrap();
    assert_eq!(shopping.items[0].text, "Brot");
}

#[tokio::test]
async fn a_bad_page_is_refused() {
    let router = World::new().router("a").await;
    for (page_size, page_token) in [(501, ""), (1, "page two")] {
        let request = v1::ListAreasRequest {
            page_size,
            page_token: page_token.to_owned(),
        };
        let status = router.home.clone().list_areas(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn a_watch_begins_with_everything_and_goes_on_with_what_changed() {
    let router = World::new().router("a").await;
    let all = v1::WatchDevicesRequest { area: None };
    let mut watch = router
        .home
        .clone()
        .watch_devices(all)
        .await
        .unwrap()
        .into_inner();
    let first = watch.message().await.unwrap().unwrap();
    assert!(first.resync && first.devices.len() > 20);
    execute(&router, Kind::Person, "light.hallway", switched(true))
        .await
        .unwrap();
    let next = watch.message().await.unwrap().unwrap();
    let ids: Vec<_> = next.devices.iter().map(|d| d.id.as_str()).collect();
    assert_eq!((next.resync, ids), (false, vec!["light.hallway"]));
    assert!(next.revision > first.revision);
    assert_eq!(next.devices[0].state.as_ref().unwrap().on, Some(true));
}

#[tokio::test]
async fn a_watch_ends_when_the_router_does() {
    let router = World::new().router("a").await;
    let all = v1::WatchDevicesRequest { area: None };
    let mut watch = router
        .home
        .clone()
        .watch_devices(all)
        .await
        .unwrap()
        .into_inner();
    watch.message().await.unwrap().unwrap();
    router.stop().await;
    assert_eq!(watch.message().await.unwrap(), None);
}

#[tokio::test]
async fn no_more_watches_than_there_are_seats() {
    let router = World::new().router("a").await;
    let watch = async || {
        let all = v1::WatchDevicesRequest { area: None };
        router.home.clone().watch_devices(all).await
    };
    let mut open = Vec::new();
    for _ in 0..hark_router::Config::default().max_watches {
        open.push(watch().await.unwrap());
    }
    let status = watch().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    open.clear();
    assert!(watch().await.is_ok());
}

#[tokio::test]
async fn a_device_is_told_what_to_be() {
    let router = World::new().router("a").await;
    let change = execute(&router, Kind::Anonymous, "light.hallway", switched(true))
        .await
        .unwrap();
    assert_eq!(
        (
            change.before.as_ref().unwrap().on,
            change.after.as_ref().unwrap().on
        ),
        (Some(false), Some(true))
    );
    let open = v1::DeviceState {
        position_pct: Some(100),
        ..Default::default()
    };
    let unlocked = v1::DeviceState {
        locked: Some(false),
        ..Default::default()
    };
    for (kind, device, target, expect) in [
        (Kind::Person, "light.attic", switched(true), Code::NotFound),
        (
            Kind::Person,
            "light.hallway",
            open.clone(),
            Code::FailedPrecondition,
        ),
        (
            Kind::Anonymous,
            "cover.garage_door",
            open.clone(),
            Code::PermissionDenied,
        ),
        (
            Kind::Person,
            "lock.front_door",
            unlocked,
            Code::PermissionDenied,
        ),
    ] {
        let status = execute(&router, kind, device, target).await.unwrap_err();
        assert_eq!(status.code(), expect, "{device}: {status}");
    }
    let change = execute(&router, Kind::Person, "cover.garage_door", open)
        .await
        .unwrap();
    assert_eq!(change.after.as_ref().unwrap().position_pct, Some(100));
}
