//! An utterance acts once: replays, crashes, other routers, and a store that is gone.

use std::time::Duration;

use hark_core::Language;
use hark_core::device::{Command, DeviceState};
use hark_core::ledger::{Entry, RETENTION};
use hark_core::outcome::Outcome;
use hark_core::store::{Op, Select, Store as _, Txn};
use hark_core::time::Clock as _;
use hark_core::{DeviceId, SessionId};
use hark_proto::{Error, ErrorCode};

use crate::world::{NOW, Running, World, eventually, request, session, session_at, verdict};

const LIGHT_ON: &str = "Schalte das Licht im Flur ein";

#[tokio::test]
async fn the_same_utterance_again_gives_what_was_recorded() {
    let world = World::new();
    let router = world.router("a").await;
    let session = session();
    // "Toggle" would switch the light off again if it were acted on twice.
    let ask = || request(session, 3, "de", "Licht im Flur umschalten");
    let first = router.handle(ask()).await.unwrap();
    assert!(!first.replayed);
    let second = router.handle(ask()).await.unwrap();
    assert!(second.replayed);
    assert_eq!(second.devices, first.devices);
    assert_eq!(second.reply, first.reply);
    assert_eq!(router.state("light.hallway").on, Some(true));
    // Another ordinal is another utterance.
    let next = router
        .handle(request(session, 4, "de", "Licht im Flur umschalten"))
        .await
        .unwrap();
    assert_eq!(
        (next.replayed, next.devices[0].after.on),
        (false, Some(false))
    );
}

#[tokio::test]
async fn many_at_once_act_once() {
    let world = World::new();
    let (one, other) = (world.router("a").await, world.router("b").await);
    let session = session();
    let ask = |router: &Running| {
        let request = request(session, 0, "de", "Füge Brot zur Einkaufsliste hinzu");
        let mut intents = router.intents.clone();
        async move { intents.handle(request).await }
    };
    let all = (0..8).map(|i| ask(if i % 2 == 0 { &one } else { &other }));
    let answers = futures_util::future::join_all(all).await;
    let outcomes = answers
        .into_iter()
        .map(|a| a.unwrap().into_inner().outcome.unwrap());
    let fresh = outcomes.filter(|o| !o.replayed).count();
    assert_eq!(fresh, 1);
    let list = eventually(async || {
        let said = one.say("de", "Was steht auf der Einkaufsliste").await;
        said.reply.text.contains("Brot").then_some(said.reply.text)
    });
    assert_eq!(list.await.matches("Brot").count(), 1);
}

#[tokio::test]
async fn a_replay_is_answered_by_another_router_and_after_a_restart() {
    let world = World::new();
    let session = session();
    let first = world.router("a").await;
    let ask = || request(session, 0, "de", "Licht im Flur umschalten");
    first.handle(ask()).await.unwrap();
    // What was to be recorded is recorded before it ends.
    first.stop().await;
    assert!(world.entry(session, 0).await.unwrap().outcome.is_some());
    let second = world.router("b").await;
    let again = second.handle(ask()).await.unwrap();
    assert!(again.replayed);
    assert_eq!(second.state("light.hallway").on, Some(true));
}

/// What was said to somebody else is nowhere, however the question ends.
#[tokio::test]
async fn words_that_were_not_understood_are_not_kept() {
    let world = World::new();
    let router = world.router("a").await;
    for (ordinal, said, code) in [
        (0, "Gestern war es schön", "not_understood"),
        (1, "Mach das Licht im Weinkeller an", "unknown_area"),
    ] {
        let session = session();
        let outcome = router
            .handle(request(session, ordinal, "de", said))
            .await
            .unwrap();
        assert_eq!(outcome.reply.code, code, "{outcome:?}");
        assert!(outcome.reply.text.contains('„'), "{outcome:?}");
        assert_eq!(world.entry(session, ordinal).await, None, "{said}");
    }
}

/// An entry as a router leaves it that dies between its claim and the device.
fn unfinished(digest: Vec<u8>, dangerous: bool) -> Entry {
    let target = DeviceState {
        on: Some(true),
        ..DeviceState::default()
    };
    let device = DeviceId::parse("light.hallway").unwrap();
    Entry {
        commands: vec![Command { device, target }],
        dangerous,
        claimed_at: NOW,
        outcome: None,
        sentence_digest: digest,
        intent: None,
        language: Language::german(),
        planned: hark_core::outcome::Reply {
            code: "lights_on".to_owned(),
            arguments: Default::default(),
            language: Language::german(),
            text: "Das Licht im Flur ist an.".to_owned(),
        },
    }
}

/// The digest that routers give the sentence.
async fn digest_of(world: &World, router: &Running, text: &str) -> Vec<u8> {
    let session = session();
    router
        .handle(request(session, 0, "de", text))
        .await
        .unwrap();
    world.recorded(session, 0).await.sentence_digest
}

#[tokio::test]
async fn what_a_dead_router_left_unfinished_is_finished_if_that_is_harmless() {
    let world = World::new();
    let router = world.router("a").await;
    let digest = digest_of(&world, &router, LIGHT_ON).await;
    router.say("de", "Schalte das Licht im Flur aus").await;
    let session = session();
    world
        .write(session, 0, unfinished(digest.clone(), false))
        .await;
    let outcome = router
        .handle(request(session, 0, "de", LIGHT_ON))
        .await
        .unwrap();
    assert_eq!(verdict(&outcome), (Outcome::Done, "lights_on"));
    assert_eq!(router.state("light.hallway").on, Some(true));
    world.recorded(session, 0).await;

    router.say("de", "Schalte das Licht im Flur aus").await;
    world.write(session, 1, unfinished(digest, true)).await;
    let outcome = router
        .handle(request(session, 1, "de", LIGHT_ON))
        .await
        .unwrap();
    assert_eq!(verdict(&outcome), (Outcome::Unknown, "outcome_unknown"));
    assert_eq!(router.state("light.hallway").on, Some(false));
}

async fn refused(router: &Running, session: SessionId, text: &str) -> ErrorCode {
    let request = request(session, 0, "de", text);
    Error::from(router.handle(request).await.unwrap_err()).code()
}

#[tokio::test]
async fn an_ordinal_is_for_one_sentence() {
    let world = World::new();
    let router = world.router("a").await;
    let session = session();
    router
        .handle(request(session, 0, "de", LIGHT_ON))
        .await
        .unwrap();
    let code = refused(&router, session, "Schalte das Licht im Flur aus").await;
    assert_eq!(code, ErrorCode::SentenceMismatch);
    assert_eq!(router.state("light.hallway").on, Some(true));
}

#[tokio::test]
async fn what_is_older_than_the_ledger_is_refused() {
    let world = World::new();
    let router = world.router("a").await;
    let old = session_at(NOW);
    world.clock.advance(RETENTION + Duration::from_secs(1));
    assert_eq!(refused(&router, old, LIGHT_ON).await, ErrorCode::TooOld);
    assert_eq!(router.state("light.hallway").on, Some(false));
}

#[tokio::test]
async fn the_ledger_is_swept_of_what_expired_and_of_nothing_else() {
    let world = World::new();
    let (gone, kept) = (session(), session());
    world.write(gone, 0, unfinished(vec![1], false)).await;
    world.clock.advance(RETENTION + Duration::from_secs(1));
    let mut young = unfinished(vec![1], false);
    young.claimed_at = world.clock.wall();
    world.write(kept, 0, young).await;
    // What a newer version wrote is none of this one's business.
    let newer = world.ledger_key(kept, 1);
    let schema_99 = vec![0x08, 99];
    let put = Op::Put {
        key: newer.clone(),
        value: schema_99,
        lease: None,
    };
    let txn = Txn {
        success: vec![put],
        ..Txn::default()
    };
    world.store.txn(txn).await.unwrap();

    let _router = world.router("a").await;
    eventually(async || world.entry(gone, 0).await.is_none().then_some(())).await;
    assert!(world.entry(kept, 0).await.is_some());
    let found = world.store.range(Select::Key(newer)).await.unwrap();
    assert_eq!(found.entries.len(), 1);
}

#[tokio::test]
async fn a_router_whose_lease_is_gone_claims_nothing() {
    let world = World::new();
    let router = world.router("a").await;
    // Somebody takes its key away, as the store does when a lease ends.
    let key = world.keys.router("a");
    let delete = Txn {
        success: vec![Op::Delete(Select::Key(key))],
        ..Txn::default()
    };
    world.store.txn(delete).await.unwrap();
    let session = session();
    let outcome = router
        .handle(request(session, 0, "de", LIGHT_ON))
        .await
        .unwrap();
    assert_eq!(verdict(&outcome), (Outcome::Error, "store_unavailable"));
    assert!(world.entry(session, 0).await.is_none());
    assert_eq!(router.state("light.hallway").on, Some(false));
    // It may still answer, and takes a new key.
    let outcome = router.say("de", "Sag mir die Uhrzeit").await;
    assert_eq!(verdict(&outcome), (Outcome::Done, "time"));
    until_it_claims(&router).await;
}

async fn until_it_claims(router: &Running) {
    eventually(async || {
        let outcome = router.say("de", LIGHT_ON).await;
        (outcome.outcome == Outcome::Done).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_router_that_slept_past_its_lease_claims_nothing_until_it_has_a_new_one() {
    let world = World::new();
    let router = world.router("a").await;
    world.clock.advance(Duration::from_secs(60));
    let outcome = router.say("de", LIGHT_ON).await;
    assert_eq!(verdict(&outcome), (Outcome::Error, "store_unavailable"));
    until_it_claims(&router).await;
}

#[tokio::test]
async fn without_the_store_questions_are_answered_and_the_rest_says_why_not() {
    let world = World::new();
    let router = world.router("a").await;
    world.store.pull();
    for (text, outcome, code) in [
        (LIGHT_ON, Outcome::Error, "store_unavailable"),
        (
            "Stelle einen Timer auf 5 Minuten",
            Outcome::Error,
            "store_unavailable",
        ),
        ("Sag mir die Uhrzeit", Outcome::Done, "time"),
        ("Ist das Garagentor offen", Outcome::Done, "device_closed"),
    ] {
        let got = router.say("de", text).await;
        assert_eq!(verdict(&got), (outcome, code), "{text}");
    }
    world.store.put_back();
    let got = router.say("de", LIGHT_ON).await;
    assert_eq!(verdict(&got), (Outcome::Done, "lights_on"));
}
