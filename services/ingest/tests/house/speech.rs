//! Sessions of streaming speech.

use hark_proto::v1::audio_format::Encoding;
use hark_proto::v1::speech_client::SpeechClient;
use hark_proto::v1::speech_event::Kind;
use hark_proto::v1::streaming_recognize_request::Request;
use hark_proto::v1::streaming_recognize_response::Response;
use hark_proto::v1::{self, Outcome};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use crate::house::{House, Wish, format};

/// espeak-ng's German voice m3: "Schalte das Licht im Flur ein", 22.05 kHz, 16 bit.
pub(crate) const VOICE: &[u8] =
    include_bytes!("../../../../crates/hark-audio/tests/data/espeak-de-m3.wav");
pub(crate) const RATE: u32 = 22_050;
/// Random, so that no test depends on the day it runs.
pub(crate) const SESSION: &str = "f47ac10b-58cc-4372-a567-0e02b2c3d479";

/// A session from the speaker's side.
pub(crate) struct Session {
    pub(crate) send: mpsc::Sender<v1::StreamingRecognizeRequest>,
    pub(crate) receive: Streaming<v1::StreamingRecognizeResponse>,
    sequence: u64,
    offset: u64,
}

pub(crate) fn config() -> v1::StreamingConfig {
    v1::StreamingConfig {
        session_id: SESSION.into(),
        speaker_id: "kitchen".into(),
        format: Some(format(Encoding::Linear16, RATE)),
        languages: vec!["de".into()],
        ..Default::default()
    }
}

impl Session {
    /// A session before its config.
    pub(crate) async fn open(house: &House) -> Self {
        let (send, requests) = mpsc::channel(64);
        let mut client = SpeechClient::new(house.channel.clone());
        let answer = client.streaming_recognize(ReceiverStream::new(requests));
        Self {
            send,
            receive: answer.await.unwrap().into_inner(),
            sequence: 0,
            offset: 0,
        }
    }

    pub(crate) async fn with(house: &House, config: v1::StreamingConfig) -> Self {
        let mut session = Self::open(house).await;
        session.offset = config.resume.map_or(0, |r| r.offset_samples);
        session.request(Request::Config(config)).await;
        session
    }

    pub(crate) async fn request(&self, request: Request) {
        let request = Some(request);
        let message = v1::StreamingRecognizeRequest { request };
        // A server that has refused the session does not take it any more.
        drop(self.send.send(message).await);
    }

    /// Sends 16-bit samples in messages of 100 ms.
    pub(crate) async fn say(&mut self, data: &[u8]) {
        for data in data.chunks(4_410) {
            let chunk = v1::AudioChunk {
                sequence: self.sequence,
                offset_samples: self.offset,
                data: data.to_vec().into(),
                packets: Vec::new(),
            };
            self.sequence += 1;
            self.offset += data.len() as u64 / 2;
            self.request(Request::Audio(chunk)).await;
        }
    }

    /// The sentence, and a second of silence.
    pub(crate) async fn say_sentence(&mut self) {
        self.say(&VOICE[44..]).await;
        self.say(&[0; 44_100]).await;
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Response>, Status> {
        let message = self.receive.message().await?;
        Ok(message.map(|m| m.response.unwrap()))
    }

    /// Says no more, and collects what is answered.
    pub(crate) async fn close(mut self) -> Heard {
        let (send, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.send, send));
        let mut heard = Heard::default();
        loop {
            match self.next().await {
                Ok(Some(response)) => heard.0.push(response),
                Ok(None) => return heard,
                Err(status) => panic!("{status}"),
            }
        }
    }

    /// Collects until the stream fails.
    pub(crate) async fn fail(mut self) -> Status {
        loop {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it ended without an error"),
                Err(status) => return status,
            }
        }
    }
}

/// What a session answered.
#[derive(Debug, Default)]
pub(crate) struct Heard(pub(crate) Vec<Response>);

impl Heard {
    fn events(&self) -> Vec<(Kind, u32)> {
        let event = |r: &Response| match r {
            Response::Event(e) => Some((e.kind(), e.ordinal)),
            _ => None,
        };
        self.0.iter().filter_map(event).collect()
    }

    fn results(&self) -> Vec<&v1::RecognitionResult> {
        let each = self.0.iter().filter_map(|r| match r {
            Response::Result(result) => Some(result),
            _ => None,
        });
        each.collect()
    }

    fn outcomes(&self) -> Vec<&v1::OutcomeResult> {
        let each = self.0.iter().filter_map(|r| match r {
            Response::Outcome(outcome) => Some(outcome),
            _ => None,
        });
        each.collect()
    }

    fn acknowledgements(&self) -> Vec<v1::Acknowledgement> {
        let ack = |r: &Response| match r {
            Response::Acknowledgement(ack) => Some(*ack),
            _ => None,
        };
        self.0.iter().filter_map(ack).collect()
    }
}

#[tokio::test]
async fn a_spoken_sentence_switches_the_lamp_on() {
    let house = House::new().await;
    let mut session = Session::with(&house, config()).await;
    session.say_sentence().await;
    let heard = session.close().await;

    let Response::Started(started) = &heard.0[0] else {
        panic!("{:?}", heard.0[0])
    };
    assert_eq!(started.session_id, SESSION);
    assert_eq!(started.languages, ["de"]);
    assert_eq!(
        heard.events(),
        [(Kind::SpeechBegin, 0), (Kind::SpeechEnd, 0)]
    );

    let result = heard.results()[0];
    assert!(result.is_final);
    assert_eq!(result.alternatives[0].transcript, crate::house::SENTENCE);
    assert!(!result.alternatives[0].words.is_empty());

    let outcome = heard.outcomes()[0];
    let meaning = outcome.outcome.as_ref().unwrap();
    assert_eq!(meaning.outcome(), Outcome::Done);
    assert_eq!(meaning.intent.as_ref().unwrap().name, "HassTurnOn");
    assert_eq!(meaning.devices[0].before.as_ref().unwrap().on, Some(false));
    assert_eq!(meaning.devices[0].after.as_ref().unwrap().on, Some(true));
    assert_eq!(meaning.reply.as_ref().unwrap().language, "de");
    let timings = outcome.timings.unwrap();
    for took in [
        timings.speech,
        timings.endpoint,
        timings.queue,
        timings.total,
    ] {
        assert!(took.is_some(), "{timings:?}");
    }
    let last = *heard.acknowledgements().last().unwrap();
    assert_eq!(last.next_ordinal, 1);
    assert!(last.offset_samples >= result.end_offset_samples);
    house.end().await;
}

#[tokio::test]
async fn the_same_utterance_again_is_answered_from_the_ledger() {
    let house = House::new().await;
    let mut replayed = Vec::new();
    for _ in 0..2 {
        let mut session = Session::with(&house, config()).await;
        session.say_sentence().await;
        let heard = session.close().await;
        let outcome = heard.outcomes()[0].outcome.clone().unwrap();
        assert_eq!(outcome.outcome(), Outcome::Done);
        replayed.push(outcome.replayed);
    }
    assert_eq!(replayed, [false, true]);
    house.end().await;
}

#[tokio::test]
async fn a_session_goes_on_where_it_was() {
    let house = House::new().await;
    let mut first = Session::with(&house, config()).await;
    first.say_sentence().await;
    let ack = *first.close().await.acknowledgements().last().unwrap();
    let resumed = v1::StreamingConfig {
        resume: Some(v1::ResumePoint {
            ordinal: ack.next_ordinal,
            offset_samples: ack.offset_samples,
        }),
        ..config()
    };
    let mut second = Session::with(&house, resumed).await;
    second.say_sentence().await;
    let heard = second.close().await;
    let result = heard.results()[0];
    assert_eq!(result.ordinal, 1);
    assert!(result.end_offset_samples > ack.offset_samples);
    let outcome = heard.outcomes()[0].outcome.as_ref().unwrap();
    assert!(!outcome.replayed);
    house.end().await;
}

#[tokio::test]
async fn several_sentences_are_several_utterances_in_order() {
    let house = House::new().await;
    let mut session = Session::with(&house, config()).await;
    for _ in 0..3 {
        session.say_sentence().await;
    }
    let heard = session.close().await;
    let ordinals: Vec<u32> = heard.outcomes().iter().map(|o| o.ordinal).collect();
    assert_eq!(ordinals, [0, 1, 2]);
    let acks = heard.acknowledgements();
    let ordered = |a: &[v1::Acknowledgement]| a[0].offset_samples <= a[1].offset_samples;
    assert!(acks.windows(2).all(ordered), "{acks:?}");
    house.end().await;
}

#[tokio::test]
async fn a_single_utterance_ends_the_session() {
    let house = House::new().await;
    let single = v1::StreamingConfig {
        single_utterance: true,
        ..config()
    };
    let mut session = Session::with(&house, single).await;
    session.say_sentence().await;
    session.say_sentence().await;
    let heard = session.close().await;
    assert_eq!(heard.outcomes().len(), 1);
    house.end().await;
}

#[tokio::test]
async fn an_utterance_that_the_stream_ends_in_is_answered() {
    let house = House::new().await;
    for single_utterance in [false, true] {
        let config = v1::StreamingConfig {
            single_utterance,
            transcribe_only: true,
            ..config()
        };
        let mut session = Session::with(&house, config).await;
        session.say(&VOICE[44..]).await;
        let heard = session.close().await;
        assert_eq!(heard.results()[0].alternatives.len(), 1);
        let end = (VOICE.len() as u64 - 44) / 2;
        assert_eq!(heard.results()[0].end_offset_samples, end);
    }
    house.end().await;
}

#[tokio::test]
async fn words_only_act_on_nothing() {
    let house = House::new().await;
    let words = v1::StreamingConfig {
        transcribe_only: true,
        ..config()
    };
    let mut session = Session::with(&house, words).await;
    session.say_sentence().await;
    let heard = session.close().await;
    assert_eq!(heard.results().len(), 1);
    assert_eq!(heard.outcomes(), Vec::<&v1::OutcomeResult>::new());
    house.end().await;
}

#[tokio::test]
async fn silence_is_said_to_be_silence() {
    let house = House::new().await;
    let mut session = Session::with(&house, config()).await;
    session.say(&[0; 44_100]).await;
    let heard = session.close().await;
    assert_eq!(heard.events(), [(Kind::NothingSaid, 0)]);
    assert!(heard.results()[0].alternatives.is_empty());
    let outcome = heard.outcomes()[0].outcome.as_ref().unwrap();
    assert_eq!(outcome.outcome(), Outcome::NotUnderstood);
    assert_eq!(outcome.reply.as_ref().unwrap().code, "nothing_heard");
    house.end().await;
}

#[tokio::test]
async fn noise_in_which_the_engine_hears_nothing_is_silence_too() {
    let wish = Wish {
        hears: "",
        ..Wish::default()
    };
    let house = House::with(wish).await;
    let mut session = Session::with(&house, config()).await;
    session.say_sentence().await;
    let heard = session.close().await;
    let outcome = heard.outcomes()[0].outcome.as_ref().unwrap();
    assert_eq!(outcome.reply.as_ref().unwrap().code, "nothing_heard");
    house.end().await;
}

#[tokio::test]
async fn a_drain_lets_the_speaker_finish_and_ends_the_session() {
    let house = House::new().await;
    let mut session = Session::with(&house, config()).await;
    session.say(&VOICE[44..]).await;
    let mut heard = Heard::default();
    while heard.events().is_empty() {
        heard.0.push(session.next().await.unwrap().unwrap());
    }
    house.tasks.drain().request();
    while heard.events().last() != Some(&(Kind::Draining, 0)) {
        heard.0.push(session.next().await.unwrap().unwrap());
    }
    session.say(&[0; 44_100]).await;
    while let Some(response) = session.next().await.unwrap() {
        heard.0.push(response);
    }
    let outcome = heard.outcomes()[0].outcome.as_ref().unwrap();
    assert_eq!(outcome.outcome(), Outcome::Done);
    drop(session);
    house.end().await;
}
