//! A key under a lease: there while the process is, back when it vanishes, gone first
//! when the process ends.

use hark_core::cluster::Role;
use hark_core::placement::State;
use hark_core::store::{Key, Op, Select, Store as _, Txn};
use hark_runtime::drain::Drain;
use hark_runtime::tasks::{OnFailure, Tasks};

use crate::support::{Does, PATIENCE, World, eventually};

async fn value(world: &World, key: &Key) -> Option<Vec<u8>> {
    let found = world.store.range(Select::Key(key.clone())).await.unwrap();
    found.entries.into_iter().next().map(|e| e.value)
}

#[tokio::test]
async fn a_key_that_vanishes_comes_back_and_so_does_its_lease() {
    let world = World::new();
    let caller = world.caller(&[]);
    let worker = world.worker("a", "127.0.0.1").await;
    let key = world.key(&worker);
    caller.sees("a", Some(State::Serving)).await;
    let before = world
        .store
        .range(Select::Key(key.clone()))
        .await
        .unwrap()
        .entries
        .remove(0);

    let delete = Txn {
        success: vec![Op::Delete(Select::Key(key.clone()))],
        ..Txn::default()
    };
    world.store.txn(delete).await.unwrap();
    eventually("the key is back", async || {
        value(&world, &key).await.is_some()
    })
    .await;

    world
        .store
        .revoke_lease(before.lease.unwrap())
        .await
        .unwrap();
    eventually("the key is back with another lease", async || {
        let found = world.store.range(Select::Key(key.clone())).await.unwrap();
        found
            .entries
            .first()
            .is_some_and(|e| e.lease != before.lease && e.value == before.value)
    })
    .await;
    caller.sees("a", Some(State::Serving)).await;
    assert_eq!(caller.transcribe().await.unwrap(), "a");
}

#[tokio::test]
async fn a_process_that_ends_deregisters_before_it_finishes_what_it_has() {
    let world = World::new();
    let caller = world.caller(&[]);
    let worker = world.worker("a", "127.0.0.1").await;
    let key = world.key(&worker);
    caller.sees("a", Some(State::Serving)).await;
    worker.does(Does::Wait);
    let call = caller.transcribe();
    let end = async {
        eventually("it works", async || worker.calls() > 0).await;
        worker.tasks.drain().request();
        eventually("the key is gone", async || {
            value(&world, &key).await.is_none()
        })
        .await;
        caller.sees("a", None).await;
        worker.does(Does::Answer);
    };
    let (answer, ()) = tokio::join!(call, end);
    assert_eq!(answer.unwrap(), "a", "it finished what it had");
    worker.stop().await;
}

#[tokio::test]
async fn a_process_without_its_store_registers_once_the_store_is_there() {
    let world = World::new();
    world.store.pull(true);
    let worker = world.worker("a", "127.0.0.1").await;
    world.store.pull(false);
    let key = world.key(&worker);
    eventually("it is registered", async || {
        value(&world, &key).await.is_some()
    })
    .await;
}

#[tokio::test]
async fn of_two_with_one_name_the_later_stays_and_they_do_not_fight() {
    let world = World::new();
    let first = world.worker("a", "127.0.0.1").await;
    let key = world.key(&first);
    eventually("the first is there", async || {
        value(&world, &key).await.is_some()
    })
    .await;
    let before = value(&world, &key).await;

    let me = world.me("a");
    let part = me.part(Role::Inference, "127.0.0.9:9".parse().unwrap());
    let tasks = Tasks::new(Drain::new());
    let second = world
        .registration(&me)
        .run(vec![part], tasks.drain().clone());
    tasks.spawn("second", OnFailure::Log, second);
    eventually("the second is there", async || {
        value(&world, &key).await != before
    })
    .await;
    let version = world
        .store
        .range(Select::Key(key.clone()))
        .await
        .unwrap()
        .entries[0]
        .version;
    assert_eq!(version, 2, "each wrote once");

    tasks.drain().request();
    tasks.finish(PATIENCE).await.unwrap();
    eventually("the first is back", async || {
        value(&world, &key).await == before
    })
    .await;
}
