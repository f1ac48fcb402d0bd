//! A speaker's side of a running house: it is reached when a timer rings.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod util;

use hark_client::{Client, Hello, Options};
use hark_core::push::Action;
use hark_core::{Language, SpeakerId};
use util::{Place, Up};

async fn attach(up: &Up, speaker: &str) -> hark_client::Attachment {
    let client = Client::connect(&Options::new([&up.address])).await.unwrap();
    let hello = Hello {
        speaker: Some(SpeakerId::parse(speaker).unwrap()),
        area: Some("Küche".to_owned()),
        languages: vec![Language::german()],
    };
    client.attach(&hello).await.unwrap()
}

fn set_timer(place: &Place, up: &Up) {
    let speaker = ["--speaker", "speaker-1", "--lang", "de"];
    let args = [
        "text",
        "Stelle einen Timer auf eine Sekunde",
        "--server",
        &up.address,
    ];
    place.run(&[&args[..], &speaker].concat()).done();
}

#[tokio::test]
async fn a_timer_rings_at_the_speaker_that_set_it_until_it_is_acknowledged() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    let mut speaker = attach(&up, "speaker-1").await;
    set_timer(&place, &up);
    let push = speaker.next().await.unwrap().unwrap();
    assert!(matches!(&push.action, Action::Ring(_)), "{push:?}");
    drop(speaker);

    let mut again = attach(&up, "speaker-1").await;
    let same = again.next().await.unwrap().unwrap();
    assert_eq!(same, push, "it comes again until it is acknowledged");
    again.acknowledge(&push.id).await.unwrap();
}

#[tokio::test]
async fn a_timer_that_ran_out_while_nothing_ran_rings_late() {
    let place = Place::new();
    let up = place.up(&["--engine", "fake"]);
    set_timer(&place, &up);
    up.kill();

    let up = place.up(&["--engine", "fake"]);
    let mut speaker = attach(&up, "speaker-1").await;
    let push = speaker.next().await.unwrap().unwrap();
    let Action::Ring(ring) = push.action else {
        panic!("{:?}", push.action);
    };
    assert_eq!(ring.reply.language, Language::german());
}
