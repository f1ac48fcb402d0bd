//! Who is stopped, killed or hangs.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hark_core::placement::State;

use crate::support::{Does, World, eventually};

#[tokio::test]
async fn stopping_one_of_a_pair_under_load_loses_nothing() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (_a, b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("a", Some(State::Serving)).await;
    caller.sees("b", Some(State::Serving)).await;
    let load = join_all((0..8).map(|_| async {
        for _ in 0..100 {
            caller.transcribe().await.unwrap();
        }
    }));
    let stop = async {
        eventually("b works", async || b.calls() > 20).await;
        b.stop().await;
    };
    tokio::join!(load, stop);
    caller.sees("b", None).await;
}

#[tokio::test]
async fn what_was_in_flight_on_one_that_is_killed_is_done_by_the_other() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (_a, b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("a", Some(State::Serving)).await;
    caller.sees("b", Some(State::Serving)).await;
    b.does(Does::Wait);
    let load = join_all((0..8).map(|_| caller.transcribe()));
    let kill = async {
        eventually("b has work", async || b.calls() > 0).await;
        b.proxy.cut();
        let cut = Instant::now();
        caller.sees("b", Some(State::Suspected)).await;
        println!(
            "out of placement {:?} after its connection broke",
            cut.elapsed()
        );
    };
    let (answers, ()) = tokio::join!(load, kill);
    for answer in answers {
        assert_eq!(answer.unwrap(), "a");
    }
}

#[tokio::test]
async fn one_that_hangs_is_noticed_and_comes_back() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (_a, b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("a", Some(State::Serving)).await;
    caller.sees("b", Some(State::Serving)).await;
    b.proxy.silence(true);
    let silent = Instant::now();
    caller.sees("b", Some(State::Suspected)).await;
    println!(
        "out of placement {:?} after it went silent",
        silent.elapsed()
    );
    // It accepts connections and says nothing: that is not enough to get work.
    let calls = b.calls();
    for _ in 0..20 {
        assert_eq!(caller.transcribe().await.unwrap(), "a");
    }
    assert_eq!(b.calls(), calls);
    b.proxy.silence(false);
    caller.sees("b", Some(State::Serving)).await;
}

#[tokio::test]
async fn without_the_store_the_last_known_ones_go_on_and_the_dead_are_noticed() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (_a, b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("a", Some(State::Serving)).await;
    caller.sees("b", Some(State::Serving)).await;
    world.store.pull(true);
    b.proxy.cut();
    caller.sees("b", Some(State::Suspected)).await;
    for _ in 0..20 {
        assert_eq!(caller.transcribe().await.unwrap(), "a");
    }
    let nodes = caller.peers.registry().nodes();
    assert_eq!(nodes.len(), 2, "what was known stays known");
    assert!(
        caller
            .peers
            .registry()
            .age()
            .is_some_and(|age| age < Duration::from_secs(60))
    );
}

#[tokio::test]
async fn a_node_that_is_asked_to_drain_does_so() {
    let world = World::new();
    let caller = world.caller(&[]);
    let (_a, b) = (
        world.worker("a", "127.0.0.1").await,
        world.worker("b", "127.0.0.2").await,
    );
    caller.sees("b", Some(State::Serving)).await;
    let nodes = caller.peers.registry().nodes();
    let node = nodes.iter().find(|n| n.id == b.me.id).unwrap();
    caller.peers.drain(node).await.unwrap();
    b.tasks.drain().requested().await;
    b.stop().await;
    caller.sees("b", None).await;
    let error = caller.peers.drain(node).await.unwrap_err();
    assert_eq!(error.code(), hark_proto::ErrorCode::Unavailable, "{error}");
}
