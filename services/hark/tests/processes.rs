//! Processes apart: two of each over one real etcd, found by registration, and one of a
//! pair killed, stopped in its tracks or ended in order while people speak.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

#[path = "processes/house.rs"]
mod house;
#[path = "processes/load.rs"]
mod load;

use std::time::Instant;

use hark_core::cluster::Role;
use nix::sys::signal::Signal;

use house::House;
use load::Load;

/// What may happen to a process.
const FAULTS: [(Role, Signal); 6] = [
    (Role::Inference, Signal::SIGKILL),
    (Role::Inference, Signal::SIGSTOP),
    (Role::Inference, Signal::SIGTERM),
    (Role::Router, Signal::SIGKILL),
    (Role::Router, Signal::SIGSTOP),
    (Role::Router, Signal::SIGTERM),
];

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_pair_may_go_while_people_speak_and_every_sentence_is_answered() {
    let Some(mut house) = House::start().await else {
        return;
    };
    let load = Load::start(&house.client);
    for (role, signal) in FAULTS {
        load.goes_on().await;
        let node = house.strike(role, signal);
        let struck = Instant::now();
        house.until_out(&node).await;
        let out = struck.elapsed();
        println!("{} {signal}: out of placement after {out:?}", role.as_str());
        load.goes_on().await;
        house.mend(role, signal).await;
    }
    load.goes_on().await;
    let answered = load.stop().await;
    println!("{answered} sentences and clips, every one answered");

    // The same, asked for with a word, of another node than the one that is meant.
    let ended = house.hark(&["drain", "router-0"]);
    assert!(ended.contains("router-0 is out of service"), "{ended}");
    let nodes = house.hark(&["nodes", "--json"]);
    let has = |node: &str| nodes.contains(&format!("\"{node}\""));
    assert!(!has("router-0") && has("router-1"), "{nodes}");
    house.has_ended(Role::Router);
}
