//! Speakers that are attached.

use hark_proto::v1::attach_request::Request;
use hark_proto::v1::attach_response::Response;
use hark_proto::v1::push::Action;
use hark_proto::v1::speakers_client::SpeakersClient;
use hark_proto::v1::speech_client::SpeechClient;
use hark_proto::v1::{self, Outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::house::House;

/// An attached speaker, from its side.
struct Speaker {
    send: mpsc::Sender<v1::AttachRequest>,
    receive: Streaming<v1::AttachResponse>,
}

impl Speaker {
    async fn attach(house: &House, id: &str) -> Self {
        let (send, requests) = mpsc::channel(8);
        let mut client = SpeakersClient::new(house.channel.clone());
        let answer = client.attach(ReceiverStream::new(requests)).await.unwrap();
        let mut speaker = Self {
            send,
            receive: answer.into_inner(),
        };
        let hello = v1::SpeakerHello {
            speaker_id: id.into(),
            ..Default::default()
        };
        speaker.request(Request::Hello(hello)).await;
        let Ok(Response::Attached(attached)) = speaker.next().await else {
            panic!("not attached")
        };
        assert_eq!(attached.speaker_id, id);
        speaker
    }

    async fn request(&self, request: Request) {
        let request = Some(request);
        self.send.send(v1::AttachRequest { request }).await.unwrap();
    }

    async fn next(&mut self) -> Result<Response, Status> {
        let message = self.receive.message().await?;
        Ok(message.unwrap().response.unwrap())
    }

    async fn push(&mut self) -> v1::Push {
        match self.next().await.unwrap() {
            Response::Push(push) => push,
            Response::Attached(_) => panic!("attached twice"),
        }
    }
}

#[tokio::test]
async fn a_timer_rings_at_its_speaker_until_that_has_heard_it() {
    let house = House::new().await;
    let set = v1::ConverseRequest {
        text: "Stelle einen Timer auf 1 Sekunde".into(),
        language: "de".into(),
        speaker_id: "kitchen".into(),
        ..Default::default()
    };
    let mut client = SpeechClient::new(house.channel.clone());
    let answer = client.converse(set).await.unwrap().into_inner();
    assert_eq!(answer.outcome.unwrap().outcome(), Outcome::Done);

    let mut first = Speaker::attach(&house, "kitchen").await;
    let push = first.push().await;
    let Some(Action::Ring(ring)) = &push.action else {
        panic!("{push:?}")
    };
    assert_eq!(ring.duration.unwrap().seconds, 1);
    assert!(!ring.reply.as_ref().unwrap().text.is_empty());

    // It breaks off without an acknowledgement: the ring comes again.
    drop(first);
    let mut second = Speaker::attach(&house, "kitchen").await;
    assert_eq!(second.push().await.push_id, push.push_id);
    let push_id = push.push_id;
    let acknowledgement = v1::PushAcknowledgement { push_id };
    second
        .request(Request::Acknowledgement(acknowledgement))
        .await;

    // The newest stream wins.
    let third = Speaker::attach(&house, "kitchen").await;
    let status = second.next().await.unwrap_err();
    assert_eq!(status.code(), Code::Aborted);
    drop((second, third));
    house.end().await;
}
