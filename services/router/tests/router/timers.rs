//! Timers ring once, at the right speaker, also after a restart.

use std::time::Duration;

use hark_core::outcome::Outcome;
use hark_core::push::{Action, Push, Ring};
use hark_proto::v1;

use crate::world::{Running, World, eventually, request, session, verdict};

async fn set(router: &Running, speaker: &str, text: &str) {
    let mut request = request(session(), 0, "de", text);
    request.speaker_id = speaker.to_owned();
    let outcome = router.handle(request).await.unwrap();
    assert_eq!(outcome.outcome, Outcome::Done, "{}", outcome.reply.text);
}

fn ring(push: &Push) -> &Ring {
    match &push.action {
        Action::Ring(ring) => ring,
        other => panic!("no ring: {other:?}"),
    }
}

async fn first_push(world: &World) -> (String, Push) {
    eventually(async || world.pushes().await.into_iter().next()).await
}

#[tokio::test]
async fn an_overdue_timer_rings_at_once_after_a_restart_and_says_how_late() {
    let world = World::new();
    let first = world.router("a").await;
    set(
        &first,
        "kitchen-speaker",
        "Stelle einen Timer für die Nudeln auf 8 Minuten",
    )
    .await;
    first.stop().await;
    world.clock.advance(Duration::from_secs(10 * 60));
    let _second = world.router("b").await;
    let (key, push) = first_push(&world).await;
    assert!(key.starts_with("kitchen-speaker/"), "{key}");
    let ring = ring(&push);
    assert_eq!(
        (&*ring.name, ring.late),
        ("Nudeln", Duration::from_secs(120))
    );
    assert_eq!(ring.duration, Duration::from_secs(480));
    assert_eq!(ring.reply.code, "timer_ringing_late_named");
    assert!(ring.reply.text.contains("2 Minuten"), "{}", ring.reply.text);
    let left = push
        .expires_at
        .since(hark_core::time::Clock::wall(&world.clock));
    assert_eq!(left, Duration::from_secs(600));
}

#[tokio::test]
async fn two_routers_ring_once() {
    let world = World::new();
    let first = world.router("a").await;
    for minutes in 1..=5 {
        set(
            &first,
            "",
            &format!("Stelle einen Timer auf {minutes} Minuten"),
        )
        .await;
    }
    first.stop().await;
    world.clock.advance(Duration::from_secs(300));
    let (one, other) = (world.router("b").await, world.router("c").await);
    for router in [&one, &other] {
        eventually(async || timers(router).await.is_empty().then_some(())).await;
    }
    let pushes = world.pushes().await;
    assert_eq!(pushes.len(), 5);
    // Nobody said which speaker, so every speaker is told.
    assert!(pushes.iter().all(|(key, _)| key.starts_with("any/")));
    let on_time = pushes
        .iter()
        .filter(|(_, p)| ring(p).late.is_zero())
        .count();
    assert_eq!(on_time, 1, "the five-minute timer is just due");
}

async fn timers(router: &Running) -> Vec<v1::Timer> {
    let all = v1::ListTimersRequest::default();
    let response = router.home.clone().list_timers(all).await.unwrap();
    response.into_inner().timers
}

#[tokio::test]
async fn a_cancelled_timer_never_rings() {
    let world = World::new();
    let first = world.router("a").await;
    set(&first, "s", "Stelle einen Timer auf 5 Minuten").await;
    let outcome = first.say("de", "Lösche den Timer").await;
    assert_eq!(verdict(&outcome), (Outcome::Done, "timer_cancelled"));
    first.stop().await;
    world.clock.advance(Duration::from_secs(600));
    let second = world.router("b").await;
    assert_eq!(timers(&second).await, []);
    assert_eq!(world.pushes().await, []);
}

#[tokio::test]
async fn timers_are_listed_in_the_order_they_ring_and_followed() {
    let world = World::new();
    let router = world.router("a").await;
    let all = v1::WatchTimersRequest::default();
    let mut watch = router
        .home
        .clone()
        .watch_timers(all)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().timers, []);
    set(&router, "s", "Stelle einen Timer auf 10 Minuten").await;
    let seen = watch.message().await.unwrap().unwrap();
    assert_eq!(seen.timers.len(), 1);
    assert_eq!(seen.timers[0].speaker_id, "s");
    set(&router, "s", "Stelle einen Timer auf 5 Minuten").await;
    let seconds: Vec<_> = timers(&router)
        .await
        .iter()
        .map(|t| t.remaining.unwrap().seconds)
        .collect();
    assert_eq!(seconds, [300, 600]);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(timers(&router).await[0].remaining.unwrap().seconds, 240);
}
