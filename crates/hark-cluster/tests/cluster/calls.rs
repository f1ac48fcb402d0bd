//! Where calls go, and what is tried again.

use std::time::Duration;

use futures_util::future::join_all;
use hark_core::placement::State;
use hark_proto::{Error, ErrorCode};

use crate::support::{Does, PATIENCE, World, eventually};

#[tokio::test]
async fn calls_are_spread_over_those_that_registered() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (a, b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("a", Some(State::Serving)).await;
    caller.sees("b", Some(State::Serving)).await;
    let answers = join_all((0..64).map(|_| caller.transcribe())).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    // The less busy of two: with two, neither gets much more than half of what is in
    // flight at once.
    assert_eq!(a.calls() + b.calls(), 64);
    assert!(
        a.calls() >= 16 && b.calls() >= 16,
        "{} and {}",
        a.calls(),
        b.calls()
    );
}

#[tokio::test]
async fn one_that_is_busy_gets_less() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (a, b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("a", Some(State::Serving)).await;
    caller.sees("b", Some(State::Serving)).await;
    a.does(Does::Wait);
    let many = join_all((0..20).map(|_| async {
        let answer = caller.transcribe();
        answer.await
    }));
    let after = async {
        eventually("somebody waits", async || a.calls() > 0 && b.calls() > 0).await;
        // Whatever is in flight on a, b answers; so b is the less busy one from now on.
        let waiting = a.calls();
        for _ in 0..20 {
            assert_eq!(caller.transcribe().await.unwrap(), "b");
        }
        assert_eq!(a.calls(), waiting);
        a.does(Does::Answer);
    };
    let (answers, ()) = tokio::join!(many, after);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

#[tokio::test]
async fn what_fails_on_one_is_tried_on_another_only_where_that_may_help() {
    let retry = Duration::from_millis(10);
    for (error, goes_elsewhere) in [
        (Error::unavailable("gone"), true),
        (Error::overloaded("full", retry), true),
        (Error::new(ErrorCode::Overloaded, "full"), false),
        (Error::new(ErrorCode::InvalidAudio, "noise"), false),
        (Error::internal("broken"), false),
    ] {
        let world = World::new();
        let caller = world.caller(&[]);
        let (a, b) = (
            world.worker("a", "127.0.0.1").await,
            world.worker("b", "127.0.0.2").await,
        );
        caller.sees("a", Some(State::Serving)).await;
        caller.sees("b", Some(State::Serving)).await;
        a.does(Does::Fail(error.clone()));
        let mut failed = 0;
        // Until it was a's turn: one in two is.
        while a.calls() == 0 {
            failed += usize::from(caller.transcribe().await.is_err());
        }
        assert_eq!(failed == 0, goes_elsewhere, "{error}");
        assert_eq!(a.calls(), 1, "never twice on the same");
        drop(b);
    }
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_given_up_for_another() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (a, _b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("a", Some(State::Serving)).await;
    caller.sees("b", Some(State::Serving)).await;
    a.does(Does::Wait);
    while a.calls() == 0 {
        let first_try = Duration::from_millis(100);
        assert_eq!(
            caller.transcribe_within(PATIENCE, first_try).await.unwrap(),
            "b"
        );
    }
}

#[tokio::test]
async fn all_tries_together_keep_the_deadline() {
    let world = World::new();
    let caller = world.caller(&[]);
    let a = world.worker("a", "127.0.0.1").await;
    caller.sees("a", Some(State::Serving)).await;
    a.does(Does::Wait);
    let within = Duration::from_millis(200);
    let error = caller.transcribe_within(within, within).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::DeadlineExceeded);
    assert_eq!(
        caller.pool.seen()[0].in_flight,
        0,
        "it is not in flight any more"
    );
}

#[tokio::test]
async fn without_anybody_the_answer_says_so() {
    let world = World::new();
    let caller = world.caller(&[]);
    let error = caller.transcribe().await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Unavailable);
    assert!(
        error.to_string().contains("no node for inference is known"),
        "{error}"
    );
    let caller = world.caller(&["127.0.0.1:1".to_owned()]);
    let error = caller.transcribe().await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:1 is suspected"), "{error}");
}

#[tokio::test]
async fn addresses_can_be_named_without_a_registry() {
    let world = World::new();
    let worker = world.unregistered("a", "127.0.0.3").await;
    let address = worker.proxy.address.to_string();
    let caller = world.caller(std::slice::from_ref(&address));
    caller.sees(&address, Some(State::Serving)).await;
    assert_eq!(caller.transcribe().await.unwrap(), "a");
}
