//! The harness itself: what it starts answers, and is gone when it should be.

use std::net::TcpStream;
use std::path::Path;

use hark_harness::etcd::{Binary, Etcd, Options, User};

fn start(binary: &Binary, options: &Options) -> Etcd {
    Etcd::start_with(binary, options).unwrap_or_else(|e| panic!("{}: {e}", binary.name()))
}

#[test]
fn every_etcd_starts_answers_and_goes() {
    for binary in Binary::all() {
        let etcd = start(&binary, &Options::default());
        assert_eq!(etcd.wait_for_leader().expect("one leads"), 0);
        let address = etcd.addresses()[0];
        TcpStream::connect(address).expect("it listens");
        drop(etcd);
        TcpStream::connect(address).expect_err("it is gone");
    }
}

#[test]
fn of_three_members_one_can_be_lost_and_come_back() {
    let three = Options {
        members: 3,
        ..Options::default()
    };
    for binary in Binary::all() {
        let mut etcd = start(&binary, &three);
        let old = etcd.wait_for_leader().expect("one leads");
        etcd.kill(old).expect("it runs");
        let new = etcd.wait_for_leader().expect("another leads");
        assert_ne!(old, new);
        etcd.restart(old).expect("it starts");
        etcd.wait_until_ready().expect("all are healthy again");
    }
}

#[test]
fn a_paused_member_goes_on() {
    let Some(mut etcd) = Etcd::start(1) else {
        return;
    };
    etcd.pause(0).expect("it runs");
    assert_eq!(etcd.leader(), None, "it can't say");
    etcd.resume(0).expect("it exists");
    etcd.wait_until_ready().expect("it goes on");
}

#[test]
fn a_test_that_panics_leaves_nothing() {
    let (told, hears) = std::sync::mpsc::channel();
    let failing = std::thread::spawn(move || {
        let etcd = Etcd::start(1);
        let address = etcd.as_ref().map(|e| e.addresses()[0]);
        told.send(address).expect("it is heard");
        panic!("as a test does");
    });
    failing.join().expect_err("it panicked");
    if let Some(address) = hears.recv().expect("it was told") {
        TcpStream::connect(address).expect_err("it is gone");
    }
}

#[tokio::test]
async fn certificates_and_users_are_there() {
    let tls = Options {
        tls: true,
        ..Options::default()
    };
    let user = User {
        name: "reader".to_owned(),
        password: "secret".to_owned(),
        prefix: "/hark/".to_owned(),
        writes: false,
    };
    for binary in Binary::all() {
        let etcd = start(&binary, &tls);
        let files = etcd.tls().expect("it was asked for");
        assert!(etcd.endpoints()[0].starts_with("https://"));
        for file in [&files.ca, &files.client.key, &files.other_ca] {
            assert!(Path::new(file).exists(), "{}", file.display());
        }
        let etcd = start(&binary, &Options::default());
        let users = [user.clone()];
        etcd.enable_auth(&users).await.expect("it has no users yet");
        etcd.enable_auth(&users)
            .await
            .expect_err("now one must be root");
    }
}

#[test]
fn an_etcd_that_can_not_start_says_why() {
    for binary in Binary::all() {
        let options = Options {
            more: vec!["--there-is-no-such-flag".to_owned()],
            ..Options::default()
        };
        let error = Etcd::start_with(&binary, &options).expect_err("it has no such flag");
        assert!(error.to_string().contains("no-such-flag"), "{error}");
    }
}
