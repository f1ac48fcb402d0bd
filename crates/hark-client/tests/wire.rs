//! What the client sends, and how it takes what comes back, over real connections.

#![allow(
    clippy::unwrap_used,
    reason = "helpers of tests may unwrap as tests do"
)]

mod server;

use std::time::Duration;

use hark_client::audio::{self, Format, Pacing};
use hark_client::speech::Collector;
use hark_client::{Client, Converse, Error, Event, Hello, Listen, Options, new_session};
use hark_core::audio::Pcm;
use hark_core::device::DeviceState;
use hark_core::push::Action;
use hark_core::store::Revision;
use hark_core::{DeviceId, Language, Ordinal, SpeakerId};
use hark_proto::ErrorCode;
use server::{Server, Serving};

async fn connect(server: &Server, change: impl FnOnce(&mut Options)) -> (Client, Serving) {
    let serving = server.start().await;
    let mut options = Options::new([serving.address.to_string()]);
    change(&mut options);
    (Client::connect(&options).await.unwrap(), serving)
}

fn converse(text: &str) -> Converse {
    Converse {
        text: text.to_owned(),
        language: None,
        speaker: None,
        area: None,
        session: Some(new_session()),
        ordinal: Ordinal(0),
    }
}

#[tokio::test]
async fn a_clip_goes_out_in_order_and_its_outcome_comes_back() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let listen = Listen {
        languages: vec![Language::german()],
        area: Some("Flur".to_owned()),
        resume: Some((Ordinal(3), 16_000)),
        ..Listen::new(new_session())
    };
    let pcm = Pcm::from_i16(0..4_000);
    let clip = audio::clip(audio::native_bytes(&pcm), Format::NATIVE, Pacing::Eager);
    let mut session = client.listen(&listen, clip).await.unwrap();

    let mut collector = Collector::default();
    let mut utterances = Vec::new();
    while let Some(event) = session.next().await.unwrap() {
        if let Event::Started { session, .. } = &event {
            assert_eq!(*session, listen.session);
        }
        utterances.extend(collector.take(event));
    }
    assert_eq!(utterances.len(), 1);
    assert_eq!(utterances[0].ordinal, Ordinal(3));
    assert_eq!(utterances[0].transcript, "Schalte das Licht im Flur ein");
    assert_eq!(
        utterances[0].outcome.reply.text,
        "Das Licht im Flur ist an."
    );

    let seen = server.seen();
    assert_eq!(
        seen.had_deadline,
        [false],
        "a stream of speech has no end of its own"
    );
    let chunks: Vec<_> = seen
        .chunks
        .iter()
        .map(|c| (c.sequence, c.offset_samples))
        .collect();
    assert_eq!(chunks, [(0, 16_000), (1, 17_600), (2, 19_200)]);
    let sent: Vec<u8> = seen.chunks.iter().flat_map(|c| c.data.clone()).collect();
    assert_eq!(sent, audio::native_bytes(&pcm));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let server = Server::default();
    server.seen().is_mute = true;
    let (client, _serving) = connect(&server, |options| {
        options.timeout = Duration::from_millis(50);
        options.longest_silence = Duration::from_millis(50);
    })
    .await;
    let error = client.converse(converse("Licht an")).await.unwrap_err();
    assert!(matches!(error, Error::Silent(_)), "{error:?}");

    let silence = futures_util::stream::pending();
    let mut session = client
        .listen(&Listen::new(new_session()), silence)
        .await
        .unwrap();
    assert!(matches!(session.next().await, Err(Error::Silent(_))));
}

#[tokio::test]
async fn calls_carry_the_token_and_a_deadline() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |options| {
        options.token = Some("letmein".parse().unwrap());
    })
    .await;
    client.converse(converse("Licht an")).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.authorization, [Some("Bearer letmein".to_owned())]);
    assert_eq!(seen.had_deadline, [true]);
}

#[tokio::test]
async fn a_refusal_keeps_its_code_and_fields() {
    let server = Server::default();
    let refusal = hark_proto::Error::invalid_field("text", "is empty");
    server.seen().refusal = Some(refusal.clone());
    let (client, _serving) = connect(&server, |_| {}).await;
    match client.converse(converse("")).await.unwrap_err() {
        Error::Server(error) => assert_eq!(error, refusal),
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_first_address_that_answers_is_taken() {
    let server = Server::default();
    let serving = server.start().await;
    // Bound and closed again: nobody answers there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let gone = closed.local_addr().unwrap().to_string();
    drop(closed);
    let alive = serving.address.to_string();

    let client = Client::connect(&Options::new([&gone, &alive]))
        .await
        .unwrap();
    assert_eq!(client.address(), alive);

    let error = Client::connect(&Options::new([&gone])).await.unwrap_err();
    assert!(error.to_string().contains(&gone), "{error}");
    let error = Client::connect(&Options::new([""; 0])).await.unwrap_err();
    assert!(error.to_string().contains("no address"), "{error}");
}

#[tokio::test]
async fn every_page_is_asked_for_and_an_endless_list_is_noticed() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let areas = client.areas().await.unwrap();
    let ids: Vec<_> = areas.iter().map(|a| a.id.as_str()).collect();
    assert_eq!(ids, server::AREAS);
    assert_eq!(server.seen().page_tokens, ["", "2", "4"]);
    assert!(matches!(client.timers().await, Err(Error::Protocol(_))));
}

#[tokio::test]
async fn what_makes_no_sense_is_an_error_that_names_the_field() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let error = client.devices(None).await.unwrap_err().to_string();
    assert!(error.contains("devices[0].domain"), "{error}");

    let device = DeviceId::parse("light.cellar").unwrap();
    let error = client
        .execute(&device, DeviceState::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn a_watch_ends_when_the_server_ends_it() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let mut watch = client.watch_devices(None).await.unwrap();
    let update = watch.next().await.unwrap().unwrap();
    assert_eq!((update.revision, update.resync), (Revision(7), true));
    assert!(watch.next().await.unwrap().is_none());
    assert!(
        client
            .watch_timers()
            .await
            .unwrap()
            .next()
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_speaker_is_greeted_pushed_to_and_heard() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let hello = Hello {
        speaker: Some(SpeakerId::parse("speaker-1").unwrap()),
        area: Some("Flur".to_owned()),
        languages: vec![Language::german()],
    };
    let mut attachment = client.attach(&hello).await.unwrap();
    assert_eq!(attachment.speaker.as_str(), "speaker-1");
    let push = attachment.next().await.unwrap().unwrap();
    assert_eq!((&*push.id, &push.action), ("p-1", &Action::Stop(None)));
    attachment.acknowledge(&push.id).await.unwrap();
    assert!(attachment.next().await.unwrap().is_none());
    let seen = server.seen();
    assert_eq!(seen.acknowledged, ["p-1"]);
    assert_eq!(seen.hello.as_ref().unwrap().area.as_deref(), Some("Flur"));
}

#[tokio::test]
async fn a_file_goes_out_whole_and_its_words_come_back() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let file: &[u8] = b"RIFF, or so";
    let languages = [Language::english(), Language::german()];
    let recognition = client.recognize(file.into(), &languages).await.unwrap();
    assert_eq!(recognition.heard.transcript, "Turn on the light");
    assert_eq!(recognition.heard.language, Language::english());
    let decode = Duration::new(1, 500);
    assert_eq!(recognition.timings.decode, Some(decode));

    let seen = server.seen();
    let sent = seen.clip.as_ref().unwrap();
    assert_eq!((&sent.audio[..], sent.act.is_none()), (file, true));
    assert_eq!(sent.languages, ["en", "de"]);
}

#[tokio::test]
async fn a_status_says_what_is_not_ready() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let status = client.status().await.unwrap();
    assert_eq!(status.uptime, Duration::from_secs(62));
    assert_eq!(status.parts[0].reason, "loading");
    assert_eq!(status.store.unwrap().revision, Revision(7));
    assert_eq!(status.model, None);
    assert_eq!((status.attached_speakers, status.open_streams), (2, 1));
    assert_eq!(status.warnings, ["listens for everybody"]);
}

#[tokio::test]
async fn nodes_are_listed_watched_and_drained() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let listed = client.nodes().await.unwrap();
    assert_eq!(listed.age, Duration::from_secs(1));
    let node = &listed.nodes[0];
    assert_eq!(
        (node.id.as_str(), node.in_flight, node.is_self),
        ("attic", 2, true)
    );
    assert_eq!(node.parts[0].reason, "suspected");
    assert_eq!(node.started_at.unwrap().unix_ms, 1_500);
    assert_eq!(node.model.as_ref().unwrap().tier, 3);
    let mut watch = client.watch_nodes().await.unwrap();
    assert_eq!(watch.next().await.unwrap(), Some(listed));
    assert_eq!(watch.next().await.unwrap(), None);
    client.drain_node("attic").await.unwrap();
    let error = client.drain_node("cellar").await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::NotFound));
}

#[tokio::test]
async fn what_the_person_chose_is_sent() {
    let server = Server::default();
    let (client, _serving) = connect(&server, |_| {}).await;
    let listen = Listen {
        speaker: Some(SpeakerId::parse("speaker-1").unwrap()),
        languages: vec![Language::german()],
        single_utterance: true,
        transcribe_only: true,
        end_silence: Some(Duration::from_millis(800)),
        ..Listen::new(new_session())
    };
    let nothing = futures_util::stream::empty();
    let mut session = client.listen(&listen, nothing).await.unwrap();
    while session.next().await.unwrap().is_some() {}
    let seen = server.seen();
    let config = seen.config.as_ref().unwrap();
    assert_eq!(config.session_id, listen.session.to_string());
    assert_eq!(config.speaker_id, "speaker-1");
    assert!(config.single_utterance && config.transcribe_only);
    assert!(config.resume.is_none());
    let endpointing = config.endpointing.unwrap();
    assert_eq!(endpointing.end_silence.unwrap().nanos, 800_000_000);
    assert!(seen.chunks.is_empty());
}
