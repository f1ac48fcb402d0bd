//! The virtual home over a store in memory, across restarts and broken watches.

use std::time::Duration;

use futures_util::FutureExt as _;
use hark_core::device::Rgb;
use hark_core::time::ManualClock;
use hark_store::MemoryStore;

use super::*;

/// Opens a home over `store` and lets its driver run beside `test`.
async fn with_home<T>(store: &Arc<dyn Store>, test: impl AsyncFnOnce(&VirtualHome) -> T) -> T {
    let (home, driver) = VirtualHome::open(Description::builtin(), store.clone())
        .await
        .unwrap();
    let run = async {
        tokio::select! {
            () = driver => unreachable!("the driver never ends"),
            result = test(&home) => result,
        }
    };
    let limit = Duration::from_secs(60);
    tokio::time::timeout(limit, run)
        .await
        .expect("the test hangs")
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::open(Arc::new(ManualClock::default())).unwrap())
}

fn id(text: &str) -> DeviceId {
    DeviceId::parse(text).unwrap()
}

fn command(device: &str, target: DeviceState) -> Command {
    Command {
        device: id(device),
        target,
    }
}

fn on() -> DeviceState {
    DeviceState {
        on: Some(true),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_lamp_that_was_switched_on_is_on_after_a_restart() {
    let store = store();
    with_home(&store, async |home| {
        let before = home.states().devices[&id("light.hallway")].state;
        assert_eq!((before.on, before.brightness_pct), (Some(false), Some(100)));
        let after = home.execute(&command("light.hallway", on())).await.unwrap();
        assert_eq!((after.on, after.brightness_pct), (Some(true), Some(100)));
        // Who has written reads what was written.
        assert_eq!(home.states().devices[&id("light.hallway")].state, after);
    })
    .await;
    with_home(&store, async |home| {
        let at = home.states().devices[&id("light.hallway")];
        assert_eq!((at.state.on, at.revision), (Some(true), Revision(1)));
    })
    .await;
}

#[tokio::test]
async fn the_same_command_twice_writes_once() {
    let store = store();
    with_home(&store, async |home| {
        home.execute(&command("light.hallway", on())).await.unwrap();
        home.execute(&command("light.hallway", on())).await.unwrap();
    })
    .await;
    let all = store.range(Select::Prefix(
        KeySpace::new(&Description::builtin().home().id).root(),
    ));
    assert_eq!(all.await.unwrap().revision, Revision(1));
}

#[tokio::test]
async fn another_process_sees_each_change() {
    let store = store();
    with_home(&store, async |one| {
        with_home(&store, async |other| {
            one.execute(&command("light.hallway", on())).await.unwrap();
            let states = other.changed(Revision(0)).await;
            assert_eq!(states.revision, Revision(1));
            assert_eq!(states.devices[&id("light.hallway")].state.on, Some(true));
            assert!(other.changed(Revision(1)).now_or_never().is_none());
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_state_is_as_it_began() {
    let store = store();
    with_home(&store, async |home| {
        home.execute(&command("light.hallway", on())).await.unwrap();
        home.changed(Revision(0)).await;
        let delete = Txn {
            success: vec![Op::Delete(Select::Key(
                home.keys.device(&id("light.hallway")),
            ))],
            ..Default::default()
        };
        store.txn(delete).await.unwrap();
        let states = home.changed(Revision(1)).await;
        assert_eq!(states.devices[&id("light.hallway")].state.on, Some(false));
    })
    .await;
}

#[tokio::test]
async fn two_commands_at_once_lose_nothing() {
    let store = store();
    let color = DeviceState {
        color: Some(Rgb {
            red: 9,
            green: 8,
            blue: 7,
        }),
        ..Default::default()
    };
    with_home(&store, async |home| {
        let lamp = "light.living_room_color";
        let (switch, paint) = (command(lamp, on()), command(lamp, color));
        let (a, b) = tokio::join!(home.execute(&switch), home.execute(&paint));
        a.and(b).unwrap();
        let state = home.states().devices[&id(lamp)].state;
        assert_eq!((state.on, state.color), (Some(true), color.color));
    })
    .await;
}

#[tokio::test]
async fn what_a_device_cannot_is_refused_and_nothing_is_written() {
    let store = store();
    with_home(&store, async |home| {
        let too_hot = DeviceState {
            target_celsius: Some(99.0),
            ..Default::default()
        };
        for (device, target, expect) in [
            ("light.attic", on(), "there is no device light.attic"),
            ("cover.kitchen", on(), "it has no switch"),
            ("climate.office", too_hot, "from 5 to 30"),
        ] {
            let error = home.execute(&command(device, target)).await.unwrap_err();
            assert!(error.to_string().contains(expect), "{error}");
        }
        assert_eq!(home.states().revision, Revision(0));
    })
    .await;
}

#[tokio::test]
async fn a_damaged_state_is_as_if_it_were_not_there() {
    let store = store();
    let key = KeySpace::new(&Description::builtin().home().id).device(&id("light.hallway"));
    let put = Op::Put {
        key,
        value: vec![0xff],
        lease: None,
    };
    let txn = Txn {
        success: vec![put],
        ..Default::default()
    };
    store.txn(txn).await.unwrap();
    with_home(&store, async |home| {
        assert_eq!(
            home.states().devices[&id("light.hallway")].state.on,
            Some(false)
        );
        let after = home.execute(&command("light.hallway", on())).await.unwrap();
        assert_eq!(after.on, Some(true));
    })
    .await;
}

#[tokio::test]
async fn a_watch_that_breaks_off_is_taken_up_again() {
    let broken = Arc::new(testing::BreakingStore::new(store()));
    let store: Arc<dyn Store> = broken.clone();
    with_home(&store, async |home| {
        broken.break_watches();
        home.execute(&command("light.hallway", on())).await.unwrap();
        let states = home.changed(Revision(0)).await;
        assert_eq!(states.devices[&id("light.hallway")].state.on, Some(true));
    })
    .await;
}

mod testing;
