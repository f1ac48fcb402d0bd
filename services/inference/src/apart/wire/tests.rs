//! What is sent comes out as it went in, also in pieces; what is no message is an error.

use super::*;

/// Gives a few bytes at a time, and now and then says that nothing came in time.
struct Slowly<'a> {
    bytes: &'a [u8],
    is_late: bool,
}

impl Read for Slowly<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.is_late = !self.is_late;
        if self.is_late {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let next = self.bytes.len().min(3).min(to.len());
        to[..next].copy_from_slice(&self.bytes[..next]);
        self.bytes = &self.bytes[next..];
        Ok(next)
    }
}

fn ask(ask: Ask) -> AskFrame {
    AskFrame { ask: Some(ask) }
}

fn job() -> Job {
    Job {
        audio: Pcm::new(vec![0.0, -1.0, f32::MIN_POSITIVE, 0.1]),
        languages: vec![Language::german(), Language::english()],
    }
}

#[test]
fn messages_survive_being_cut_in_pieces() {
    let asks = [
        ask(Ask::Cancel(7)),
        ask(Ask::Transcribe(Utterance::new(8, &job()))),
        ask(Ask::Cancel(0)),
    ];
    let mut sent = Vec::new();
    for ask in &asks {
        send(&mut sent, ask).unwrap();
    }
    let mut from = Slowly {
        bytes: &sent,
        is_late: false,
    };
    let (mut reader, mut came, mut late) = (Reader::default(), Vec::new(), 0);
    loop {
        match reader.next::<AskFrame>(&mut from) {
            Ok(Some(ask)) => came.push(ask),
            Ok(None) => break,
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                late += 1;
            }
        }
    }
    assert_eq!(came, asks);
    assert!(late > sent.len() / 3, "{late}");
}

#[test]
fn what_is_no_message_is_an_error() {
    let mut whole = Vec::new();
    send(&mut whole, &ask(Ask::Cancel(7))).unwrap();
    for (bytes, expect) in [
        (&whole[..whole.len() - 1], io::ErrorKind::UnexpectedEof),
        (&whole[..2], io::ErrorKind::UnexpectedEof),
        (&[255; 4], io::ErrorKind::InvalidData),
        (&[1, 0, 0, 0, 255], io::ErrorKind::InvalidData),
    ] {
        let error = Reader::default().next::<AskFrame>(bytes).unwrap_err();
        assert_eq!(error.kind(), expect, "{bytes:?}");
    }
    let none = Reader::default().next::<AskFrame>(&[][..]).unwrap();
    assert_eq!(none, None);
}

#[test]
fn the_longest_utterance_has_room_and_no_longer_one() {
    let long = |seconds: usize| Job {
        audio: Pcm::new(vec![0.1; seconds * 16_000]),
        languages: Vec::new(),
    };
    let mut sent = Vec::new();
    send(
        &mut sent,
        &ask(Ask::Transcribe(Utterance::new(1, &long(30)))),
    )
    .unwrap();
    let got = Reader::default().next::<AskFrame>(&*sent).unwrap().unwrap();
    let Some(Ask::Transcribe(utterance)) = got.ask else {
        panic!("{got:?}");
    };
    assert_eq!(utterance.job().unwrap().audio.samples().len(), 480_000);
    send(
        &mut sent,
        &ask(Ask::Transcribe(Utterance::new(1, &long(70)))),
    )
    .unwrap_err();
}

#[test]
fn jobs_and_what_comes_of_them_come_through() {
    let there = Utterance::new(3, &job()).job().unwrap();
    assert_eq!(there.audio.samples(), job().audio.samples());
    assert_eq!(there.languages, job().languages);
    let heard = Transcription {
        text: "Mach das Licht in der Küche aus".to_owned(),
        language: Language::german(),
        tokens: vec![Token {
            id: 440,
            bytes: vec![0xc3],
            logprob: -0.5,
        }],
        avg_logprob: -0.25,
        no_speech_probability: 0.125,
        timings: Timings {
            encode: Duration::from_nanos(1),
            decode: Duration::from_secs(3),
        },
    };
    assert_eq!(Heard::new(3, &heard).transcription().unwrap(), heard);
    let description = Description {
        model: "n".to_owned(),
        engine: "e",
        languages: vec![Language::german()],
    };
    let runs = Runs::from(description.clone());
    assert_eq!(runs.description("e").unwrap(), description);
    let load = Load {
        path: "/m/é".into(),
        threads: 3,
        is_full: true,
    };
    assert_eq!(Load::from(LoadModel::from(&load)), load);
}

#[test]
fn errors_keep_their_kind() {
    let unknown = Error::UnknownLanguage {
        model: "m".to_owned(),
        language: "fr".to_owned(),
        known: "de".to_owned(),
    };
    for (error, expect) in [
        (Error::Cancelled, Error::Cancelled),
        (unknown.clone(), unknown),
        (Error::Broken("x".to_owned()), Error::Broken("x".to_owned())),
        (
            Error::NoAudio,
            Error::Broken("the audio has no samples".to_owned()),
        ),
    ] {
        assert_eq!(Failed::new(1, error).error(), expect);
    }
}
