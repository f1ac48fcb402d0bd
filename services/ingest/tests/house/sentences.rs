//! Typed sentences, and what a node says of itself.

use hark_proto::Error;
use hark_proto::v1::cluster_client::ClusterClient;
use hark_proto::v1::speech_client::SpeechClient;
use hark_proto::v1::{self, Outcome};
use tonic::{Code, Status};

use crate::house::{House, SENTENCE};
use crate::speech::{SESSION, Session, config};

async fn converse(
    house: &House,
    request: v1::ConverseRequest,
) -> Result<v1::ConverseResponse, Status> {
    let mut client = SpeechClient::new(house.channel.clone());
    Ok(client.converse(request).await?.into_inner())
}

fn text(text: &str) -> v1::ConverseRequest {
    v1::ConverseRequest {
        text: text.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_typed_sentence_is_as_good_as_a_spoken_one() {
    let house = House::new().await;
    let answer = converse(&house, text(SENTENCE)).await.unwrap();
    assert_eq!(answer.outcome.unwrap().outcome(), Outcome::Done);
    assert_eq!(answer.session_id.len(), 36, "a new session");
    let timings = answer.timings.unwrap();
    assert!(timings.total.is_some() && timings.encode.is_none());

    let again = v1::ConverseRequest {
        session_id: SESSION.into(),
        ordinal: 2,
        area: Some("Küche".into()),
        ..text("Schalte das Licht ein")
    };
    let outcome = converse(&house, again).await.unwrap().outcome.unwrap();
    assert_eq!(outcome.outcome(), Outcome::Done);
    assert_eq!(outcome.devices[0].area, "Küche");
    house.end().await;
}

#[tokio::test]
async fn a_room_that_is_not_there_is_a_question() {
    let house = House::new().await;
    let asked = text("Schalte das Licht im Weinkeller ein");
    let outcome = converse(&house, asked).await.unwrap().outcome.unwrap();
    assert_eq!(outcome.outcome(), Outcome::Question);
    assert_eq!(outcome.devices, []);
    house.end().await;
}

#[tokio::test]
async fn bad_sentences_name_their_field() {
    let house = House::new().await;
    let long = "licht ".repeat(200);
    let klingon = v1::ConverseRequest {
        language: "klingonisch".into(),
        ..text(SENTENCE)
    };
    let session = v1::ConverseRequest {
        session_id: "kitchen".into(),
        ..text(SENTENCE)
    };
    for (request, field) in [
        (text("  "), "text"),
        (text(&long), "text"),
        (klingon, "language"),
        (session, "session_id"),
    ] {
        let status = converse(&house, request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert_eq!(Error::from(status).violations()[0].field, field);
    }
    house.end().await;
}

#[tokio::test]
async fn the_node_says_what_it_is() {
    let house = House::new().await;
    let mut session = Session::with(&house, config()).await;
    session.next().await.unwrap();
    let mut client = ClusterClient::new(house.channel.clone());
    let status = client.get_status(v1::GetStatusRequest {}).await.unwrap();
    let status = status.into_inner();
    assert_eq!(status.version, env!("CARGO_PKG_VERSION"));
    let parts: Vec<_> = status.parts.iter().map(|p| (&*p.name, p.ready)).collect();
    assert_eq!(
        parts,
        [("inference", true), ("ingest", true), ("router", true)]
    );
    let store = status.store.unwrap();
    assert_eq!(store.kind, "memory");
    assert!(store.age.is_some());
    assert_eq!(status.model.unwrap().engine, "fake");
    assert_eq!((status.open_streams, status.attached_speakers), (1, 0));
    session.close().await;
    house.health.ready().await;
    house.end().await;
}

#[tokio::test]
async fn the_store_s_revision_is_that_of_the_whole_store() {
    let house = House::new().await;
    let mut client = ClusterClient::new(house.channel.clone());
    let mut revision = async || {
        let status = client.get_status(v1::GetStatusRequest {}).await.unwrap();
        status.into_inner().store.unwrap().revision
    };
    let before = revision().await;
    converse(&house, text(SENTENCE)).await.unwrap();
    assert!(revision().await > before, "a sentence writes to the store");
    house.end().await;
}

#[tokio::test]
async fn a_node_knows_itself_and_drains_when_asked() {
    let house = House::new().await;
    let mut client = ClusterClient::new(house.channel.clone());
    let watch = client.watch_nodes(v1::WatchNodesRequest {}).await.unwrap();
    let mut watch = watch.into_inner();
    // The registration may still be on its way.
    let nodes = loop {
        let response = watch.message().await.unwrap().unwrap();
        if response
            .nodes
            .iter()
            .any(|n| !n.addresses.is_empty() && !n.version.is_empty())
        {
            break response.nodes;
        }
    };
    assert_eq!(nodes.len(), 1, "{nodes:?}");
    let node = &nodes[0];
    assert_eq!(
        (node.id.as_str(), node.is_self, node.draining),
        ("test", true, false)
    );
    let parts: Vec<_> = node.parts.iter().map(|p| (&*p.name, p.ready)).collect();
    assert_eq!(
        parts,
        [("ingest", true), ("inference", true), ("router", true)]
    );
    let list = client
        .list_nodes(v1::ListNodesRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(list.nodes, nodes);
    assert!(list.age.is_some());

    for (id, code) in [("cellar", Code::NotFound), ("a/b", Code::InvalidArgument)] {
        let request = v1::DrainNodeRequest { node_id: id.into() };
        assert_eq!(client.drain_node(request).await.unwrap_err().code(), code);
    }
    let request = v1::DrainNodeRequest {
        node_id: "test".into(),
    };
    client.drain_node(request).await.unwrap();
    house.tasks.drain().requested().await;
    house.end().await;
}
